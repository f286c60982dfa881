"""A failed case as the message of an AssertionError: what was wrong, what came over the wire, how to see it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.report.visible import plain
from harness.runner.results import AttemptRecord, Result

CHUNKS = 12
"""Chunks of each answer that are shown: the first, and the last."""
WIDTH = 160


def explained(result: Result) -> str:
    """The verdict in a few lines, in the order in which a person asks."""
    return plain("\n".join(_lines(result)))


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.verdict}: {result.scenario} in {result.dialect} ({result.level}): {result.title}"
    if result.note:
        yield f"  {result.note}"
    for failure in result.failures:
        silent = " (silent: the caller had no way to notice)" if failure.silent else ""
        yield f"  {failure.kind}: {failure.message}{silent}"
        if failure.expected is not None or failure.seen is not None:
            yield f"    expected {_short(failure.expected)}"
            yield f"    seen     {_short(failure.seen)}"
    for attempt in result.evidence.wire if result.evidence else []:
        yield from _wire(attempt)
    yield f"the bytes: harness scenarios show {result.scenario} --dialect {result.dialect}"
    yield f"again:     {result.reproduce}"


def _wire(attempt: AttemptRecord) -> Iterator[str]:
    answered = f"status {attempt.status}" if attempt.status else "no status line"
    left = ", and the client left" if attempt.client_left else ""
    yield f"attempt {attempt.number} at {attempt.at_s:.3f} s: {attempt.method} {attempt.path} -> {answered}{left}"
    for fault in attempt.request_faults:
        yield f"  the vendor would refuse it: {fault}"
    offset = 0
    for number, chunk in enumerate(attempt.chunks):
        if number < CHUNKS // 2 or number >= len(attempt.chunks) - CHUNKS // 2:
            yield f"  byte {offset}: {_both_ends(chunk.data.decode('utf-8', 'backslashreplace'))}"
        elif number == CHUNKS // 2:
            yield f"  … {len(attempt.chunks) - CHUNKS} more chunks …"
        offset += len(chunk.data)
    if attempt.how_ended:
        yield f"  ends: {attempt.how_ended}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _both_ends(text: str) -> str:
    """A chunk as JSON has it; of a long one the middle is left out, since what was cut shows at its ends."""
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= WIDTH else f"{shown[: WIDTH // 2]} … {shown[-WIDTH // 2 :]}"
