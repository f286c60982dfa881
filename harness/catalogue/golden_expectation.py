"""What a caller must see of a recorded answer, read off its golden transcript.

Written by hand, from the rules that the shipped scenarios follow; no decoder takes part. A whole answer must arrive
whole. Of one that was cut off a beginning may arrive, and it must not pass for finished; no call of it may look as if
it could be executed unless it was whole. An error must be told as one of its kind.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec

from harness.catalogue.expectations import (
    AnyValue,
    CallExpectation,
    Ending,
    ErrorExpectation,
    Expectation,
    PartialText,
    TextExpectation,
)
from harness.events import ErrorKind, FinishReason, Status, Usage
from harness.transcript import MADE_ID_PREFIX
from harness.wire.response import WireResponse

MAY_END_EITHER_WAY = frozenset({"message-stop-missing", "connection-lost-after-end", "tool-call-unfinished"})
"""Warnings about answers that were whole, of which raising is as honest as finishing."""
ALIKE_ERRORS: dict[ErrorKind, tuple[ErrorKind, ...]] = {
    "connection": ("connection", "protocol"),
    "timeout": ("timeout", "connection"),
    "unknown": (),
}
"""Kinds that say the same of a connection that broke, and the kind that says nothing."""


class GoldenCall(msgspec.Struct, frozen=True):
    """One tool call."""

    name: str
    id: str = ""
    arguments: str = ""
    input: dict[str, Any] | None = None


class GoldenChoice(msgspec.Struct, frozen=True):
    """Another choice."""

    text: str = ""


class GoldenError(msgspec.Struct, frozen=True):
    """An error."""

    kind: ErrorKind
    retry_after_s: float | None = None


class GoldenWarning(msgspec.Struct, frozen=True):
    """An oddity."""

    rule: str


class Golden(msgspec.Struct, frozen=True):
    """A golden transcript: the fields of DESIGN 4.2 that a caller can see."""

    dialect: str
    status: Status
    finish: FinishReason | None = None
    text: str = ""
    reasoning: str = ""
    refusal: str | None = None
    tool_calls: list[GoldenCall] = []
    usage: dict[str, int | None] = {}
    error: GoldenError | None = None
    other_choices: list[GoldenChoice] = []
    warnings: list[GoldenWarning] = []


def expectation_from(golden: Golden, response: WireResponse) -> Expectation:
    """The right outcome of an answer with that golden transcript, which is played as `response`."""
    if golden.status == "completed":
        return _whole(golden, response)
    return Expectation(
        ending=("truncated",) if golden.status == "truncated" else ("failed",),
        text=_beginning(golden.text),
        reasoning=_beginning(golden.reasoning),
        refusal=_beginning(golden.refusal or ""),
        tool_calls=_cut_calls(golden.tool_calls),
        error=_error(golden, response),
    )


def _whole(golden: Golden, response: WireResponse) -> Expectation:
    others = tuple(choice.text for choice in golden.other_choices)
    return Expectation(
        ending=_endings(golden, response),
        finish=None if golden.finish in (None, "other") else (golden.finish,),
        text=golden.text,
        reasoning=golden.reasoning,
        refusal=golden.refusal or "",
        tool_calls=tuple(
            CallExpectation(name=call.name, id=_given_id(call), arguments=call.arguments) for call in golden.tool_calls
        ),
        usage=usage_alternatives(golden.usage),
        other_choices=others or None,
    )


def _endings(golden: Golden, response: WireResponse) -> tuple[Ending, ...]:
    broke_off = response.ending in ("no_last_chunk", "short_length", "reset", "stall")
    if broke_off or any(warning.rule in MAY_END_EITHER_WAY for warning in golden.warnings):
        return ("completed", "truncated", "failed")
    return ("completed",)


def _given_id(call: GoldenCall) -> str | None:
    """The id that went over the wire; a made one is nobody else's."""
    return call.id if call.id and not call.id.startswith(MADE_ID_PREFIX) else None


def _beginning(text: str) -> TextExpectation:
    """What came last before the break may be lost on the way."""
    return PartialText(prefix_of=text) if text else ""


def _cut_calls(calls: list[GoldenCall]) -> tuple[CallExpectation, ...] | AnyValue:
    """Calls that were cut off; where one had come whole, a caller may get it or not."""
    if any(call.input is not None for call in calls):
        return AnyValue(any=True)
    return tuple(
        CallExpectation(name=call.name, id=_given_id(call), arguments=call.arguments, executable=False)
        for call in calls
    )


def _error(golden: Golden, response: WireResponse) -> ErrorExpectation | None:
    """The error that there was; a connection that broke has none besides that the answer is not whole."""
    if golden.error is None or golden.status == "truncated":
        return None
    refused = response.head and response.status >= 400
    waits = response.header("retry-after") or response.header("retry-after-ms") or ""
    return ErrorExpectation(
        kind=ALIKE_ERRORS.get(golden.error.kind, (golden.error.kind,)),
        status=response.status if refused else None,
        retry_after_s=golden.error.retry_after_s if refused and waits.replace(".", "").isdigit() else None,
    )


def usage_alternatives(usage: dict[str, int | None]) -> dict[str, tuple[int, ...]] | None:
    """The counts that a caller may get: some count cached tokens and thoughts in, and others do not."""
    counts = {name: usage.get(name) for name in Usage.__struct_fields__}
    parts = {"input_tokens": ("cache_read_tokens", "cache_write_tokens"), "output_tokens": ("reasoning_tokens",)}
    wanted: dict[str, tuple[int, ...]] = {}
    for name, count in counts.items():
        if name not in parts:
            wanted |= {name: (count,)} if count else {}
        elif count is not None:
            ways = product(*((0, counts[part] or 0, -(counts[part] or 0)) for part in parts[name]))
            sums = dict.fromkeys(count + sum(way) for way in ways)
            wanted[name] = tuple(each for each in sums if each >= 0)
    return wanted or None
