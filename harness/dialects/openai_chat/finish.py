"""The stop reasons of OpenAI chat and of those who speak it, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.events import FinishReason

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "end": "stop",
    "stop_sequence": "stop",
    "stop_token": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "max_length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "sensitive": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context_overflow",
}
OWN_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""What OpenAI itself says; the rest is other vendors'."""

FAILURES = frozenset({"error", "network_error", "insufficient_system_resource", "abort"})
"""Stop reasons that say that the answer broke off."""


def raw_reason(value: Any) -> str:
    """A `finish_reason` as text; empty where there is none. Some servers give an object with a `type`."""
    if type(value) is str:
        return value
    if type(value) is dict and type(value.get("type")) is str:
        return str(value["type"])
    return str(value)[:60] if value else ""


def canonical_reason(raw: str) -> FinishReason:
    """What `raw` means; `other` where nobody knows."""
    return _REASONS.get(raw) or _REASONS.get(raw.lower(), "other")
