"""What a caller must see of a recorded answer, read off its golden transcript.

Written by hand, from the rules that the shipped scenarios follow; no decoder takes part. A whole answer must arrive
whole. Of one that was cut off a beginning may arrive, and it must not pass for finished; no call of it may look as if
it could be executed unless it was whole. An error must be told as one of its kind. Where two readings of a stream are
right, as of think tags in a text, nobody is called wrong for either.
"""

from __future__ import annotations

import json
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
THINK_TAG = "<think>"
"""Where it stands in the text, some take what follows for reasoning, and others leave it where it is."""
IDS_OPTIONAL = ("gemini", "ollama")
"""Dialects whose results are told apart by the names of their tools, so that a client may do without ids."""
TOLD_BY_WORDS: tuple[ErrorKind, ...] = ("auth", "not_found", "content_filter")
"""Kinds that a 400 has only by its words: who goes by the status is not wrong, nor who gives it the usual one."""
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
        tool_calls=_cut_calls(golden.tool_calls, golden.dialect),
        error=_error(golden, response),
    )


def _whole(golden: Golden, response: WireResponse) -> Expectation:
    others = tuple(choice.text for choice in golden.other_choices)
    anything = AnyValue(any=True) if THINK_TAG in golden.text else None
    return Expectation(
        ending=_endings(golden, response),
        finish=None if golden.finish in (None, "other") else (golden.finish,),
        text=anything or golden.text,
        reasoning=anything or golden.reasoning,
        refusal=golden.refusal or "",
        tool_calls=tuple(
            CallExpectation(name=call.name, id=_given_id(call, golden.dialect), arguments=call.arguments)
            for call in golden.tool_calls
        ),
        usage=usage_alternatives(golden.usage) if _counts_in_its_place(golden.dialect, response) else None,
        other_choices=others or None,
    )


def _endings(golden: Golden, response: WireResponse) -> tuple[Ending, ...]:
    broke_off = response.ending in ("no_last_chunk", "short_length", "reset", "stall")
    if broke_off or any(warning.rule in MAY_END_EITHER_WAY for warning in golden.warnings):
        return ("completed", "truncated", "failed")
    return ("completed",)


def _given_id(call: GoldenCall, dialect: str) -> str | None:
    """The id that went over the wire; a made one is nobody else's."""
    needed = dialect not in IDS_OPTIONAL and not call.id.startswith(MADE_ID_PREFIX)
    return call.id if call.id and needed else None


def _counts_in_its_place(dialect: str, response: WireResponse) -> bool:
    """Whether the token counts stand where the dialect has them, and not in an extension of one provider's own."""
    if dialect != "openai-chat" or b'"x_groq"' not in response.body:
        return True
    payloads = (line.removeprefix(b"data:").strip() for line in response.body.splitlines())
    return any(json.loads(payload).get("usage") for payload in payloads if _is_object(payload))


def _is_object(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload), dict)
    except (ValueError, RecursionError):
        return False


def _beginning(text: str) -> TextExpectation:
    """What came last before the break may be lost on the way."""
    return PartialText(prefix_of=text) if text else ""


def _cut_calls(calls: list[GoldenCall], dialect: str) -> tuple[CallExpectation, ...] | AnyValue:
    """Calls that were cut off; where one had come whole, a caller may get it or not."""
    if any(call.input is not None for call in calls):
        return AnyValue(any=True)
    return tuple(
        CallExpectation(name=call.name, id=_given_id(call, dialect), arguments=call.arguments, executable=False)
        for call in calls
    )


def _error(golden: Golden, response: WireResponse) -> ErrorExpectation | None:
    """The error that there was; a connection that broke has none besides that the answer is not whole."""
    if golden.error is None or golden.status == "truncated":
        return None
    refused = response.head and response.status >= 400
    kinds = ALIKE_ERRORS.get(golden.error.kind, (golden.error.kind,))
    by_words = response.status == 400 and golden.error.kind in TOLD_BY_WORDS
    waits = response.header("retry-after") or response.header("retry-after-ms") or ""
    return ErrorExpectation(
        kind=(*kinds, "invalid_request") if by_words else kinds,
        status=response.status if refused and not by_words else None,
        retry_after_s=golden.error.retry_after_s if refused and waits.replace(".", "").isdigit() else None,
    )


def usage_alternatives(usage: dict[str, int | None]) -> dict[str, tuple[int, ...]] | None:
    """The counts that a caller may get: some count cached tokens and thoughts in, and others do not."""
    counts = {name: usage.get(name) for name in Usage.__struct_fields__}
    parts = {"input_tokens": ("cache_read_tokens", "cache_write_tokens"), "output_tokens": ("reasoning_tokens",)}
    wanted: dict[str, tuple[int, ...]] = {}
    for name, count in counts.items():
        if name not in parts:
            wanted |= {name: (count, 0)} if count else {}  # details, which one may leave out but not get wrong
        elif count is not None:
            ways = product(*((0, counts[part] or 0, -(counts[part] or 0)) for part in parts[name]))
            sums = dict.fromkeys(count + sum(way) for way in ways)
            wanted[name] = tuple(each for each in sums if each >= 0)
    return wanted or None
