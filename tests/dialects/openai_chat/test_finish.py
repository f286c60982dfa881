"""The stop reasons of chat streams."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_chat.finish import canonical_reason, raw_reason
from harness.events import FinishReason


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("STOP", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("sensitive", "content_filter"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context_overflow"),
        ("insufficient_system_resource", "other"),
        ("banana", "other"),
    ],
)
def test_each_vendors_word_has_its_meaning(raw: str, expected: FinishReason) -> None:
    assert canonical_reason(raw) == expected


@pytest.mark.parametrize(
    ("value", "raw"), [("eos", "eos"), (None, ""), ("", ""), ({"type": "length"}, "length"), (3, "3"), ([], "")]
)
def test_a_reason_is_read_as_text(value: Any, raw: str) -> None:
    assert raw_reason(value) == raw
