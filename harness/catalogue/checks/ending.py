"""The rules of the ending column: how the caller learnt that it was over."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.catalogue.checks.facts import Breach, Facts, Outcome
from harness.catalogue.findings import FailureKind
from harness.catalogue.models import NO_STOP_REASONS, ErrorExpectation
from harness.dialects import dialect as dialect_record
from harness.events import ErrorInfo, ErrorKind, FinishReason

_MEETS: dict[Outcome, frozenset[str]] = {
    "completed": frozenset({"completed"}),
    "truncated": frozenset({"truncated", "failed"}),
    "error": frozenset({"truncated", "failed"}),
    "cancelled": frozenset({"cancelled"}),
    "hung": frozenset(),
}
_SAYS = {
    "completed": "finished",
    "truncated": "cut off",
    "error": "failed",
    "cancelled": "cancelled",
}
_NO_GOOD_END = ("length", "pause", "context_overflow")
_WITHHELD = ("content_filter", "refusal")


def ended_in_time(facts: Facts) -> Iterator[Breach]:
    """The caller is told that it is over, one way or another, before the deadline."""
    if facts.outcome == "hung" and "waiting" not in facts.expectation.ending:
        deadline = facts.scenario.deadline_s
        yield Breach("hang", f"nothing had ended after {deadline:g} s", f"an end within {deadline:g} s", "no end")


def ending_as_it_was(facts: Facts) -> Iterator[Breach]:
    """A finished answer passes for finished, and one that was cut off or failed for what it is."""
    wanted = facts.expectation.ending
    outcome = facts.outcome
    if outcome == "hung" or _MEETS[outcome].intersection(wanted):
        return
    said = _SAYS[outcome]
    if outcome != "completed":
        error = facts.error
        message = f"an answer that is {_either(wanted)} passed for {said}"
        yield Breach("wrong-error", message, list(wanted), error.message if error else said)
        return
    kind = _silent_kind(facts)
    what = "an error" if kind == "silent-error" else "an answer that was cut off"
    message = f"{what} passed for a finished answer"
    if facts.transcript.finish is None:
        message += ", though one without a stop reason"
    own_doing = wanted == ("cancelled",)
    silent = False if own_doing else None
    yield Breach(kind, message, list(wanted), said, offset=_end_of_body(facts), silent=silent)


def _either(wanted: tuple[str, ...]) -> str:
    return " or ".join(wanted)


def _silent_kind(facts: Facts) -> FailureKind:
    wanted = facts.expectation.ending
    if "failed" not in wanted:
        return "silent-truncation"
    if "truncated" not in wanted or facts.expectation.error is not None:
        return "silent-error"
    response = facts.answered.response if facts.answered else None
    was_error = response is not None and (not response.head or response.status >= 400)
    return "silent-error" if was_error else "silent-truncation"


def _end_of_body(facts: Facts) -> int | None:
    return len(facts.body) if facts.answered is not None else None


def finish_as_sent(facts: Facts) -> Iterator[Breach]:
    """The model's own stop reason reaches a caller whose answer is complete."""
    wanted = facts.expectation.finish
    if wanted is None or facts.outcome != "completed" or "completed" not in facts.expectation.ending:
        return
    seen = facts.transcript.finish
    if seen is None and NO_STOP_REASONS in facts.features and not {"stop", "tool_calls"}.isdisjoint(wanted):
        return  # such a system tells of a good end by returning; of a limit or a filter it tells nothing
    if seen is None:
        yield Breach("loss", "no stop reason reached the caller", list(wanted), None)
    elif seen not in wanted and not any(_alike(facts, seen, reason) for reason in wanted):
        yield Breach(_finish_kind(wanted, seen), f"the stop reason {seen} was never given", list(wanted), seen)


def _finish_kind(wanted: tuple[FinishReason, ...], seen: FinishReason) -> FailureKind:
    if seen in ("stop", "tool_calls") and all(reason in _NO_GOOD_END for reason in wanted):
        return "silent-truncation"
    if seen in ("stop", "tool_calls") and all(reason in _WITHHELD for reason in wanted):
        return "silent-error"
    return "corruption"


def _alike(facts: Facts, one: FinishReason, other: FinishReason) -> bool:
    """Whether the dialect has one word for both: whoever reports either has read it right."""
    groups = dialect_record(facts.dialect).facts.get("alike_finish_reasons", ())
    return any(one in group and other in group for group in groups)


_ALIKE_UNLESS: dict[str, tuple[frozenset[ErrorKind], ...]] = {
    "overflow": (frozenset({"context_overflow", "invalid_request"}),),
    "error_kinds": (
        frozenset({"rate_limit", "quota"}),
        frozenset({"rate_limit", "overloaded"}),
        frozenset({"overloaded", "server"}),
        frozenset({"content_filter", "invalid_request"}),
        frozenset({"connection", "timeout"}),
    ),
    "": (frozenset({"connection", "protocol"}),),  # where a library draws this line is its own affair
}
"""Pairs of error kinds that count as one, unless the system claims the feature."""


def error_as_sent(facts: Facts) -> Iterator[Breach]:
    """The caller learns of the error that there was, as far as the system says anything about it."""
    wanted, seen = facts.expectation.error, facts.error
    if wanted is None or seen is None or facts.outcome not in ("error", "truncated"):
        return
    differing = [name for name, differs in error_differences(wanted, seen, facts.features) if differs]
    if differing:
        yield Breach(
            "wrong-error",
            f"the error is another one: {', '.join(differing)}",
            expected=wanted.model_dump(mode="json", exclude_defaults=True),
            seen=msgspec.to_builtins(seen),
        )


def error_differences(
    wanted: ErrorExpectation, seen: ErrorInfo, features: frozenset[str]
) -> Iterator[tuple[str, bool]]:
    strict = "error_kinds" in features
    yield "status", None not in (wanted.status, seen.status) and wanted.status != seen.status
    known = bool(wanted.kind) and seen.kind != "unknown"
    yield "kind", known and not any(_same_kind(kind, seen.kind, features) for kind in wanted.kind)
    yield "retryable", wanted.retryable is not None and strict and wanted.retryable != seen.retryable
    delay = wanted.retry_after_s
    if delay is not None and (strict or seen.retry_after_s is not None):
        yield "retry_after_s", seen.retry_after_s is None or abs(seen.retry_after_s - delay) > 1e-6
    if wanted.message_contains is not None and seen.message:
        yield "message", wanted.message_contains not in seen.message


def _same_kind(wanted: ErrorKind, seen: ErrorKind, features: frozenset[str]) -> bool:
    pair = {wanted, seen}
    return wanted == seen or any(
        pair == alike for feature, pairs in _ALIKE_UNLESS.items() if feature not in features for alike in pairs
    )
