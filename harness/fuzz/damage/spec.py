"""The form of `specs/damage.yaml`: the rules with their authority, and where an answer's parts lie in the frames.

A path is field names between dots; `[]` behind the last one stands for every element of that list.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from harness.catalogue.models import Level
from harness.catalogue.records import Record, did_you_mean, wrong
from harness.endpoints.data_file import read_data_file
from harness.folders import data_folder

THE_DIALECTS = "dialect"
Framing: TypeAlias = Literal["sse", "ndjson"]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _alternatives(value: Any) -> Any:
    return {path: wanted if isinstance(wanted, list) else [wanted] for path, wanted in (value or {}).items()}


Paths: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_several)]
Conditions: TypeAlias = Annotated[dict[str, list[Any]], BeforeValidator(_alternatives)]
"""By path the values that will do; null: the field is not there."""


class CallPaths(Record):
    """Where the parts of a tool call lie. `arguments` is a piece of their text, `whole` the whole object."""

    key: str | None = None
    """What tells calls apart; without one, each that is found is a call of its own."""
    id: str | None = None
    name: str | None = None
    arguments: str | None = None
    whole: str | None = None


class Read(Record):
    """What a frame says that meets `when`: once, or for `each` element of a list, and `of` each element within it."""

    when: Conditions = Field(default_factory=dict)
    each: str | None = None
    choice: str | None = None
    """Which choice an element of `each` belongs to; the first, where that is not said."""
    of: str | None = None
    where: Conditions = Field(default_factory=dict)
    text: Paths = ()
    reasoning: Paths = ()
    refusal: Paths = ()
    call: CallPaths | None = None
    finish: str | None = None
    """The stop reason of the choice: a text that is not empty."""
    end: str | None = None
    """Something that is not empty, null or false: the whole answer is over."""
    error: str | None = None
    opens: bool = False
    """What follows belongs to what this frame opens, so that it cannot be spared like a mere piece of text."""


class DialectDamage(Record):
    """One dialect's frames."""

    framing: Framing
    by: str
    end_marker: str | None = None
    """The payload of a frame that is no JSON, and says that the whole answer is over."""
    stands_alone: bool = False
    """Each frame says what it says whether or not others came: none opens what another goes on with."""
    reads: tuple[Read, ...]
    errors: dict[str, str] = Field(min_length=1)
    """Error frames in the vendor's own form, by name. NUMBER stands for the number of the frame in its stream."""
    numbered: str | None = None
    """The field by which frames are counted, so that a reader can tell that one is missing."""


class Rule(Record):
    """One thing that is demanded, and on whose word."""

    level: Level
    says: str
    by: str
    """An authority, or `dialect`: that of the dialect at hand."""


class DamageSpec(Record):
    """The whole file."""

    authorities: dict[str, str]
    rules: dict[str, Rule]
    dialects: dict[str, DialectDamage]

    @model_validator(mode="after")
    def _authorities_exist(self) -> DamageSpec:
        named = [(("rules", name, "by"), rule.by) for name, rule in self.rules.items()]
        named += [(("dialects", name, "by"), each.by) for name, each in self.dialects.items()]
        for place, by in named:
            if by not in self.authorities and (by, place[0]) != (THE_DIALECTS, "rules"):
                raise wrong(f"unknown authority{did_you_mean(by, self.authorities)}", place)
        if idle := sorted(set(self.authorities) - {by for _, by in named}):
            raise wrong(f"authorities that nothing rests on: {', '.join(idle)}", ["authorities"])
        return self


@cache
def damage_spec() -> DamageSpec:
    """The rules as they are shipped. Raises BadDataFile."""
    return read_data_file(data_folder("specs") / "damage.yaml", DamageSpec)
