from __future__ import annotations

import json
from typing import Any

import pytest

from harness.fuzz.neutral.strands import STRANDS, value_at, with_value
from harness.lint.spec import spec_names


def paths(dialect: str, payload: dict[str, Any]) -> list[str]:
    return [".".join(map(str, path)) for path in STRANDS[dialect].paths(payload)]


def test_every_dialect_has_its_strands() -> None:
    assert set(STRANDS) == set(spec_names())


@pytest.mark.parametrize(
    ("dialect", "payload", "expected"),
    [
        (
            "openai-chat",
            '{"choices": [{"index": 0, "delta": {"content": "a", "refusal": "b", "reasoning": "c", "role": "d"}}]}',
            ["choices.0.delta.content", "choices.0.delta.refusal", "choices.0.delta.reasoning"],
        ),
        (
            "openai-chat",
            '{"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]}',
            ["choices.0.delta.content", "choices.1.delta.content"],
        ),
        ("openai-chat", '{"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]}', []),
        ("openai-chat", '{"choices": [{"index": 0, "delta": {"content": "a"}}], "error": {"message": "b"}}', []),
        ("openai-responses", '{"type": "response.refusal.delta", "delta": "a"}', ["delta"]),
        ("openai-responses", '{"type": "response.output_text.delta", "delta": "a", "logprobs": [1]}', []),
        ("openai-responses", '{"type": "response.output_text.done", "text": "a", "delta": "a"}', []),
        (
            "anthropic-messages",
            '{"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{"}}',
            ["delta.partial_json"],
        ),
        ("anthropic-messages", '{"type": "content_block_start", "content_block": {"type": "text", "text": "a"}}', []),
        (
            "gemini",
            '{"candidates": [{"content": {"parts": [{"text": "a"}, {"functionCall": {}, "text": "b"}]}}]}',
            ["candidates.0.content.parts.0.text"],
        ),
        ("gemini", '{"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {}}]}', []),
        ("ollama", '{"message": {"content": "a", "thinking": ""}}', ["message.content"]),
        ("ai-sdk-ui", '{"type": "reasoning-delta", "id": "r", "delta": "a"}', ["delta"]),
        ("ai-sdk-ui", '{"type": "data-x", "delta": "a"}', []),
    ],
)
def test_the_strings_that_may_be_parted(dialect: str, payload: str, expected: list[str]) -> None:
    assert paths(dialect, json.loads(payload)) == expected


def test_a_value_is_changed_in_a_copy() -> None:
    payload = {"a": [{"b": 1}, {"b": 2, "c": 3}]}
    assert with_value(payload, ("a", 1, "b"), 9) == {"a": [{"b": 1}, {"b": 9, "c": 3}]}
    assert value_at(payload, ("a", 1, "b")) == 2
