"""What an SDK must make of an answer, from its canonical transcript: the hand-written side of the comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from harness.transcript import Transcript

from .said import Said, counts

_FINISHES: dict[str, dict[str, tuple[str, ...]]] = {
    "anthropic-messages": {
        "stop": ("end_turn", "stop_sequence"),
        "length": ("max_tokens",),
        "tool_calls": ("tool_use",),
        "refusal": ("refusal",),
        "pause": ("pause_turn",),
    },
    "gemini": {"stop": ("STOP",), "length": ("MAX_TOKENS",), "tool_calls": ("STOP",)},
    "ollama": {"stop": ("stop",), "length": ("length",), "tool_calls": ("stop",)},
    "openai-chat": {
        "stop": ("stop",),
        "length": ("length",),
        "tool_calls": ("tool_calls", "function_call"),
        "content_filter": ("content_filter",),
    },
    "openai-responses": {
        "stop": ("completed",),
        "length": ("max_output_tokens", "max_tokens"),
        "tool_calls": ("completed",),
        "refusal": ("completed", "content_filter"),
        "content_filter": ("content_filter",),
    },
}
"""Stop reasons that have one word in the dialect; others are a named loss."""

_COUNTS: dict[str, tuple[str, ...]] = {
    "anthropic-messages": (
        "input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
    ),
    "ollama": ("input_tokens", "output_tokens"),
}
_USUAL_COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens")


def in_convention(source: str, target: str, wanted: Transcript) -> Transcript:
    """The answer with its counts as the target's vendor counts: what is cached and what is thought, in or beside."""
    usage = wanted.usage
    given, made = usage.input_tokens or 0, usage.output_tokens or 0
    cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
    thought = usage.reasoning_tokens or 0
    if (source == "anthropic-messages") != (target == "anthropic-messages"):
        given += cached if source == "anthropic-messages" else -min(cached, given)
    if (source == "gemini") != (target == "gemini"):
        made += thought if source == "gemini" else -thought if thought <= made else 0  # some count it beside
    return replace(wanted, usage=msgspec.structs.replace(usage, input_tokens=given, output_tokens=made))


def differences(name: str, said: Said, wanted: Transcript, *, own_words: bool) -> list[str]:
    """Where what the SDK says differs from the answer, whose stop reason may be its vendor's own with `own_words`."""
    found = []
    cut_off = {call.name for call in wanted.tool_calls if call.input is None}
    expected: dict[str, Any] = {
        "text": _text(name, wanted),
        "reasoning": wanted.reasoning,
        "refusal": (wanted.refusal or "") if name.startswith("openai") else "",
    }
    if _arrives_as_failed(name, wanted, said):
        return []
    if wanted.status == "completed":
        expected["calls"] = [(call.name, call.input) for call in wanted.tool_calls if call.name not in cut_off]
        said.calls = [call for call in said.calls if call[0] not in cut_off]
        kept = _COUNTS.get(name, _USUAL_COUNTS)
        expected["usage"] = counts(**{each: getattr(wanted.usage, each) for each in kept})
    for what, value in expected.items():
        if (got := getattr(said, what)) != value:
            found.append(f"{what}: {got!r:.300} instead of {value!r:.300}")
    return [*found, *_ending(name, said, wanted, own_words)]


def _ending(name: str, said: Said, wanted: Transcript, own_words: bool) -> list[str]:
    """How the answer ends: an exception where it failed, its stop reason where it did not."""
    if wanted.status != "completed":
        return [] if said.error else [f"the SDK raised nothing, though the answer is {wanted.status}"]
    if said.error:
        return [f"the SDK raised {said.error}"]
    words = _FINISHES[name].get(wanted.finish or "")
    if words and own_words:
        words = (*words, wanted.finish_raw or "")
    if name == "gemini" and words and _holds_broken_call(wanted):
        words = ("MALFORMED_FUNCTION_CALL",)
    return [] if words is None or said.finish in words else [f"finish: {said.finish} instead of {words}"]


def _holds_broken_call(wanted: Transcript) -> bool:
    """Whether a call's arguments are no object, though nothing cut the answer off."""
    broken = any(call.arguments and call.input is None for call in wanted.tool_calls)
    return broken and wanted.finish in ("stop", "tool_calls", None)


def _arrives_as_failed(name: str, wanted: Transcript, said: Said) -> bool:
    """Ollama parses calls itself, and says so where it cannot; Anthropic's SDK parses them, and raises."""
    return name in ("anthropic-messages", "ollama") and _holds_broken_call(wanted) and said.error is not None


def _text(name: str, wanted: Transcript) -> str:
    kinds = ("text",) if name.startswith("openai") else ("text", "refusal")
    return "".join(part.text for part in wanted.parts if part.kind in kinds)
