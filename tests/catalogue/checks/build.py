"""Scenarios and observations made by hand, for judging."""

from __future__ import annotations

from typing import Any

from harness.catalogue.checks import judge
from harness.catalogue.findings import Finding, Judgement
from harness.catalogue.models import FEATURES, Scenario
from harness.catalogue.observation import Attempt, CallerEnd, EndStatus, Observation, TimedEvent
from harness.dialects.base import RequestFault
from harness.events import AnyEvent, ErrorInfo, ErrorKind, Finish, Text, ToolCall
from harness.wire.response import Chunk, WireResponse

ALL = frozenset(FEATURES)
PLAIN = frozenset({"tool_calls"})
"""What a plain SDK claims."""


def scenario(expect: dict[str, Any], **fields: Any) -> Scenario:
    """A scenario of which only the expectation matters."""
    return Scenario.model_validate(
        {"id": "made/up", "title": "Made up", "why": "For a test.", "responses": [{"events": []}], **fields}
        | {"expect": expect}
    )


def wire(body: bytes = b"", **fields: Any) -> WireResponse:
    """A response of status 200 with that body in one chunk."""
    return WireResponse(**{"status": 200, "headers": (), "chunks": (Chunk(body),) if body else (), **fields})


def attempt(number: int = 1, at_s: float = 0.0, ended_s: float | None = 0.1, **fields: Any) -> Attempt:
    """A request that got a whole answer."""
    usual = {
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": (),
        "body": b"{}",
        "faults": (),
        "response": wire(),
        "sent_s": (),
    }
    return Attempt(**{"number": number, "at_s": at_s, "ended_s": ended_s, **usual, **fields})  # type: ignore[arg-type]


def fault(rule: str) -> RequestFault:
    """Why a vendor refuses a request."""
    return RequestFault(rule, "messages[1]", "it is wrong")


def failed(kind: ErrorKind = "server", message: str = "It failed.", **fields: Any) -> CallerEnd:
    """A caller that got an exception."""
    return CallerEnd("error", ErrorInfo(kind, message, **fields), "APIError")


def observed(
    *events: AnyEvent,
    end: CallerEnd | EndStatus | None = "completed",
    attempts: tuple[Attempt, ...] | None = None,
    **fields: Any,
) -> Observation:
    """What the caller saw, one event every tenth of a second."""
    timed = tuple(TimedEvent(position / 10, event) for position, event in enumerate(events))
    ending = CallerEnd(end) if isinstance(end, str) else end
    return Observation(timed, ending, (attempt(),) if attempts is None else attempts, 1.0, **fields)


def verdict(
    expect: dict[str, Any], seen: Observation, features: frozenset[str] = ALL, dialect: str = "gemini", **fields: Any
) -> Judgement:
    """The judgement of an observation against an expectation."""
    return judge(scenario(expect, **fields), dialect, features, seen)


def findings(
    expect: dict[str, Any], seen: Observation, features: frozenset[str] = ALL, dialect: str = "gemini", **fields: Any
) -> list[tuple[str, str]]:
    """Check and kind of every finding."""
    return [(finding.check, finding.kind) for finding in verdict(expect, seen, features, dialect, **fields).findings]


def only(judgement: Judgement) -> Finding:
    """The one finding that there must be."""
    (finding,) = judgement.findings
    return finding


def text(*pieces: str) -> list[AnyEvent]:
    """Text events and a good stop."""
    return [*(Text(piece) for piece in pieces), Finish("stop")]


def call(index: int, name: str | None, arguments: str, id: str | None = None) -> ToolCall:
    """A tool call fragment."""
    return ToolCall(index, id, name, arguments)
