"""What a request that the origin saw must say, in canonical form.

It is compared by what it says, not by its form: texts may be split or joined, ids renamed in call and result alike, a
system text may be a field or a message, and settings that nobody asked for may be there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from pydantic import BeforeValidator, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from harness.catalogue.canonical import read_canonical
from harness.catalogue.records import Record, wrong
from harness.request import Request

AskedField: TypeAlias = Literal[
    "system",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_output_tokens",
    "temperature",
    "top_p",
    "stop",
    "top_k",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
]
ASKED_FIELDS: tuple[AskedField, ...] = get_args(AskedField)
SETTINGS: tuple[AskedField, ...] = tuple(name for name in ASKED_FIELDS if name != "messages")
"""The fields besides what is said: what a system that has its own cannot be given."""


def _canonical(name: str) -> BeforeValidator:
    """Reads one field as a request has it, short forms included; what is wrong is placed below the field."""

    def read(value: Any) -> Any:
        try:
            return getattr(read_canonical({name: value}), name)
        except PydanticCustomError as error:
            context = error.context or {}
            raise wrong(str(context.get("what", error)), [at for at in context.get("at", ()) if at != name]) from None

    return BeforeValidator(read)


_as_json = PlainSerializer(msgspec.to_builtins)
Messages: TypeAlias = Annotated[Any, _canonical("messages"), _as_json]


class RequestExpectation(Record):
    """What one request must say. What is left out is not compared."""

    attempt: int = Field(default=1, ge=1)
    """Which request to the first provider: 1 for the first."""
    as_asked: tuple[AskedField, ...] = ()
    """Fields that must arrive as the scenario's own `request` has them."""
    messages: Messages = None
    """The whole talk, without the system text."""
    last_messages: Messages = None
    """How the talk ends; what stands before it is not compared."""
    any_order: bool = False
    """Texts, images and calls of one turn may stand in any order among each other."""
    contains: tuple[str, ...] = ()
    """Texts that must stand somewhere in what is said, each within one text, character by character."""
    reasoning: str | None = None
    """Unsigned reasoning that must come back, which is compared nowhere else: what the assistant's turns must hold."""
    system: str | None = None
    """What the system text must hold; a client may add its own."""
    tools: Annotated[Any, _canonical("tools"), _as_json] = None
    """Tools that must be on offer, with their schemas; others may be there too."""
    tool_choice: Annotated[Any, _canonical("tool_choice"), _as_json] = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_format: Annotated[Any, _canonical("response_format"), _as_json] = None
    """The form of the answer; of a JSON schema's name nothing is said."""

    @model_validator(mode="before")
    @classmethod
    def _single_words(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {**data, **{key: (data[key],) for key in ("contains", "as_asked") if isinstance(data.get(key), str)}}

    @model_validator(mode="after")
    def _says_something(self) -> RequestExpectation:
        if not self.compared:
            raise wrong("it says nothing of the request; give `as_asked`, `messages`, `contains` or a setting")
        return self

    @property
    def compared(self) -> frozenset[str]:
        """The fields that are compared."""
        given = {name for name in self.model_fields_set if name not in ("attempt", "as_asked", "any_order")}
        return frozenset({*given, *self.as_asked})

    def wanted(self, name: AskedField, asked: Request) -> Any:
        """What that field of the request must say; None where it is not compared."""
        given = getattr(self, name)
        return getattr(asked, name) if given is None and name in self.as_asked else given
