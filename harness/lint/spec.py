"""The tables of one dialect, `specs/dialects/<dialect>.yaml`: what a well-formed stream is, and on whose word."""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.folders import data_folder
from harness.lint.finding import Level
from harness.lint.paths import wanted

COMMON: tuple[str, ...] = (
    *("not-a-stream", "frame-not-utf8", "frame-not-json", "frame-cut", "frame-too-long"),
    *("frame-unterminated", "field-missing", "field-type"),
)
"""Rules that every dialect has."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Table):
    """One rule. `example` is how the `good` stream is changed so that it breaks the rule."""

    level: Level
    says: str
    by: str
    """The key of the authority that says so."""
    example: dict[str, Any]


class Authority(_Table):
    """On whose word a rule rests, and where and when we read it."""

    name: str
    at: str
    """An address, a package with its version and a file in it, or what was looked at."""
    read: date
    how: str = ""
    """From what, if not there."""

    def told(self) -> str:
        """All of it in words."""
        return f"{self.name} ({self.at}; read {self.read}{f' {self.how}' if self.how else ''})"


class Neutral(_Table):
    """A change of a stream that says nothing new, and on whose word: a reader makes the same of it.

    `must`: the vendor, or a standard that the vendor's streams keep, says so. `should`: nobody promised it.
    """

    level: Literal["must", "should"]
    says: str
    by: str


class Track(_Table):
    """Things that are opened, used and closed under a key; the values of the first three are paths of the key.

    `unknown`, `again`, `apart`, `gap` and `left` are the rules that are broken by using what is not open, opening a
    key twice, opening one while another is open, keys that do not count up from 0, and closing over open ones: before
    the kinds in `left_before`. `knows` are kinds that may follow the closing; `whole` close, and open if need be.
    """

    opens: dict[str, str | list[str]]
    uses: dict[str, str | list[str]] = Field(default_factory=dict)
    closes: dict[str, str | list[str]] = Field(default_factory=dict)
    whole: dict[str, str | list[str]] = Field(default_factory=dict)
    knows: dict[str, str | list[str]] = Field(default_factory=dict)
    left_before: list[str] = Field(default_factory=list)
    unknown: str | None = None
    again: str | None = None
    apart: str | None = None
    gap: str | None = None
    left: str | None = None

    def rules(self) -> list[str]:
        """The rules that it names."""
        return [rule for rule in (self.unknown, self.again, self.apart, self.gap, self.left) if rule]


class Counter(_Table):
    """A number that goes up by one from frame to frame."""

    path: str
    first: int
    rule: str


class State(_Table):
    """Where a stream stands: for each kind of frame the next state, with the rule that such a frame breaks, if any.

    `other` is the rule that any other known kind breaks; `end` the one that a body breaks that ends here.
    """

    to: dict[str, str | tuple[str, str]]
    other: str
    end: str | None = None


class Spec(_Table):
    """All tables of one dialect."""

    dialect: str
    framing: Literal["sse", "ndjson", "sse-or-array"]
    end_marker: str | None = None
    named: Literal["always", "never"] | None = None
    """Whether SSE events are named like their kind, or have no name."""
    authorities: dict[str, Authority]
    """The dialect's own, and those that all share, which are in `specs/authorities.yaml`."""
    kind: str | dict[str, dict[str, Any]]
    """The field that says a frame's kind; or for each kind what its frames have, the first that fits counts."""
    states: dict[str, State]
    fields: dict[str, dict[str, str]]
    usual: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Fields that the vendor's own streams have, and readers can do without: their lack breaks `field-usual`."""
    tracks: dict[str, Track] = Field(default_factory=dict)
    counter: Counter | None = None
    same: dict[str, str] = Field(default_factory=dict)
    """Paths whose value is the same in all frames that have one, and the rules that say so."""
    checks: list[str] = Field(default_factory=list)
    """The rules that code checks, since no table can say them."""
    rules: dict[str, Rule]
    neutral: dict[str, Neutral] = Field(default_factory=dict)
    """The changes by which the searches of `harness.fuzz` change a stream, by name."""
    good: list[Any]
    """The payloads of a stream without a fault, which the examples change."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of frames that some state takes."""
        return frozenset(kind for state in self.states.values() for kind in state.to)

    def authority_of(self, rule: str) -> Authority:
        """On whose word a rule rests."""
        return self.authorities[self.rules[rule].by]

    @model_validator(mode="after")
    def _is_whole(self) -> Spec:
        named, listed = self._named_rules(), set(self.rules)
        if missing := sorted(named - listed):
            raise ValueError(f"rules that are named and not listed: {', '.join(missing)}")
        if idle := sorted(listed - named):
            raise ValueError(f"rules that nothing breaks: {', '.join(idle)}")
        cited = {rule.by for rule in self.rules.values()} | {change.by for change in self.neutral.values()}
        if unknown := sorted(cited - set(self.authorities)):
            raise ValueError(f"authorities that are not listed: {', '.join(unknown)}")
        for table in (*self.fields.values(), *self.usual.values()):
            for path, type_ in table.items():
                wanted(path, type_)
        return self

    def _named_rules(self) -> set[str]:
        named = {*COMMON, *self.checks, *self.same.values()}
        named |= {rule for track in self.tracks.values() for rule in track.rules()}
        named |= {self.counter.rule} if self.counter else set()
        named |= {"field-usual"} if self.usual else set()
        named |= {"event-name"} if self.named else set()
        named |= {"event-name-missing"} if self.named == "always" else set()
        named |= {"done-marker-stray"} if self.end_marker is None and self.framing != "ndjson" else set()
        for state in self.states.values():
            named |= {state.other, *([state.end] if state.end else [])}
            named |= {step[1] for step in state.to.values() if not isinstance(step, str)}
        return named


@cache
def spec(dialect: str) -> Spec:
    """The tables of a dialect. Raises UnknownStream where there are none."""
    path = data_folder("specs/dialects") / f"{dialect}.yaml"
    if dialect not in spec_names():
        close = get_close_matches(dialect, spec_names(), 1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise UnknownStream(f"there are no rules for {dialect!r}; there are for {', '.join(spec_names())}{meant}")
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))
    shared = yaml.safe_load(data_folder("specs").joinpath("authorities.yaml").read_text(encoding="utf-8"))
    return Spec.model_validate({**tables, "authorities": {**shared, **tables["authorities"]}})


class UnknownStream(ValueError):
    """There are no rules for a dialect; the message lists those that have some."""


@cache
def spec_names() -> tuple[str, ...]:
    """The dialects that have tables, sorted."""
    return tuple(sorted(path.stem for path in data_folder("specs/dialects").glob("*.yaml")))
