"""A Messages request, as clients send it, in canonical form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.anthropic_messages.read_request import read_request
from harness.request import to_dict

from .sdk import sent

USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": 9007199254740993}}


def read(**body: Any) -> dict[str, Any]:
    return to_dict(read_request("/v1/messages", {}, json.dumps(body).encode()))


def parts(*messages: dict[str, Any]) -> list[Any]:
    """Role and parts of each message that is read."""
    return [(said["role"], said["content"]) for said in read(messages=list(messages))["messages"]]


def test_what_the_vendors_sdk_sends_is_read() -> None:
    http = sent(
        model="m",
        max_tokens=3000,
        system=[{"type": "text", "text": "Be terse.", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm", "signature": "sig"}, USE],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "3", "is_error": True},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
        tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        thinking={"type": "enabled", "budget_tokens": 2000},
        stop_sequences=["END"],
    )
    assert to_dict(read_request(http.url.raw_path.decode(), dict(http.headers), http.content)) == {
        "model": "m",
        "system": "Be terse.",
        "stream": True,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "hm", "signature": "sig"},
                    {"type": "tool_call", "id": "toolu_1", "name": "f", "arguments": '{"n":9007199254740993}'},
                ],
            },
            {
                "role": "tool",
                "content": [{"type": "tool_result", "tool_call_id": "toolu_1", "content": "3", "is_error": True}],
            },
            {"role": "user", "content": [{"type": "text", "text": "And?"}]},
        ],
        "tools": [{"name": "f", "description": "d", "parameters": {"type": "object"}}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "max_output_tokens": 3000,
        "stop": ["END"],
        "reasoning": {"budget_tokens": 2000},
    }


def test_what_a_tool_said_may_be_blocks_and_images() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    blocks = [{"type": "text", "text": "a"}, {"type": "image", "source": source}, {"type": "text", "text": "b"}]
    assert parts({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": blocks}]}) == [
        (
            "tool",
            [
                {
                    "type": "tool_result",
                    "tool_call_id": "t",
                    "content": "ab",
                    "media": [{"type": "image", "media_type": "image/png", "data": "aGk="}],
                }
            ],
        )
    ]
    assert parts({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}) == [
        ("tool", [{"type": "tool_result", "tool_call_id": "t", "content": ""}])
    ]


def test_redacted_thinking_is_kept() -> None:
    said = {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "xyz"}]}
    assert parts(said) == [("assistant", [{"type": "reasoning", "redacted": "xyz"}])]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "f"}, {"name": "f"}),
        ({"type": "tool"}, None),
    ],
)
def test_choices(choice: dict[str, Any], expected: Any) -> None:
    assert read(tool_choice=choice).get("tool_choice") == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"thinking": {"type": "disabled"}}, {"effort": "none"}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}, {"effort": "high"}),
        ({"thinking": {"type": "adaptive"}}, None),
    ],
)
def test_thinking(settings: dict[str, Any], expected: Any) -> None:
    assert read(**settings).get("reasoning") == expected


def test_what_has_no_word_is_left_out() -> None:
    url = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    assert parts({"role": "user", "content": [url]}, {"role": "assistant", "content": [search]}) == []
    assert "tools" not in read(tools=[{"type": "web_search_20250305", "name": "web_search"}])
