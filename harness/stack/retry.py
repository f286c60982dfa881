"""Whether a failed attempt is repeated, and after how long. Pure: values in, a value out.

Repeated are the statuses of the policy (408, 409, 429, 500, 502, 503, 504, 529), lost connections, time-outs, and
errors in a stream of those kinds. Never repeated are an exhausted quota, a refused key or region, a bad request, a
filtered answer and a context overflow, whatever status they come with. A server's `x-should-retry: false` is obeyed;
its `true` is not, since it would override the kinds above.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import msgspec

from harness.events import ErrorInfo, ErrorKind
from harness.stack.policy import Policy

TRANSIENT: Final[frozenset[ErrorKind]] = frozenset({"rate_limit", "overloaded", "server", "timeout", "connection"})
FINAL: Final[frozenset[ErrorKind]] = frozenset(
    {"quota", "context_overflow", "auth", "not_found", "invalid_request", "content_filter"}
)
OVERLOAD_STATUS: Final = 529


@dataclass(frozen=True, slots=True)
class Tries:
    """What was repeated so far, for one request to one target."""

    repeats: int = 0
    """All repeats."""
    counted: int = 0
    """Those that count against `max_retries`."""
    overloads: int = 0
    """Overload answers in a row that were repeated."""
    compacted: bool = False
    """Whether one more request was sent in a shorter form, which counts against nothing."""

    @property
    def requests(self) -> int:
        """How many requests were sent, the one that failed last included."""
        return 1 + self.repeats + self.compacted


@dataclass(frozen=True, slots=True)
class Again:
    """Repeat the request after `delay_s` seconds, as attempt `attempt` of `max_attempts`; `tries` is the new state."""

    delay_s: float
    reason: str
    attempt: int
    max_attempts: int
    tries: Tries


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The error stands. `why`: it never passes by itself, the tries are used up, or the wait asked for is absurd."""

    why: Literal["final", "exhausted", "wait-too-long"]
    error: ErrorInfo


Decision: TypeAlias = Again | GiveUp


def decide(
    policy: Policy, tries: Tries, error: ErrorInfo, *, server_says: bool | None = None, luck: float = 0.0
) -> Decision:
    """What follows an attempt that failed with `error` before anything was handed on.

    `server_says` is the server's `x-should-retry` header; `luck` in [0, 1) draws the jitter.
    """
    if server_says is False or not is_transient(policy, error):
        return GiveUp("final", error)
    overload = is_overload(error)
    left = _left(policy, tries, overload=overload)
    if left <= 0:
        return GiveUp("exhausted", error)
    asked = error.retry_after_s or 0.0
    if asked > policy.retry_after_limit_s:
        return GiveUp("wait-too-long", _wait_too_long(error, asked, policy.retry_after_limit_s))
    floor = policy.rate_limit_floor_s if error.kind == "rate_limit" and error.retry_after_s is None else 0.0
    return Again(
        delay_s=max(asked, policy.backoff(tries.repeats, luck), floor),
        reason=describe(error),
        attempt=tries.requests + 1,
        max_attempts=tries.requests + left,
        tries=_after(tries, overload=overload),
    )


def is_transient(policy: Policy, error: ErrorInfo) -> bool:
    """Whether the same request may succeed a little later."""
    if error.kind in FINAL:
        return False
    if error.status is not None and error.status >= 300:
        return error.status in policy.retried_statuses
    return error.kind in TRANSIENT or error.retryable


def is_overload(error: ErrorInfo) -> bool:
    """Status 529, or its twin in a stream that began well."""
    if error.status is None or error.status < 300:
        return error.kind == "overloaded"
    return error.status == OVERLOAD_STATUS


def describe(error: ErrorInfo) -> str:
    """The error in a line, for people: `rate_limit (HTTP 429): slow down`."""
    status = f" (HTTP {error.status})" if error.status is not None else ""
    words = " ".join(error.message.split())
    return f"{error.kind}{status}: {words}"[:_LINE]


_LINE = 300  # characters; some vendors put the whole request into their message


def _left(policy: Policy, tries: Tries, *, overload: bool) -> int:
    """How many repeats are left if all further answers are like this one."""
    left = policy.max_overloads - tries.overloads if overload else policy.max_retries - tries.counted
    return left if policy.max_requests is None else min(left, policy.max_requests - 1 - tries.repeats)


def _after(tries: Tries, *, overload: bool) -> Tries:
    if overload:
        return replace(tries, repeats=tries.repeats + 1, overloads=tries.overloads + 1)
    return replace(tries, repeats=tries.repeats + 1, counted=tries.counted + 1, overloads=0)


def _wait_too_long(error: ErrorInfo, asked: float, limit: float) -> ErrorInfo:
    message = f"{error.message} (the server asks to wait {asked:.10g} s; waits over {limit:g} s are refused)"
    return msgspec.structs.replace(error, message=message)
