"""The scenario language: one YAML file, one situation with its right outcome.

Everything is strict: unknown keys are refused. `docs/scenarios.md` is the language's manual.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)

from harness.catalogue.canonical import read_canonical, read_events
from harness.catalogue.expectations import (
    AnyValue,
    CallExpectation,
    Count,
    ErrorExpectation,
    Expectation,
    FrontExpectation,
    PartialText,
    TextExpectation,
    Wait,
)
from harness.catalogue.faults import Fault
from harness.catalogue.front import FrontRequest
from harness.catalogue.records import Record, did_you_mean, exactly_one, nested, wrong
from harness.catalogue.requests import RequestExpectation
from harness.dialects import dialect_names
from harness.events import AnyEvent, ErrorKind, to_builtins
from harness.request import to_dict as request_to_dict
from harness.wire.response import HeaderCase, Transfer, WireResponse

__all__ = [
    "FEATURES",
    "GATEWAY_FEATURES",
    "AnyValue",
    "CallExpectation",
    "Count",
    "ErrorExpectation",
    "ErrorResponse",
    "Expectation",
    "FrontExpectation",
    "FrontRequest",
    "Level",
    "Options",
    "PartialText",
    "RequestExpectation",
    "Response",
    "Scenario",
    "Subject",
    "TextExpectation",
    "Wait",
]

Level: TypeAlias = Literal["must", "should", "may"]
Subject: TypeAlias = Literal["client", "gateway"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)

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
    "history": "takes a conversation that has begun: earlier turns, tool calls and their results",
    "images": "takes images",
    "settings": "takes a system text, tools, and settings such as a limit on the output or stop sequences",
    "tool_loop": "answers tool calls from the caller's tools and goes on with the conversation",
    "timeouts": "gives up on a server that falls silent, after the time it was given",
    "history_repair": "makes a conversation acceptable to the vendor: results that are missing, or have no call",
    "whole_answers": "takes answers that are no streams, when asked for one",
    "heartbeats": "keeps the connection of a waiting client alive while its upstream is silent",
    "tokens": "lets nobody in without its token",
    "previous_response": "remembers responses, so that a request can name the one that it goes on from",
}
"""What a system may claim to do. What it does not claim is `unsupported`, never `fail`."""

GATEWAY_FEATURES = frozenset({"heartbeats", "previous_response", "tokens"})
"""The features that only a gateway can have."""

NO_STOP_REASONS = "no_stop_reasons"

LACKS = {NO_STOP_REASONS: "has no word for why an answer ended: it returns or it raises"}
"""What a system may say, among its features, that it does not have although every client is taken to have it."""

CONTINUING = "openai-responses"
"""The dialect in which a request can go on from an earlier answer by its id."""

SOURCES = ("events", "frames", "body", "cassette", "error", "connection", "wire")


class ErrorResponse(Record):
    """An HTTP error that the dialect's own form expresses; a plain word is its kind."""

    kind: ErrorKind
    message: str = "The request failed."
    code: str | None = None
    retry_after_s: float | None = None
    """Becomes the vendor's own hint: a Retry-After header, or what else the dialect has."""
    retryable: bool | None = None
    """What the vendor says of trying again, where it says so (`x-should-retry`). None: as the kind has it."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"kind": data} if isinstance(data, str) else data


def _flat(groups: tuple[tuple[AnyEvent, ...], ...]) -> tuple[AnyEvent, ...]:
    return tuple(event for group in groups for event in group)


def _events_json(events: tuple[AnyEvent, ...] | None) -> list[dict[str, Any]] | None:
    return None if events is None else [to_builtins(event) for event in events]


Events: TypeAlias = Annotated[
    tuple[Annotated[Any, BeforeValidator(read_events)], ...],
    AfterValidator(_flat),
]


def _built_in_code(data: Any) -> Any:
    """Files name a cassette."""
    if isinstance(data, WireResponse | None):
        return data
    raise wrong("a recorded response is made in code; in a file, name its `cassette`")


class Response(Record):
    """One answer of the server. Exactly one of these says what it is: `events`, `frames`, `body`, `cassette`, `error`,
    `connection`."""

    events: Annotated[Events | None, PlainSerializer(_events_json)] = None
    """Canonical events; every dialect's encoder renders them, terminal markers included."""
    frames: tuple[str | dict[str, Any], ...] | None = None
    """Literal frames of one dialect: a mapping is a JSON payload in the dialect's framing, a string is the frame's
    own lines without the line end that closes it."""
    envelope: dict[str, Any] = Field(default_factory=dict)
    """Fields that each mapping in `frames` has unless it says otherwise."""
    body: str | bytes | None = None
    """The literal body: text, or bytes by YAML's `!!binary`."""
    cassette: str | None = None
    """A cassette file, relative to the folder of cassettes; `exchange` says which of its responses."""
    exchange: int = Field(default=0, ge=0)
    error: ErrorResponse | None = None
    """An HTTP error in the dialect's own form. `status` None takes the vendor's usual one for the kind."""
    connection: Literal["reset", "close", "stall"] | None = None
    """The connection ends, or stalls, before any status line."""
    wire: Annotated[WireResponse | None, BeforeValidator(_built_in_code)] = None
    """A response as it was recorded, played as it is; scenarios that are made of cassettes have it, files do not."""

    status: int | None = Field(default=None, ge=100, le=599)
    headers: dict[str, str | None] = Field(default_factory=dict)
    """They replace those that the response has of itself; null leaves one out. `{http-date+3}` in a value becomes the
    date in 3 seconds."""
    transfer: Transfer | None = None
    chunk_extension: str = Field(default="", pattern=r"^[!-~]*$")
    """Stands behind the size of each HTTP chunk, such as `name=value`."""
    header_case: HeaderCase = "lower"
    """How the names of headers are spelled on the wire: lower, title or upper."""
    before_head_s: float = Field(default=0.0, ge=0)
    end_marker: bool = True
    """With `events`: False leaves out the dialect's own end marker (`[DONE]`, `message_stop`)."""
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Response:
        exactly_one(self, SOURCES, "a response")
        return self


