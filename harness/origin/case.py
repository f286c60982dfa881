"""What the origin plays to one case: a script that answers whole requests.

No sockets here, and no time but the dates in headers: the socket origin and the in-process transport both ask a
`Script` what to play.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from harness.dialects import dialect, dialect_names
from harness.dialects.base import Dialect, RequestFault
from harness.events import ErrorInfo
from harness.origin.head import unplayable
from harness.wire.response import Chunk, WireResponse

FALLBACK_PREFIX = "/fallback"
"""Below a case's base URL: where its second provider answers."""
ORIGIN_HEADER = "x-harness-origin"
"""Marks what the origin says in its own name; the value is the problem's slug. No vendor sends it."""
LOOKING_AROUND = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that ask for nothing: on unknown paths they are strays rather than attempts."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A whole request as it came. `path` is below the case's base URL, query included; header names are lower case."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is played in answer to a request.

    `planned` is False for a refusal and for the origin's own words: the attempt is then logged without a response.
    A `stray` is a request that is no attempt at all, such as a look at the list of models.
    """

    response: WireResponse
    planned: bool = True
    faults: tuple[RequestFault, ...] = ()
    fallback: bool = False
    stray: bool = False
    notes: tuple[str, ...] = ()
    """Of a recording: in words, how the request differs from the recorded one."""


class Script(Protocol):
    """Decides what is played; it may count attempts, so each case has its own."""

    def answer(self, request: ReceivedRequest) -> Answer:
        """The answer to a whole request. Never raises."""


@dataclass(frozen=True, slots=True)
class CasePlan:
    """One case in one dialect: the answers to successive attempts; the last one answers all further attempts."""

    id: str
    dialect: str
    responses: tuple[WireResponse, ...]
    fallback_responses: tuple[WireResponse, ...] = ()
    streams: bool = True
    """Whether `responses` are streams rather than documents."""
    other_form: tuple[WireResponse, ...] = ()
    """The same answers in the other form, for requests that ask for that; where empty, everybody gets `responses`."""


class PlanScript:
    """Plays a plan: validates each request strictly, and gives the next response to one that the vendor would take."""

    def __init__(self, plan: CasePlan) -> None:
        """Raises ValueError (UnknownDialect among them) for a plan that cannot be played; the message says why."""
        if not plan.responses:
            raise ValueError(f"the plan of case {plan.id!r} has no response")
        for response in (*plan.responses, *plan.fallback_responses, *plan.other_form):
            if problem := unplayable(response):
                raise ValueError(f"case {plan.id!r} cannot be played: {problem}")
        self._plan = plan
        self._dialect = dialect(plan.dialect)
        self._played = 0
        self._fallback_played = 0

    def answer(self, request: ReceivedRequest) -> Answer:
        """The next planned response, a refusal in the vendor's own form, or the origin's word on a wrong address."""
        fallback = is_below(request.path, FALLBACK_PREFIX)
        path = request.path.removeprefix(FALLBACK_PREFIX) if fallback else request.path
        if fallback and not self._plan.fallback_responses:
            return wrong_address(request, path, f"case {self._plan.id!r} has no second provider", fallback=True)
        if not self._dialect.matches(request.method, path):
            return wrong_address(request, path, _not_this_dialect(self._dialect, request.method, path), fallback)
        faults = tuple(self._dialect.validate(path, dict(request.headers), request.body))
        if faults:
            return Answer(refusal(self._dialect, faults), planned=False, faults=faults, fallback=fallback)
        response = self._next(request, path, fallback).accepted_by(dict(request.headers).get("accept-encoding"))
        if response.head:
            response = replace(response, headers=response.headers_at(datetime.now(UTC)))
        return Answer(response, fallback=fallback)

    def _next(self, request: ReceivedRequest, path: str, fallback: bool) -> WireResponse:
        if fallback:
            self._fallback_played += 1
            return _nth_or_last(self._plan.fallback_responses, self._fallback_played)
        self._played += 1
        if self._plan.other_form:
            asked = self._dialect.read_request(path, dict(request.headers), request.body)
            if asked.stream != self._plan.streams:
                return _nth_or_last(self._plan.other_form, self._played)
        return _nth_or_last(self._plan.responses, self._played)


def _nth_or_last(responses: tuple[WireResponse, ...], nth: int) -> WireResponse:
    return responses[min(nth, len(responses)) - 1]


def is_below(path: str, prefix: str) -> bool:
    """Whether `path` is `prefix` or lies below it."""
    return path == prefix or path.startswith((f"{prefix}/", f"{prefix}?"))


def _not_this_dialect(wanted: Dialect, method: str, path: str) -> str:
    spoken = [name for name in dialect_names() if name != wanted.name and dialect(name).matches(method, path)]
    said = f"that is an endpoint of {', '.join(spoken)}, but" if spoken else "that is no streaming endpoint:"
    return f"{said} this case speaks {wanted.name}"


def wrong_address(request: ReceivedRequest, path: str, problem: str, fallback: bool = False) -> Answer:
    """The origin's 404 for a method and path that a case does not serve."""
    response = own_answer(
        404,
        "no-such-endpoint",
        f"{request.method} {path or '/'}: {problem}",
        "check the base URL: it carries no version path, the vendor's own path follows it",
    )
    if request.method in LOOKING_AROUND:
        return Answer(response, planned=False, fallback=fallback, stray=True)
    fault = RequestFault("no-such-endpoint", "path", f"{request.method} {path or '/'}: {problem}")
    return Answer(response, planned=False, faults=(fault,), fallback=fallback)


def refusal(spoken: Dialect, faults: tuple[RequestFault, ...]) -> WireResponse:
    """The 400 by which the vendor would refuse a request with these faults, in the vendor's own form."""
    said = "; ".join(f"{fault.where}: {fault.message}" if fault.where else fault.message for fault in faults)
    error = spoken.write_error(ErrorInfo(kind="invalid_request", message=said, status=400))
    headers = tuple((name.lower(), value) for name, value in error.headers.items())
    return WireResponse(error.status, headers, (Chunk(error.body),), transfer="length")


def own_answer(status: int, slug: str, problem: str, mend: str, **facts: object) -> WireResponse:
    """Something that the origin says in its own name: JSON that no vendor's error looks like, and a marked header."""
    body = msgspec.json.encode({"harness_origin": {"slug": slug, "problem": problem, "mend": mend, **facts}})
    headers = (("content-type", "application/json"), (ORIGIN_HEADER, slug))
    return WireResponse(status, headers, (Chunk(body + b"\n"),), transfer="length")
