"""The canonical vocabulary: what happened in a stream, whatever the dialect.

Every decoder emits these values, every encoder takes them, every adapter reports them (as the JSON objects that
`to_builtins` gives, told apart by `type`). They are frozen and know nothing of dialects, bytes or clocks.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import msgspec

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "context_overflow", "other"
]
Status: TypeAlias = Literal["completed", "truncated", "failed", "cancelled"]
ErrorKind: TypeAlias = Literal[
    "rate_limit",
    "overloaded",
    "quota",
    "context_overflow",
    "auth",
    "not_found",
    "invalid_request",
    "content_filter",
    "server",
    "timeout",
    "connection",
    "protocol",
    "unknown",
]

FINISH_REASONS: tuple[FinishReason, ...] = get_args(FinishReason)
STATUSES: tuple[Status, ...] = get_args(Status)
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
RETRYABLE_KINDS: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded", "server", "timeout", "connection"})
"""Errors that may be gone when the same request is sent again."""


def _tag(class_name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in class_name).lstrip("_")


class Event(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag=_tag):
    """The base of all events. `type` in the JSON form is the class's name in snake case."""


class Start(Event, frozen=True, gc=False):
    """The response began: its id and the model that answers, where the dialect says so."""

    id: str | None = None
    model: str | None = None


class Text(Event, frozen=True, gc=False):
    """Visible answer text, as a delta. `choice` is the dialect's own choice or candidate index."""

    text: str
    choice: int = 0


class Reasoning(Event, frozen=True, gc=False):
    """Reasoning text, as a delta; `summary` where the vendor says that it is a summary."""

    text: str
    choice: int = 0
    summary: bool = False


class Signature(Event, frozen=True, gc=False):
    """What must be sent back with reasoning on the next turn, opaque to us.

    `form` is `signature` (Anthropic, Gemini), `redacted` (Anthropic's redacted_thinking data) or `encrypted`
    (Responses' encrypted_content). `tool_index` is set where the signature belongs to a tool call (Gemini).
    `id` is the reasoning item's own id, where it has one (Responses).
    """

    data: str
    form: Literal["signature", "redacted", "encrypted"] = "signature"
    choice: int = 0
    tool_index: int | None = None
    id: str | None = None


class Refusal(Event, frozen=True, gc=False):
    """The model's refusal in words, where the dialect keeps it apart from the text; as a delta."""

    text: str
    choice: int = 0


class ToolCall(Event, frozen=True, gc=False):
    """A fragment of a tool call.

    `index` names the call within its choice: 0, 1, 2, … in the order in which calls appear (decoders map the wire's
    own index, id or position to it). `id` and `name` are given when they become known and are whole then, except that
    a later `name` replaces an earlier one which it continues. `arguments` is appended to what came before.
    """

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    choice: int = 0


class Usage(Event, frozen=True, gc=False):
    """Token counts as the dialect reports them (cumulative); None where it says nothing.

    Anthropic's `input_tokens` excludes cached tokens and Gemini's `output_tokens` excludes thoughts, as on the wire.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


class Finish(Event, frozen=True, gc=False):
    """The model's own stop reason: canonical, and as the wire had it."""

    reason: FinishReason
    raw: str | None = None
    choice: int = 0


class ErrorInfo(msgspec.Struct, frozen=True, gc=False):
    """What went wrong, in one form for HTTP errors, errors in a stream, and lost connections."""

    kind: ErrorKind
    message: str
    status: int | None = None
    code: str | None = None
    retryable: bool = False
    retry_after_s: float | None = None


class Failure(Event, frozen=True, gc=False):
    """The stream said that it failed, or we could not go on reading it. What came before stands."""

    error: ErrorInfo


class Warning(Event, frozen=True, gc=False):
    """Something odd that did not stop us. `rule` is its searchable name; `offset` counts bytes of the body."""

    rule: str
    message: str
    offset: int | None = None


class Retry(Event, frozen=True, gc=False):
    """Attempt `attempt` (2 for the first repeat) of `max_attempts` follows after `delay_s` seconds."""

    attempt: int
    max_attempts: int | None
    delay_s: float
    reason: str


class Other(Event, frozen=True, gc=False):
    """Anything else worth keeping as evidence: citations, hosted tools, images, vendor extras."""

    kind: str
    data: Any = None


TOOL_RESULT = "tool_result"
"""The kind of the Other by which a talk of several turns says what a tool answered: the call's `index`, its `name`, the
`content`, and `is_error` where it is one."""


class End(Event, frozen=True, gc=False):
    """The last event of every stream, given by `close()`: how it ended."""

    status: Status


AnyEvent: TypeAlias = (
    Start | Text | Reasoning | Signature | Refusal | ToolCall | Usage | Finish | Failure | Warning | Retry | Other | End
)


def to_builtins(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, with its `type`."""
    builtins: dict[str, Any] = msgspec.to_builtins(event)
    return builtins


def from_builtins(data: Any) -> AnyEvent:
    """The event that `data` describes; raises `msgspec.ValidationError` naming the field when it is none."""
    event: AnyEvent = msgspec.convert(data, AnyEvent)
    return event