class Options(Record):
    """What the system is told besides the request."""

    max_retries: int | None = 0
    """None leaves the system its own default."""
    timeout_s: float = Field(default=30.0, gt=0)
    """How long the system may wait for a silent server."""
    think_tags: bool = False
    compaction: bool = False
    cancel_after_events: int | None = Field(default=None, ge=1)
    """Stop the request from outside once so many text, reasoning or tool-call events have come."""
    tool_results: dict[str, str] = Field(default_factory=dict)
    """What the caller's tools answer, by their names. The system goes on until an answer without calls comes; the
    events of all turns come in one stream, and calls are numbered through all of them."""
    read_pause_s: float = Field(default=0.0, ge=0)
    """Of the client in front of a gateway: how long it rests after each read."""


def _responses_form(value: Any) -> str:
    return "by_dialect" if isinstance(value, dict) else "list"


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Responses: TypeAlias = Annotated[
    Annotated[tuple[Response, ...], Tag("list")]
    | Annotated[dict[str, Annotated[tuple[Response, ...], BeforeValidator(_as_list)]], Tag("by_dialect")],
    Discriminator(_responses_form),
]


class Scenario(Record):
    """One situation with its right outcome. `id` is its path below the folder of scenarios, without `.yaml`."""

    short_forms: ClassVar[tuple[str, ...]] = ("response",)

    id: str
    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    incidents: tuple[str, ...] = ()
    level: Level = "must"
    needs: tuple[str, ...] = ()
    """Features without which the scenario says nothing about a system, besides those that follow from what it does."""
    dialects: tuple[str, ...] | None = None
    """The dialects it runs in; None: every dialect that can express its responses and its request. Of a gateway, those
    of its upstream."""
    subjects: Annotated[tuple[Subject, ...], BeforeValidator(_one_or_more)] = Field(default=SUBJECTS, min_length=1)
    """Whom it says something about: clients, gateways, or both."""
    serves: tuple[str, ...] | None = None
    """Of a gateway: the dialects of the client in front of it; None: every dialect that can express the request."""
    request: Annotated[Any, BeforeValidator(read_canonical), PlainSerializer(request_to_dict)] = Field(
        default_factory=lambda: read_canonical({})
    )
    options: Options = Options()
    front: FrontRequest | None = None
    """Of a gateway: a literal request that our client sends before the canonical one."""
    responses: Responses
    """The answers to successive attempts; the last one answers all further attempts. A mapping gives each dialect
    its own, and the scenario then runs in just those. A single answer may be written as `response`."""
    fallback_responses: tuple[Response, ...] = ()
    """What a second provider answers, for systems that claim `fallback`."""
    expect: Expectation
    expect_in: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Fields of `expect` that differ in a dialect."""
    deadline_s: float = Field(default=60.0, gt=0)
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

    def served_in(self) -> tuple[str, ...]:
        """The dialects in which a client in front of a gateway may speak, before its request is looked at."""
        bodies = self.front.body if self.front is not None else None
        written_for = tuple(bodies) if isinstance(bodies, dict) else dialect_names()
        return tuple(name for name in written_for if self.serves is None or name in self.serves)

    @model_validator(mode="before")
    @classmethod
    def _single_response(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "response" not in data:
            return data
        if "responses" in data:
            raise wrong("a scenario has `response` or `responses`, not both", ["response"])
        return {**{key: value for key, value in data.items() if key != "response"}, "responses": [data["response"]]}

    @model_validator(mode="after")
    def _known_names(self) -> Scenario:
        for position, need in enumerate(self.needs):
            if need not in FEATURES:
                raise wrong(f"unknown feature{did_you_mean(need, FEATURES)}", ["needs", position])
        for position, name in enumerate(self.dialects or ()):
            _check_dialect(name, ["dialects", position])
        if not self.responses or (isinstance(self.responses, dict) and not all(self.responses.values())):
            raise wrong("a scenario needs at least one response", ["responses"])
        if isinstance(self.responses, dict):
            for name in self.responses:
                _check_dialect(name, ["responses", name])
        return self

    @model_validator(mode="after")
    def _gateways_own(self) -> Scenario:
        for position, name in enumerate(self.serves or ()):
            _check_dialect(name, ["serves", position])
        own: dict[str, tuple[object, list[str | int]]] = {
            "front": (self.front, ["front"]),
            "serves": (self.serves, ["serves"]),
            "read_pause_s": (self.options.read_pause_s, ["options", "read_pause_s"]),
        }
        for what, (given, at) in own.items():
            if given and self.subjects != ("gateway",):
                raise wrong(f"`{what}` is for gateways alone; say `subjects: [gateway]`", at)
        if self.front is not None and self.front.continued and self.served_in() != (CONTINUING,):
            raise wrong(
                f"only {CONTINUING} has ids to go on from; say `serves: [{CONTINUING}]`", ["front", "continued"]
            )
        return self

    @model_validator(mode="after")
    def _readable_overrides(self) -> Scenario:
        for name in self.expect_in:
            _check_dialect(name, ["expect_in", name])
            merged = {**self.expect.model_dump(exclude_unset=True), **self.expect_in[name]}
            nested(Expectation, merged, ["expect_in", name])
        return self


def _check_dialect(name: str, at: list[str | int]) -> None:
    if name not in dialect_names():
        raise wrong(f"unknown dialect{did_you_mean(name, dialect_names())}", at)
