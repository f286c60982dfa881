"""What a case brought to light: what the caller saw, and what the wire saw. The checks join the two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.dialects.base import RequestFault
from harness.events import AnyEvent, ErrorInfo
from harness.wire.response import WireResponse

EndStatus: TypeAlias = Literal["completed", "truncated", "cancelled", "error"]


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """An event as the caller got it, seconds after the case began."""

    at_s: float
    event: AnyEvent


@dataclass(frozen=True, slots=True)
class CallerEnd:
    """How the system's own user learned that it was over: it returned normally, or it raised."""

    status: EndStatus
    error: ErrorInfo | None = None
    raised: str | None = None
    """The type of what was raised, as its language names it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as the origin saw it, and what was played in answer. Times are seconds after the case began."""

    number: int
    """1 for the first; fallback attempts count apart."""
    at_s: float
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    faults: tuple[RequestFault, ...]
    response: WireResponse | None
    """None when the request was refused, or met no planned response."""
    sent_s: tuple[float, ...]
    """When each chunk of the response was handed to the socket."""
    ended_s: float | None
    """When the answer ended; None while it never did."""
    client_left: bool = False
    """The client closed the connection before the body had ended."""
    fallback: bool = False
    given_up: tuple[int, ...] = ()
    """Chunks of the response, counted from 0, whose gate opened only because it gave up."""


@dataclass(slots=True)
class FrontLog:
    """What passed between a gateway and our client in front of it, in order, as the client's side saw it.

    An Attempt here is a request of ours with the response that came: `sent_s` says when each of its chunks was read,
    `faults` what a strict reader of the served dialect finds wrong with it.
    """

    attempts: list[Attempt] = field(default_factory=list)
    began: float | None = None
    """When the case began, on the clock of the client in front; None: when its first request was made ready."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything about one case.

    `broken` is set when the harness or the worker could not carry the case through: the verdict is then `error`.
    `hung` is set when the system was still alive but had not ended by the scenario's deadline.
    """

    events: tuple[TimedEvent, ...]
    end: CallerEnd | None
    attempts: tuple[Attempt, ...]
    duration_s: float
    hung: bool = False
    broken: str | None = None
    stderr: str = ""
    front: tuple[Attempt, ...] = ()
    """Of a gateway: what passed between it and our client. `attempts` are then those of the gateway."""
