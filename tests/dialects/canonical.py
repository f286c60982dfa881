"""Canonical requests that the tests of every dialect build from."""

from __future__ import annotations

from typing import Any

from harness.request import Request, read_request

MINIMAL: dict[str, Any] = {"model": "test-model", "messages": [{"role": "user", "content": "Hi"}]}

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

TOOL_ROUND: list[dict[str, Any]] = [
    {"role": "user", "content": "Weather in Oslo and Rome?"},
    {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "text": "Two calls.", "signature": "c2ln"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}'},
            {"type": "tool_call", "id": "call_2", "name": "get_weather", "arguments": '{"city": "Rome"}'},
        ],
    },
    {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C"}]},
    {
        "role": "tool",
        "content": [{"type": "tool_result", "tool_call_id": "call_2", "content": "no answer", "is_error": True}],
    },
]


def request(**changes: Any) -> Request:
    """The minimal request, with changes."""
    return read_request({**MINIMAL, **changes})
