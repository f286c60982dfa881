"""A request to /api/chat, as clients send it, in canonical form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.ollama.read_request import read_request
from harness.request import to_dict

from .sdk import sent


def read(**body: Any) -> dict[str, Any]:
    return to_dict(read_request("/api/chat", {}, json.dumps(body).encode()))


def test_what_the_vendors_sdk_sends_is_read() -> None:
    def get_weather(city: str) -> str:
        """The weather.

        Args:
            city: where
        """
        return city

    http = sent(
        model="m",
        messages=[
            {"role": "system", "content": "s"},
            {"role": "user", "content": "Hi", "images": ["iVBORw0KGgo="]},
            {"role": "assistant", "thinking": "hm", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            {"role": "tool", "content": "3", "tool_name": "f"},
        ],
        tools=[get_weather],
        options={"num_predict": 5, "temperature": 0.5, "stop": ["x"]},
        think="low",
    )
    assert to_dict(read_request(http.url.path, dict(http.headers), http.content)) == {
        "model": "m",
        "system": "s",
        "stream": True,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Hi"},
                    {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "hm"},
                    {"type": "tool_call", "id": "call_made_0", "name": "f", "arguments": '{"a":1}'},
                ],
            },
            {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_made_0", "content": "3"}]},
        ],
        "tools": [
            {
                "name": "get_weather",
                "description": "The weather.",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string", "description": "where"}},
                    "required": ["city"],
                },
            }
        ],
        "max_output_tokens": 5,
        "temperature": 0.5,
        "stop": ["x"],
        "reasoning": {"effort": "low"},
    }


def test_results_without_ids_and_names_belong_to_the_calls_in_turn() -> None:
    calls = [{"function": {"name": name, "arguments": {}}} for name in ("f", "g")]
    data = read(
        messages=[
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "content": "1"},
            {"role": "tool", "content": "2", "name": "g"},
        ]
    )
    assert [part["tool_call_id"] for said in data["messages"][1:] for part in said["content"]] == [
        "call_made_0",
        "call_made_1",
    ]


def test_a_picture_may_stand_beside_what_a_tool_said() -> None:
    data = read(messages=[{"role": "tool", "tool_name": "f", "content": "a", "images": ["iVBORw0KGgo="]}])
    assert data["messages"][0]["content"][0]["media"] == [
        {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="}
    ]


@pytest.mark.parametrize(
    ("think", "expected"),
    [(True, {"effort": "medium"}), (False, {"effort": "none"}), ("high", {"effort": "high"}), (None, None)],
)
def test_thinking(think: Any, expected: Any) -> None:
    assert read(think=think).get("reasoning") == expected


def test_a_stream_is_what_is_sent_unless_it_is_refused() -> None:
    assert [read(stream=stream)["stream"] for stream in (None, True, False)] == [True, True, False]
