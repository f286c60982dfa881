"""What the right outcome of a scenario is. Content and ending are judged apart.

What an expectation leaves out has the default written here. Defaults of `ending`, `text`, `reasoning`, `refusal` and
`tool_calls` are checked too: a scenario that names no tool calls expects none. Where the default is None, nothing is
compared.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from harness.catalogue.records import Record, did_you_mean, exactly_one, nested, wrong
from harness.catalogue.requests import RequestExpectation
from harness.events import ErrorKind, FinishReason, Usage

Ending: TypeAlias = Literal["completed", "truncated", "failed", "cancelled", "waiting"]
"""`waiting`: nothing has ended when the harness stops looking, at the deadline, and rightly: a server asked for it."""
PartKind: TypeAlias = Literal["reasoning", "text", "refusal", "tool_call"]


class PartialText(Record):
    """Text of which only a beginning can be demanded: seen must begin with `at_least` and continue as `prefix_of`."""

    prefix_of: str
    at_least: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> PartialText:
        if not self.prefix_of.startswith(self.at_least):
            raise wrong("`at_least` must be a beginning of `prefix_of`", ["at_least"])
        return self


class AnyValue(Record):
    """Anything will do: `{any: true}`."""

    any: Literal[True]


def _text_form(data: Any) -> Any:
    match data:
        case {"prefix_of": _} | {"at_least": _}:
            return nested(PartialText, data)
        case {"any": _}:
            return nested(AnyValue, data)
        case str() | PartialText() | AnyValue():
            return data
    raise wrong(f"a text is a string, {{prefix_of: …, at_least: …}} or {{any: true}}, not {data!r}")


TextExpectation: TypeAlias = Annotated[str | PartialText | AnyValue, BeforeValidator(_text_form)]


class CallExpectation(Record):
    """One tool call. Fields left out are not compared."""

    name: str
    id: str | None = None
    """Compared where the id went over the wire (some dialects have none)."""
    arguments: str | None = None
    """The JSON text. White space, the order of keys and escapes do not count where it parses; else it is exact."""
    input: dict[str, Any] | None = None
    """The parsed object: the same comparison, more readable."""
    verbatim: bool = False
    """`arguments` are compared letter by letter."""
    executable: bool = True
    """False: the arguments were cut off. The caller may get the call or not, but what it gets must not parse to an
    object, and must be a beginning of `arguments` where that is given."""

    @model_validator(mode="after")
    def _consistent(self) -> CallExpectation:
        if self.arguments is not None and self.input is not None:
            exactly_one(self, ("arguments", "input"), "a call")
        if not self.executable and self.input is not None:
            raise wrong("a call that was cut off has no input; give `arguments`", ["input"])
        if self.verbatim and (self.arguments is None or not self.executable):
            raise wrong("`verbatim` compares the whole `arguments`", ["verbatim"])
        return self


def _calls_form(data: Any) -> Any:
    match data:
        case "any" | {"any": True}:
            return AnyValue(any=True)
        case list() | tuple():
            return tuple(_call(call, position) for position, call in enumerate(data))
        case AnyValue():
            return data
    raise wrong(f"tool calls are a list of calls, or `any`, not {data!r}")


def _call(data: Any, position: int) -> CallExpectation:
    return nested(CallExpectation, {"name": data} if isinstance(data, str) else data, [position])


def _alternatives(data: Any) -> Any:
    return (data,) if isinstance(data, int) and not isinstance(data, bool) else data


def _one_or_more(data: Any) -> Any:
    return (data,) if isinstance(data, str) else data


class ErrorExpectation(Record):
    """Which error the caller must learn of; `kind` may list alternatives, and what is left out is not compared."""

    kind: tuple[ErrorKind, ...] = ()
    status: int | None = None
    retryable: bool | None = None
    retry_after_s: float | None = None
    message_contains: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"kind": (data,)}
        if isinstance(data, dict) and isinstance(data.get("kind"), str):
            return {**data, "kind": (data["kind"],)}
        return data


class Count(Record):
    """How many; a plain number means exactly, the word `documented` what the system's own documentation says."""

    at_least: int = 0
    at_most: int | None = None
    documented: bool = False
    """Of attempts: one, and as many more as the system's documentation names as its default."""

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, data: Any) -> Any:
        if data == "documented":
            return {"documented": True}
        exact = isinstance(data, int) and not isinstance(data, bool)
        return {"at_least": data, "at_most": data} if exact else data

    def of(self, documented_retries: int | None) -> Count:
        """The same for a system that repeats a request so often by default; None: its documentation does not say."""
        if not self.documented or documented_retries is None:
            return self
        return Count(at_least=1 + documented_retries, at_most=1 + documented_retries)

    def __contains__(self, number: int) -> bool:
        return self.at_least <= number and (self.at_most is None or number <= self.at_most)

    def __str__(self) -> str:
        if self.documented:
            return "as many as its documentation says"
        if self.at_most is None:
            return f"at least {self.at_least}"
        if self.at_least == self.at_most:
            return str(self.at_least)
        return f"{self.at_least} to {self.at_most}" if self.at_least else f"at most {self.at_most}"


