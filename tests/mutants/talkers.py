"""Clients that misjudge endings, repeat requests wrongly, or tell errors apart wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import msgspec

from harness.events import AnyEvent, End, ErrorKind, Failure
from harness.stack.policy import Policy
from tests.mutants.machine import Mutant, end_as

EVERY_CUT = (
    "disconnects/clean-end-before-stop-reason",
    "disconnects/fin-mid-answer",
    "disconnects/reset-mid-answer",
    "disconnects/short-of-its-length",
    "disconnects/silence-mid-answer",
    "disconnects/silence-after-headers",
    "disconnects/empty-body",
    "disconnects/cut-after-headers",
    "disconnects/cut-inside-a-frame",
    "disconnects/cut-inside-a-character",
    "disconnects/cut-in-tool-arguments-cleanly",
    "disconnects/cut-in-tool-arguments-by-reset",
    "disconnects/cut-between-two-tool-calls",
    "disconnects/cut-while-thinking",
)
EVERY_OVERFLOW = (
    "context-overflow/openai-code",
    "context-overflow/anthropic-prompt-too-long",
    "context-overflow/anthropic-input-plus-output",
    "context-overflow/gemini-token-count",
    "context-overflow/ollama-input-length",
    "context-overflow/vllm-zero-output",
    "context-overflow/sglang-longer-than-context",
    "context-overflow/llamacpp-available-context",
    "context-overflow/thousands-separators",
    "context-overflow/copilot-nested-error",
    "context-overflow/router-wrapped",
    "context-overflow/in-stream-after-created",
)


def _swallows_errors(event: AnyEvent) -> list[AnyEvent]:
    return [] if isinstance(event, Failure) else [end_as(event, "completed")]


def _mistakes(wrong: ErrorKind, *kinds: ErrorKind) -> Callable[[AnyEvent], list[AnyEvent]]:
    """Takes errors of those kinds for another kind."""

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, Failure) and event.error.kind in kinds:
            return [Failure(msgspec.structs.replace(event.error, kind=wrong))]
        return [event]

    return hand_on


def _no_hint(response: httpx.Response) -> httpx.Response:
    for name in ("retry-after", "retry-after-ms"):
        response.headers.pop(name, None)
    return response


def _hasty(policy: Policy) -> Policy:
    return replace(policy, backoff_s=0.01, backoff_cap_s=0.01, rate_limit_floor_s=0.0)


def _one_more(policy: Policy) -> Policy:
    requests = None if policy.max_requests is None else policy.max_requests + 1
    return replace(
        policy, max_retries=policy.max_retries + 1, max_overloads=policy.max_overloads + 1, max_requests=requests
    )


TALKERS = (
    Mutant(
        "end-of-body-is-success",
        "takes the end of the body for the end of the answer, whatever ended it",
        kills=EVERY_CUT,
        events=_swallows_errors,
    ),
    Mutant(
        "errors-are-skipped",
        "skips what is no delta, errors among it",
        kills=(
            "rate-limits/error-in-stream-before-output",
            "rate-limits/error-in-stream-after-output",
            "rate-limits/error-object-beside-choices",
            "overload/in-stream-before-output",
            "overload/in-stream-after-output",
            "disconnects/reset-before-status-line",
            "disconnects/closed-before-status-line",
            "context-overflow/in-stream-after-created",
        ),
        events=_swallows_errors,
    ),
    Mutant(
        "waits-for-ever",
        "sets no limit on silence",
        kills=(
            "disconnects/silence-mid-answer",
            "disconnects/silence-before-status-line",
            "disconnects/silence-after-headers",
        ),
        policy=lambda policy: policy.patient_for(3600),
    ),
    Mutant(
        "no-patience",
        "gives up after half a second without a byte",
        kills=("disconnects/slow-stream-outlives-timeout",),
        policy=lambda policy: policy.patient_for(0.5),
    ),
    Mutant(
        "repeats-after-output",
        "makes the request again when the answer broke off, and hands the words on once more",
        kills=(
            "disconnects/no-retry-after-output",
            "rate-limits/error-in-stream-after-output",
            "overload/in-stream-after-output",
        ),
        again=lambda end: end.status in ("truncated", "failed"),
    ),
    Mutant(
        "repeats-everything",
        "makes the request again whatever the error was",
        kills=(
            "rate-limits/bad-request-is-not-retried",
            "rate-limits/refused-key-is-not-retried",
            "rate-limits/not-retried-when-told-so",
            "rate-limits/html-error-page",
            "overload/not-retried-when-told-so",
            "context-overflow/second-overflow-is-final",
            "context-overflow/looks-like-output-limit",
            *EVERY_OVERFLOW,
        ),
        again=lambda end: end.status == "failed",
    ),
    Mutant(
        "never-repeats",
        "hands the first error on, retries allowed or not",
        kills=(
            "disconnects/retried-before-any-output",
            "rate-limits/retry-after-seconds",
            "rate-limits/retry-after-http-date",
            "rate-limits/tries-run-out",
            "overload/one-529",
            "overload/two-529",
            "overload/three-529",
            "overload/mixed-with-500-and-503",
            "overload/bad-gateway-page",
            "overload/five-529",
        ),
        policy=lambda policy: policy.limited(0),
    ),
    Mutant(
        "ignores-retry-after",
        "waits its own time, whatever the server asked for",
        kills=(
            "rate-limits/retry-after-seconds",
            "rate-limits/retry-after-http-date",
            "overload/retry-after-with-503",
        ),
        response=_no_hint,
        policy=_hasty,
    ),
    Mutant(
        "hasty",
        "repeats at once when no time was named",
        kills=("rate-limits/retry-after-unreadable", "rate-limits/retry-after-negative"),
        policy=_hasty,
    ),
    Mutant(
        "one-try-too-many",
        "counts repeats where it was told tries",
        kills=("rate-limits/tries-run-out", "overload/five-529", "rate-limits/not-retried-when-told-so"),
        policy=_one_more,
    ),
    Mutant(
        "gives-up-on-the-second-overload",
        "allows one repeat for an overloaded server",
        kills=("overload/two-529", "overload/three-529"),
        policy=lambda policy: replace(policy, max_overloads=1),
    ),
    Mutant(
        "no-fallback",
        "has a second provider and never asks it",
        kills=("overload/second-provider-takes-over",),
        options={"no_fallback": True},
    ),
    Mutant(
        "falls-back-after-output",
        "lets the second provider begin anew behind half an answer",
        kills=("overload/no-second-provider-after-output",),
        other_target_on_failure=True,
    ),
    Mutant(
        "overflow-is-a-rate-limit",
        "takes a context overflow for a rate limit",
        kills=(*EVERY_OVERFLOW, "context-overflow/second-overflow-is-final"),
        events=_mistakes("rate_limit", "context_overflow"),
    ),
    Mutant(
        "limits-are-overflows",
        "takes every limit that speaks of tokens for a context overflow",
        kills=(
            "context-overflow/looks-like-tokens-per-minute",
            "context-overflow/looks-like-anthropic-rate-limit",
            "context-overflow/looks-like-output-limit",
        ),
        events=_mistakes("context_overflow", "rate_limit", "invalid_request"),
    ),
    Mutant(
        "errors-have-no-kind",
        "tells the caller that the server failed, and not how",
        kills=(
            "rate-limits/html-error-page",
            "rate-limits/refused-key-is-not-retried",
            "rate-limits/bad-request-is-not-retried",
            "overload/five-529",
            "overload/not-retried-when-told-so",
        ),
        events=_mistakes("server", "rate_limit", "auth", "invalid_request", "overloaded"),
    ),
    Mutant(
        "window-exceeded-is-stop",
        "takes an answer that filled the window for one that was done",
        kills=("context-overflow/stop-reason-window-exceeded",),
        events=lambda event: (
            [msgspec.structs.replace(event, reason="stop")]
            if getattr(event, "reason", "") == "context_overflow"
            else [event]
        ),
    ),
    Mutant(
        "never-compacts",
        "offers compaction and does not do it",
        kills=("context-overflow/compacted-once-and-tried-again", "context-overflow/second-overflow-is-final"),
        options={"compaction": False},
    ),
    Mutant(
        "cancel-is-ignored",
        "goes on reading after the caller has stopped it",
        kills=("disconnects/cancelled-by-the-caller",),
        options={"cancel_after_events": None},
    ),
    Mutant(
        "cancelled-is-failed",
        "reports an answer that the caller stopped as a failed one",
        kills=("disconnects/cancelled-by-the-caller",),
        events=lambda event: [end_as(event, "failed")] if event == End("cancelled") else [event],
    ),
    Mutant(
        "says-nothing-at-all",
        "ends every answer without a word",
        kills=("canary/*",),
        events=lambda event: [event] if isinstance(event, End | Failure) else [],
    ),
)
