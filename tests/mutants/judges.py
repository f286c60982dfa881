"""Clients that tell errors and stop reasons apart wrongly."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from harness.events import AnyEvent, ErrorKind, Failure, Finish, Refusal
from tests.mutants.groups import EVERY_LOOK_ALIKE, EVERY_OVERFLOW, SAID_AS_OPENAI_DOES
from tests.mutants.machine import EventFilter, Mutant, end_as, swallows_errors

LOOSE_WORDS = r"exceed|too (?:long|large|many)|maximum"


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


def _other_reasons_are_stop() -> EventFilter:
    over = False

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal over
        if isinstance(event, Finish) and event.reason not in ("stop", "length", "tool_calls"):
            over = True
            return [msgspec.structs.replace(event, reason="stop")]
        return swallows_errors(event) if over else [event]

    return hand_on


JUDGES = (
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
            "disconnects/overloaded-stop-reason",
            "disconnects/gemini-malformed-function-call",
            "refusal-and-filter/filtered-before-the-first-word",
            "refusal-and-filter/filter-inside-a-tool-call",
            "refusal-and-filter/anthropic-refusal-before-any-block",
            "refusal-and-filter/gemini-safety-without-content",
            "refusal-and-filter/gemini-recitation",
            "refusal-and-filter/gemini-prohibited-content",
        ),
        make_events=_other_reasons_are_stop,
    ),
    Mutant(
        "blocked-is-empty",
        "takes a block of the prompt for an answer without words",
        kills=("disconnects/gemini-prompt-blocked", "disconnects/gemini-malformed-function-call"),
        events=lambda event: [] if isinstance(event, Finish | Failure) else [end_as(event, "completed")],
        dialects=("gemini",),
    ),
    Mutant(
        "drops-refusals",
        "reads the text of an answer and not the refusal in its place",
        kills=("framing/refusal-in-its-own-field", "refusal-and-filter/refusal-behind-text"),
        events=lambda event: [] if isinstance(event, Refusal) else [event],
    ),
    Mutant(
        "any-refusal-field-refuses",
        "takes the field for refusals for one, null or not",
        kills=("refusal-and-filter/null-is-no-refusal",),
        reads=lambda data: data.replace(b'"refusal":null', b'"refusal":"None"'),
        dialects=("openai-chat",),
    ),
)