class Wait(Record):
    """The pause between one answer, from when it could first be seen, and a later attempt, in seconds.

    `since_attempt` says whose answer; it is the attempt just before unless it is given. Several waits together are
    judged so where each alone may be short by chance (backoff with full jitter).
    """

    before_attempt: int = Field(ge=2)
    since_attempt: int | None = Field(default=None, ge=1)
    at_least_s: float = 0.0
    at_most_s: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Wait:
        if self.since_attempt is not None and self.since_attempt >= self.before_attempt:
            raise wrong("`since_attempt` comes before `before_attempt`", ["since_attempt"])
        return self


class FrontExpectation(Record):
    """What the client in front of a gateway gets: the answer to its first request, unless a field says otherwise."""

    status: Annotated[tuple[int, ...] | None, BeforeValidator(_alternatives)] = None
    """Alternatives."""
    or_in_stream: bool = False
    """An error that a stream tells in the client's own dialect, after it began with a good status, will do as well:
    then `status` and `headers` are not compared."""
    error: ErrorExpectation | None = None
    """The error, in the client's own dialect: by an HTTP status, or within the stream."""
    headers: dict[str, str | None] = Field(default_factory=dict)
    """By lower-case name; null: it must not be there. Parameters behind a semicolon are not compared unless given."""
    contains: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = ()
    """Texts that must stand in the body."""
    hides: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = ()
    """Texts that must stand in no answer to the client, neither in a header nor in a body."""
    heartbeats: Count | None = None
    """Reads that bring nothing to tell, each after a second of silence at least."""
    well_formed: bool = False
    """A strict reader of the client's dialect finds no fault in any answer. One habit of a gateway would break this
    for every scenario there is, so that only those ask it that are about form."""


class Expectation(Record):
    """The right outcome."""

    ending: tuple[Ending, ...] = ("completed",)
    """Alternatives. A caller that sees an exception or a status of `truncated` meets `truncated` and `failed`."""
    finish: tuple[FinishReason, ...] | None = None
    """Alternatives. Compared where the caller ended `completed`."""
    text: TextExpectation = ""
    reasoning: TextExpectation = ""
    """Compared where the system claims `reasoning`; the text must be exact either way."""
    refusal: TextExpectation = ""
    tool_calls: Annotated[tuple[CallExpectation, ...] | AnyValue, BeforeValidator(_calls_form)] = ()
    order: tuple[PartKind, ...] | None = None
    """The kinds of the answer's parts in order, runs as one: `[reasoning, text, tool_call]`."""
    signatures: tuple[str, ...] | None = None
    usage: dict[str, Annotated[tuple[int, ...], BeforeValidator(_alternatives)]] | None = None
    """Compared where the system claims `usage`; only the fields named here. A count may have alternatives: some count
    cached tokens or thoughts in, and others do not."""
    other_choices: tuple[str, ...] | None = None
    """The texts of the other choices."""
    warnings: tuple[str, ...] = ()
    """Rules that a system which claims `warnings` must have named."""
    error: ErrorExpectation | None = None
    attempts: Count | None = None
    waits: tuple[Wait, ...] = ()
    fallback_attempts: Count | None = None
    requests: tuple[RequestExpectation, ...] = ()
    """What the requests that the origin saw must say."""
    second_request_shorter: bool = False
    """The request of attempt 2 must be shorter than that of attempt 1 (compaction)."""
    upstream_stopped: bool = False
    """The origin must see the client hang up before the body ended (cancel)."""
    front: FrontExpectation = FrontExpectation()
    """Of a gateway: what the client in front of it gets."""

    @model_validator(mode="before")
    @classmethod
    def _single_words(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        words = {key: (data[key],) for key in ("ending", "finish") if isinstance(data.get(key), str)}
        return {**data, **words}

    @model_validator(mode="after")
    def _known_counts(self) -> Expectation:
        for name in self.usage or ():
            if name not in Usage.__struct_fields__:
                raise wrong(f"unknown count{did_you_mean(name, Usage.__struct_fields__)}", ["usage", name])
        return self
