"""The scenario language: one YAML file, one situation with its right outcome.

Everything is strict: unknown keys are refused. Whatever an expectation leaves out has the default written here, which
is checked too: a scenario that names no tool calls expects none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PlainSerializer, Tag, model_validator

from harness.catalogue.faults import Fault
from harness.events import AnyEvent, ErrorKind, FinishReason, from_builtins, to_builtins
from harness.request import Request, read_request
from harness.request import to_dict as request_to_dict
from harness.wire.response import Transfer

Level: TypeAlias = Literal["must", "should", "may"]

FEATURES = {
    "retries": "repeats failed requests by itself",
    "retry_after": "obeys Retry-After in its retries",
    "reasoning": "gives reasoning apart from the text",
    "think_tags": "can split inline think tags out of the text",
    "signatures": "hands on reasoning signatures and encrypted reasoning",
    "tool_calls": "gives tool calls",
    "usage": "gives token usage",
    "refusals": "gives refusals apart from the text",
    "parallel_choices": "gives several choices of one response",
    "overflow": "tells context overflows from other refused requests",
    "error_kinds": "tells rate limits, overloads and exhausted quotas apart",
    "compaction": "compacts and repeats a request that overflowed the context",
    "fallback": "turns to a second provider when the first is exhausted",
    "cancel": "can be stopped from outside, and stops its request then",
    "warnings": "reports oddities that did not stop it",
    "timeouts": "gives up on a server that falls silent, after the time it was given",
}
"""What a system may claim to do. What it does not claim is `unsupported`, never `fail`."""


class Record(BaseModel):
    """Frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _read_event(data: Any) -> AnyEvent:
    """An event in the short form `{text: "Hel"}` or `{tool_call: {index: 0}}`, or in the JSON form with `type`."""
    if isinstance(data, msgspec.Struct):
        return data  # type: ignore[return-value]  # an event already
    if not isinstance(data, dict):
        raise ValueError(f"an event is a mapping such as {{text: Hello}}, not {data!r}")
    if "type" not in data:
        if len(data) != 1:
            raise ValueError(f"an event has one key, its type, such as {{text: Hello}}; this has {sorted(data)}")
        ((kind, value),) = data.items()
        short = _SHORT_FIELD.get(kind)
        fields = value if isinstance(value, dict) and kind != "other" else {short: value} if short else value
        data = {"type": kind, **(fields or {})}
    if data["type"] == "failure" and "error" not in data:
        data = {"type": "failure", "error": {key: value for key, value in data.items() if key != "type"}}
    if data["type"] == "finish" and "raw" not in data:
        data = {**data, "raw": None}
    try:
        return from_builtins(data)
    except msgspec.ValidationError as error:
        raise ValueError(f"not an event: {error}") from None


_SHORT_FIELD = {"text": "text", "reasoning": "text", "refusal": "text", "signature": "data", "finish": "reason"}


def _read_canonical(data: Any) -> Request:
    if isinstance(data, Request):
        return data
    try:
        return read_request({"model": "test-model", "messages": DEFAULT_MESSAGES, **(data or {})})
    except msgspec.ValidationError as error:
        raise ValueError(f"not a canonical request: {error}") from None


DEFAULT_MESSAGES = [{"role": "user", "content": "Hello"}]

EventItem = Annotated[Any, BeforeValidator(_read_event), PlainSerializer(to_builtins)]
RequestItem = Annotated[Any, BeforeValidator(_read_canonical), PlainSerializer(request_to_dict)]


class ErrorResponse(Record):
    """An HTTP error that the dialect's own form expresses."""

    kind: ErrorKind
    message: str = "The request failed."
    code: str | None = None


class Response(Record):
    """One answer of the server. Exactly one of `events`, `frames`, `body`, `cassette`, `error`, `connection`."""

    events: tuple[EventItem, ...] | None = None
    """Canonical events; every dialect's encoder renders them, terminal markers included."""
    frames: tuple[str | dict[str, Any], ...] | None = None
    """Literal frames of one dialect: a mapping is a JSON payload in the dialect's framing, a string is the frame's
    own lines without the line end that closes it."""
    body: str | bytes | None = None
    """The literal body: text, or bytes by YAML's `!!binary`."""
    cassette: str | None = None
    """A cassette file, relative to the folder of cassettes; `exchange` says which of its responses."""
    exchange: int = 0
    error: ErrorResponse | None = None
    """An HTTP error in the dialect's own form. `status` None takes the vendor's usual one for the kind."""
    connection: Literal["reset", "close", "stall"] | None = None
    """The connection ends, or stalls, before any status line."""

    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    transfer: Transfer | None = None
    before_head_s: float = 0.0
    end_marker: bool = True
    """With `events`: False leaves out the dialect's terminal marker (`[DONE]`, `message_stop`, …)."""
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Response:
        sources = ("events", "frames", "body", "cassette", "error", "connection")
        given = [name for name in sources if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a response has exactly one of {', '.join(sources)}; this has {given or 'none'}")
        return self


class Options(Record):
    """What the system is told besides the request."""

    max_retries: int | None = 0
    """None leaves the system its own default."""
    timeout_s: float = 10.0
    """How long the system may wait for a silent server."""
    think_tags: bool = False
    compaction: bool = False
    cancel_after_events: int | None = None
    """Stop the request from outside once so many text, reasoning or tool-call events have come."""


class PartialText(Record):
    """Text of which only a beginning can be demanded: seen must begin with `at_least` and continue as `prefix_of`."""

    prefix_of: str
    at_least: str = ""


class AnyValue(Record):
    """Anything will do."""

    any: Literal[True]


TextExpectation: TypeAlias = str | PartialText | AnyValue


class CallExpectation(Record):
    """One tool call. Fields left out are not compared."""

    name: str
    id: str | None = None
    arguments: str | None = None
    input: dict[str, Any] | None = None
    executable: bool = True
    """False: the arguments were cut off, and must not parse to an object."""


class ErrorExpectation(Record):
    """Which error the caller must learn of; lists are alternatives, and what is left out is not compared."""

    kind: tuple[ErrorKind, ...] = ()
    status: int | None = None
    retryable: bool | None = None
    retry_after_s: float | None = None
    message_contains: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("kind"), str):
            return {**data, "kind": [data["kind"]]}
        return data


