"""Clients that misjudge endings, or repeat requests wrongly."""

from __future__ import annotations

from dataclasses import replace

import httpx

from harness.events import AnyEvent, End, Failure, ToolCall
from harness.stack.policy import Policy
from harness.transcript import parse_arguments
from tests.mutants.groups import EVERY_CUT, EVERY_ERROR_IN_A_STREAM, EVERY_OVERFLOW
from tests.mutants.machine import EventFilter, Mutant, swallows_errors

COMPLETED = b'data: {"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}'


def _whole_calls_end_the_turn() -> EventFilter:
    calls: dict[int, str] = {}

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        if isinstance(event, ToolCall):
            calls[event.index] = calls.get(event.index, "") + event.arguments
        whole = bool(calls) and all(parse_arguments(each) is not None for each in calls.values())
        return swallows_errors(event) if whole else [event]

    return hand_on


def _all_at_the_end() -> EventFilter:
    held: list[AnyEvent] = []

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        held.append(event)
        return held if isinstance(event, End) else []

    return hand_on


def _no_hint(response: httpx.Response) -> httpx.Response:
    for name in ("retry-after", "retry-after-ms"):
        response.headers.pop(name, None)
    return response


def _five_seconds_at_most(response: httpx.Response) -> httpx.Response:
    if float(response.headers.get("retry-after", "0")) > 5:
        response.headers["retry-after"] = "5"
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
        events=swallows_errors,
    ),
    Mutant(
        "errors-are-skipped",
        "skips what is no delta, errors among it",
        kills=(
            *EVERY_ERROR_IN_A_STREAM,
            "disconnects/reset-before-status-line",
            "disconnects/closed-before-status-line",
        ),
        events=swallows_errors,
    ),
    Mutant(
        "whole-calls-end-the-turn",
        "runs the calls as soon as their arguments parse, and does not care how the stream ends",
        kills=("disconnects/cut-between-two-tool-calls",),
        make_events=_whole_calls_end_the_turn,
    ),
    Mutant(
        "all-at-the-end",
        "collects the answer, and hands it on when it is whole",
        kills=(
            "progressive/first-text",
            "progressive/first-reasoning",
            "progressive/after-keep-alive-comments",
            "progressive/half-of-the-next-event-has-come",
        ),
        make_events=_all_at_the_end,
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
            "refusal-and-filter/prompt-refused-by-a-filter",
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
            "rate-limits/default-retries-run-out",
            "rate-limits/default-retry-brings-the-answer",
            "overload/default-retries-of-a-503",
            "overload/default-retry-brings-the-answer",
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
        "caps-retry-after",
        "waits five seconds at most, however long the server asked for",
        kills=(
            "rate-limits/retry-after-seven-seconds",
            "rate-limits/retry-after-a-minute",
            "rate-limits/retry-after-five-minutes",
        ),
        response=_five_seconds_at_most,
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
        kills=(
            "rate-limits/tries-run-out",
            "overload/five-529",
            "rate-limits/not-retried-when-told-so",
            "rate-limits/default-retries-run-out",
            "overload/default-retries-of-a-503",
            "*/*-with-repeats-off",
        ),
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
        "any-end-marker-is-success",
        "takes [DONE] for a good end, whatever came before",
        kills=("disconnects/responses-done-marker-without-completed",),
        reads=lambda data: data.replace(b"data: [DONE]", COMPLETED),
        dialects=("openai-responses",),
    ),
    Mutant(
        "never-compacts",
        "offers compaction and does not do it",
        kills=("context-overflow/compacted-once-and-tried-again", "context-overflow/second-overflow-is-final"),
        options={"compaction": False},
    ),
    Mutant(
        "cancel-is-ignored",
        "leaves the request running when its caller stops",
        kills=("disconnects/cancelled-by-the-caller",),
        goes_on=True,
    ),
    Mutant(
        "says-nothing-at-all",
        "ends every answer without a word",
        kills=("canary/*",),
        events=lambda event: [event] if isinstance(event, End | Failure) else [],
    ),
)
