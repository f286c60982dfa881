"""What a dialect's folder provides: the record that the rest of the house reads, and the protocols behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from harness.dialects.rules import RequestRules
from harness.events import AnyEvent, End, ErrorInfo, Failure
from harness.request import Request


class Decoder(Protocol):
    """Bytes to events, incrementally. Never raises, whatever it is fed."""

    def feed(self, data: bytes) -> list[AnyEvent]:
        """The events that `data` completes, in order; any cut of the same bytes amounts to the same transcript."""

    def close(self) -> list[AnyEvent]:
        """The events that the end of the body completes; the last is always End."""


def steps_of(decoder: Decoder, data: bytes) -> list[list[AnyEvent]]:
    """What `data` completes, frame by frame where the decoder tells frames apart (`steps`), else all together.

    What comes of one frame does not depend on where it was cut, as what comes of one read does.
    """
    steps: Callable[[bytes], list[list[AnyEvent]]] | None = getattr(decoder, "steps", None)
    return [decoder.feed(data)] if steps is None else steps(data)


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a target dialect cannot express. `what` is a stable slug, `detail` says it in words."""

    what: str
    detail: str = ""


class Encoder(Protocol):
    """Events to frames, incrementally: each returned item is one whole frame as bytes."""

    losses: list[Loss]

    def feed(self, event: AnyEvent) -> list[bytes]:
        """The frames that this event gives (possibly none yet)."""

    def close(self) -> list[bytes]:
        """The frames that end a stream well (its terminal markers); not called for one that is cut off."""

    def settle(self, *, doubtful: bool = True) -> list[bytes]:
        """The frames of calls that are held though they are whole; an encoder that holds none gives none.

        A call is in doubt while its arguments are `{}`, since more may follow; `doubtful=False` leaves those.
        """

    def keep_alive(self) -> bytes:
        """Bytes that change nothing, for a silent time: fit for any place between two frames; empty once it ended."""


@runtime_checkable
class Holding(Protocol):
    """An encoder that sends calls whole, and holds those that have begun."""

    @property
    def holding(self) -> bool:
        """Whether it holds one."""


@runtime_checkable
class Verbatim(Protocol):
    """An encoder that can be told that its events are of its own dialect: then it keeps that vendor's own words."""

    verbatim: bool


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request ready to be sent below a base URL."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpError:
    """An error response in a vendor's own form."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as one JSON document: the body of a response that is no stream, and what it could not say."""

    body: bytes
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestFault:
    """Why a vendor would refuse a request: a stable slug, the place in the body, and what is wrong with it."""

    rule: str
    where: str
    message: str


def nothing_unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """The answer of a dialect whose requests hold nothing besides what is read."""
    return ()


def _no_document(events: Sequence[AnyEvent]) -> Answer:
    raise ValueError("this dialect has no answers but streams")


def _not_joined(frames: Sequence[bytes]) -> Answer:
    raise ValueError("this dialect has no answers but streams")


def _unread_document(body: bytes) -> list[AnyEvent]:
    return [Failure(ErrorInfo("protocol", "this dialect has no answers but streams")), End("failed")]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything that the house knows of one dialect."""

    name: str
    content_type: str
    decoder: Callable[[], Decoder]
    encoder: Callable[[], Encoder]
    build_request: Callable[[Request, str | None], HttpRequest]
    """(request, api_key) -> the HTTP request; what the dialect cannot say is in its `losses`."""
    read_request: Callable[[str, Mapping[str, str], bytes], Request]
    """(path, lower-case headers, body) -> the canonical request that an HTTP request is; never raises. What the
    canonical request has no word for is left out."""
    matches: Callable[[str, str], bool]
    """(method, path below the base URL, query included) -> is this the dialect's endpoint, streaming or not?"""
    validate: Callable[[str, Mapping[str, str], bytes], list[RequestFault]]
    """(path, lower-case headers, body) -> everything for which the vendor would refuse the request."""
    read_error: Callable[[int, Mapping[str, str], bytes], ErrorInfo]
    """(status, lower-case headers, body) -> what an HTTP error response says; never raises."""
    write_error: Callable[[ErrorInfo], HttpError]
    """An error in the vendor's own form; its status is the info's, or the vendor's usual one for the kind."""
    split_frames: Callable[[bytes], list[bytes]]
    """A body cut into its frames; joined they give the body back."""
    unread: Callable[[str, Mapping[str, str], bytes], tuple[Loss, ...]] = nothing_unread
    """(path, lower-case headers, body) -> what of an HTTP request the canonical request has no word for, each thing
    once: `unread-` and the field's name, with its place as detail. Never raises."""
    rules: RequestRules = field(default_factory=RequestRules)
    """What the vendor accepts, so that requests can be fitted to it."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Small facts as data, for example {"key_variable": "OPENAI_API_KEY"}."""
    write_answer: Callable[[Sequence[AnyEvent]], Answer] = _no_document
    """(all events of an answer that ended well, usage in this dialect's own convention) -> the document that answers a
    request for no stream. Raises ValueError for an answer that failed or was cut off: that is no document but an
    error."""
    read_answer: Callable[[bytes], list[AnyEvent]] = _unread_document
    """The document that answers a request for no stream -> the events that a stream of the same answer gives, whole;
    the last is End. Never raises: what is no such document is a Failure of the kind `protocol`."""
    join_frames: Callable[[Sequence[bytes]], Answer] = _not_joined
    """The frames of a stream that ended well -> the document that they amount to; its losses are those that only a
    document has. Raises ValueError for the frames of an answer that failed."""


def lose(losses: Sequence[Loss]) -> str:
    """The losses in one line of words."""
    return "; ".join(f"{loss.what}: {loss.detail}" if loss.detail else loss.what for loss in losses)
