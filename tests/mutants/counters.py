"""Clients that count tokens wrongly."""

from __future__ import annotations

import re

from harness.events import AnyEvent, Finish, Usage
from tests.mutants.machine import EventFilter, Mutant


def _first_counts_only() -> EventFilter:
    counted = False

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal counted
        if not isinstance(event, Usage):
            return [event]
        first, counted = not counted, True
        return [event] if first else []

    return hand_on


def _counts_good_endings_alone() -> EventFilter:
    held: list[AnyEvent] = []
    good = False

    def hand_on(event: AnyEvent) -> list[AnyEvent]:
        nonlocal good
        if isinstance(event, Usage):
            held.append(event)
        good = good or (isinstance(event, Finish) and event.reason in ("stop", "tool_calls"))
        out = [*held] if good else []
        if good:
            held.clear()
        return [*([] if isinstance(event, Usage) else [event]), *out]

    return hand_on


def _no_counts_beside_choices(data: bytes) -> bytes:
    return re.sub(rb'("finish_reason":"stop"}]),"usage":{[^{}]*}', rb"\1", data)


COUNTERS = (
    Mutant(
        "first-counts-only",
        "takes the first usage that it sees for the whole",
        kills=("usage/anthropic-input-first-output-last", "usage/gemini-running-totals"),
        make_events=_first_counts_only,
        dialects=("anthropic-messages", "gemini"),
    ),
    Mutant(
        "counts-good-endings-alone",
        "books the usage of answers that ended by themselves",
        kills=("usage/counted-at-the-output-limit",),
        make_events=_counts_good_endings_alone,
    ),
    Mutant(
        "no-counts-beside-choices",
        "looks for usage where there are no choices",
        kills=("usage/on-the-stop-chunk",),
        reads=_no_counts_beside_choices,
        dialects=("openai-chat",),
    ),
)
