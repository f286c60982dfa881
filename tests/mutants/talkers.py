"""Clients that misjudge endings, repeat requests wrongly, or tell errors apart wrongly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import msgspec

from harness.events import AnyEvent, End, ErrorKind, Failure, Finish, Refusal
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
    "disconnects/clean-end-before-first-word",
    "disconnects/responses-done-marker-without-completed",
    "disconnects/ollama-error-under-another-key",
    "overload/gemini-error-after-the-stream",
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
    "context-overflow/mistral-too-large-for-model",
    "context-overflow/deepseek-messages-and-completion",
    "context-overflow/groq-reduce-the-length",
    "context-overflow/xai-maximum-prompt-length",
    "context-overflow/bedrock-input-too-long",
    "context-overflow/cohere-total-tokens",
    "context-overflow/lmstudio-tokens-to-keep",
    "context-overflow/more-than-max-tokens-allowed",
    "context-overflow/numbers-in-parentheses",
)
EVERY_LOOK_ALIKE = (
    "context-overflow/looks-like-tokens-per-minute",
    "context-overflow/looks-like-tokens-per-minute-413",
    "context-overflow/looks-like-tokens-per-day",
    "context-overflow/looks-like-anthropic-rate-limit",
    "context-overflow/looks-like-output-limit",
    "context-overflow/looks-like-image-too-large",
    "context-overflow/looks-like-too-many-tools",
    "context-overflow/looks-like-call-id-too-long",
)
EVERY_ERROR_IN_A_STREAM = (
    "rate-limits/error-in-stream-before-output",
    "rate-limits/error-in-stream-after-output",
    "rate-limits/error-object-beside-choices",
    "rate-limits/error-with-finish-reason",
    "rate-limits/named-error-event",
    "rate-limits/error-as-plain-text",
    "rate-limits/responses-flat-error-event",
    "rate-limits/responses-failed-without-error-event",
    "rate-limits/gemini-error-in-an-array",
    "overload/in-stream-before-output",
    "overload/in-stream-after-output",
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


def _forgets(wrong: ErrorKind, known: str) -> Callable[[AnyEvent], list[AnyEvent]]:
    """Takes every overflow for another kind whose code and words do not match."""

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if not isinstance(event, Failure) or event.error.kind != "context_overflow":
            return [event]
        if re.search(known, f"{event.error.message} {event.error.code}"):
            return [event]
        return [Failure(msgspec.structs.replace(event.error, kind=wrong))]

    return hand_on


def _takes_for(wrong: ErrorKind, words: str) -> Callable[[AnyEvent], list[AnyEvent]]:
    """Takes every error for one kind whose words match."""

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, Failure) and re.search(words, event.error.message, re.IGNORECASE):
            return [Failure(msgspec.structs.replace(event.error, kind=wrong))]
        return [event]

    return hand_on


def _other_reasons_are_stop(event: AnyEvent) -> list[AnyEvent]:
    if isinstance(event, Finish) and event.reason not in ("stop", "length", "tool_calls"):
        return [msgspec.structs.replace(event, reason="stop")]
    return [event]


LOOSE_WORDS = r"exceed|too (?:long|large|many)|maximum"
SAID_AS_OPENAI_DOES = (
    "context-overflow/openai-code",
    "context-overflow/vllm-zero-output",
    "context-overflow/deepseek-messages-and-completion",
    "context-overflow/groq-reduce-the-length",
    "context-overflow/in-stream-after-created",
)
COMPLETED = b'data: {"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}'


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
            *EVERY_ERROR_IN_A_STREAM,
            "disconnects/reset-before-status-line",
            "disconnects/closed-before-status-line",
            "disconnects/overloaded-stop-reason",
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
            "rate-limits/no-balance-402",
            "rate-limits/anthropic-credit-too-low",
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
        "repeats-rate-limits-alone",
        "repeats after 429 and after nothing else",
        kills=(
            "overload/one-503",
            "overload/gateway-timeout",
            "overload/bad-gateway-page",
            "overload/one-529",
            "overload/mixed-with-500-and-503",
        ),
        policy=lambda policy: replace(policy, retried_statuses=frozenset({429})),
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
        "knows-one-overflow",
        "knows an overflow by the words of one vendor",
        kills=tuple(each for each in EVERY_OVERFLOW if each not in SAID_AS_OPENAI_DOES),
        events=_forgets("invalid_request", r"maximum context length is \d+ tokens|context_length_exceeded"),
    ),
    Mutant(
        "limits-are-overflows",
        "takes every error that speaks of too much of something for a context overflow",
        kills=EVERY_LOOK_ALIKE,
        events=_takes_for("context_overflow", LOOSE_WORDS),
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
        "other-reasons-are-stop",
        "knows stop, length and tool_calls, and takes every other stop reason for stop",
        kills=(
            "context-overflow/stop-reason-window-exceeded",
            "context-overflow/finish-reason-window-exceeded",
            "disconnects/anthropic-refusal",
            "disconnects/anthropic-pause-turn",
            "disconnects/filtered-mid-answer",
            "disconnects/filtered-without-end-marker",
            "disconnects/gemini-malformed-function-call",
        ),
        events=_other_reasons_are_stop,
    ),
    Mutant(
        "blocked-is-empty",
        "takes a block of the prompt for an answer without words",
        kills=("disconnects/gemini-prompt-blocked", "disconnects/gemini-malformed-function-call"),
        events=lambda event: [] if isinstance(event, Finish | Failure) else [end_as(event, "completed")],
        dialects=("gemini",),
    ),
    Mutant(
        "any-end-marker-is-success",
        "takes [DONE] for a good end, whatever came before",
        kills=("disconnects/responses-done-marker-without-completed",),
        reads=lambda data: data.replace(b"data: [DONE]", COMPLETED),
        dialects=("openai-responses",),
    ),
    Mutant(
        "drops-refusals",
        "reads the text of an answer and not the refusal in its place",
        kills=("framing/refusal-in-its-own-field",),
        events=lambda event: [] if isinstance(event, Refusal) else [event],
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