class Count(Record):
    """How many; a plain number means exactly."""

    at_least: int = 0
    at_most: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, data: Any) -> Any:
        return {"at_least": data, "at_most": data} if isinstance(data, int) else data


class Wait(Record):
    """The pause between the end of one answer and the next attempt, in seconds."""

    before_attempt: int
    at_least_s: float = 0.0
    at_most_s: float | None = None


Ending: TypeAlias = Literal["completed", "truncated", "failed", "cancelled"]


class Expectation(Record):
    """The right outcome. Content and ending are judged apart."""

    ending: tuple[Ending, ...] = ("completed",)
    """Alternatives. A caller that sees an exception or a status of `truncated` meets `truncated` and `failed`."""
    finish: tuple[FinishReason, ...] | None = None
    text: TextExpectation = ""
    reasoning: TextExpectation = ""
    refusal: TextExpectation = ""
    tool_calls: tuple[CallExpectation, ...] | AnyValue = ()
    order: tuple[str, ...] | None = None
    """The kinds of the answer's parts in order, runs as one: `[reasoning, text, tool_call]`."""
    signatures: tuple[str, ...] | None = None
    usage: dict[str, int] | None = None
    error: ErrorExpectation | None = None
    attempts: Count | None = None
    waits: tuple[Wait, ...] = ()
    other_choices: tuple[str, ...] | None = None
    """The texts of the other choices."""
    fallback_attempts: Count | None = None
    second_request_shorter: bool = False
    """The request of attempt 2 must be shorter than that of attempt 1 (compaction)."""
    warnings: tuple[str, ...] = ()
    """Rules that a system which claims `warnings` must have named."""
    upstream_stopped: bool = False
    """The origin must see the client hang up before the body ended (cancel)."""

    @model_validator(mode="before")
    @classmethod
    def _single_words(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        words = {key: (data[key],) for key in ("ending", "finish") if isinstance(data.get(key), str)}
        return {**data, **words}


def _responses_form(value: Any) -> str:
    return "by_dialect" if isinstance(value, dict) else "list"


Responses: TypeAlias = Annotated[
    Annotated[tuple[Response, ...], Tag("list")] | Annotated[dict[str, tuple[Response, ...]], Tag("by_dialect")],
    Discriminator(_responses_form),
]


class Scenario(Record):
    """One situation with its right outcome. `id` is its path below the folder of scenarios, without `.yaml`."""

    id: str
    title: str
    why: str
    incidents: tuple[str, ...] = ()
    level: Level = "must"
    needs: tuple[str, ...] = ()
    """Features (keys of FEATURES) without which the scenario says nothing about a system."""
    dialects: tuple[str, ...] | None = None
    """The dialects it runs in; None: every dialect that can express its responses and its request."""
    request: RequestItem = Field(default_factory=lambda: _read_canonical({}))
    options: Options = Options()
    responses: Responses
    """The answers to successive attempts; the last one answers all further attempts. A mapping gives each dialect
    its own, and the scenario then runs in just those."""
    fallback_responses: tuple[Response, ...] = ()
    """What a second provider answers, for systems that claim `fallback`."""
    expect: Expectation
    expect_in: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Fields of `expect` that differ in a dialect."""
    deadline_s: float = 30.0
    """After this the case is a hang."""

    @property
    def family(self) -> str:
        """The folder that the scenario lies in."""
        return self.id.partition("/")[0]

    def responses_in(self, dialect: str) -> tuple[Response, ...]:
        """The answers in that dialect."""
        return self.responses.get(dialect, ()) if isinstance(self.responses, dict) else self.responses

    def expectation_in(self, dialect: str) -> Expectation:
        """The right outcome in that dialect."""
        override = self.expect_in.get(dialect)
        if not override:
            return self.expect
        return Expectation.model_validate({**self.expect.model_dump(exclude_unset=True), **override})

    @model_validator(mode="after")
    def _known_names(self) -> Scenario:
        for need in self.needs:
            if need not in FEATURES:
                raise ValueError(f"unknown feature {need!r} in needs; the features are {', '.join(FEATURES)}")
        for dialect in self.expect_in:
            self.expectation_in(dialect)
        if not self.responses:
            raise ValueError("a scenario needs at least one response")
        return self
