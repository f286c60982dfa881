"""Building requests: what the vendor would take, and what is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.anthropic_messages.request import build_request, matches
from harness.dialects.anthropic_messages.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request


def built(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(build_request(request(**changes), "key").body)
    return body


def lost(**changes: Any) -> list[str]:
    return [loss.what for loss in build_request(request(**changes), "key").losses]


def test_the_plainest_request() -> None:
    http = build_request(request(), "key")
    assert (http.method, http.path) == ("POST", "/v1/messages")
    assert dict(http.headers) == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": "key",
    }
    assert json.loads(http.body) == {
        "model": "test-model",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": True,
    }


def test_a_round_of_tools_is_three_turns_with_results_together() -> None:
    messages = [*TOOL_ROUND, {"role": "user", "content": "Thanks?"}]
    user, assistant, answers = built(messages=messages)["messages"]
    assert user["role"] == "user"
    assert [block["type"] for block in assistant["content"]] == ["thinking", "text", "tool_use", "tool_use"]
    assert assistant["content"][2]["input"] == {"city": "Oslo"}
    assert answers["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "3 °C"},
        {"type": "tool_result", "tool_use_id": "call_2", "content": "no answer", "is_error": True},
        {"type": "text", "text": "Thanks?"},
    ]


def test_results_come_first_even_where_text_was_said_before() -> None:
    result = {"type": "tool_result", "tool_call_id": "call_1", "content": "x"}
    text = {"type": "text", "text": "By the way"}
    messages = [
        {"role": "assistant", "content": [{"type": "tool_call", "id": "call_1", "name": "f", "arguments": "{}"}]},
        {"role": "user", "content": [text]},
        {"role": "tool", "content": [result]},
    ]
    assert [block["type"] for block in built(messages=messages)["messages"][1]["content"]] == ["tool_result", "text"]


def test_empty_text_is_left_out() -> None:
    content = [{"type": "text", "text": ""}, {"type": "text", "text": "\n"}, {"type": "text", "text": "x"}]
    assert built(messages=[{"role": "user", "content": content}])["messages"][0]["content"] == [
        {"type": "text", "text": "x"}
    ]


def test_system_and_developer_messages_are_the_system_text() -> None:
    messages = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert built(system="Be terse.", messages=messages)["system"] == "Be terse.\n\nBe kind."
    assert lost(system="Be terse.", messages=messages) == []
    assert lost(messages=[*messages, {"role": "system", "content": "Stop."}]) == ["system-position"]


def test_images_and_redacted_thinking() -> None:
    user = {"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "QQ=="}]}
    assistant = {
        "role": "assistant",
        "content": [{"type": "reasoning", "redacted": "x"}, {"type": "text", "text": "a"}],
    }
    first, second = built(messages=[user, assistant])["messages"]
    assert first["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QQ=="}}
    ]
    assert second["content"][0] == {"type": "redacted_thinking", "data": "x"}


def test_tools_always_have_a_schema_of_an_object() -> None:
    assert built(tools=[WEATHER, {"name": "now"}])["tools"] == [
        {"name": "get_weather", "description": WEATHER["description"], "input_schema": WEATHER["parameters"]},
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": {"name": "get_weather"}}, {"type": "tool", "name": "get_weather"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tool_choice": "required", "parallel_tool_calls": False}, {"type": "any", "disable_parallel_tool_use": True}),
    ],
)
def test_tool_choice(asked: dict[str, Any], choice: dict[str, Any]) -> None:
    assert built(tools=[WEATHER], **asked)["tool_choice"] == choice


@pytest.mark.parametrize(
    ("asked", "thinking", "max_tokens"),
    [
        ({"reasoning": {"budget_tokens": 2000}}, {"type": "enabled", "budget_tokens": 2000}, 4096),
        ({"reasoning": {"budget_tokens": 8000}}, {"type": "enabled", "budget_tokens": 8000}, 9024),
        ({"reasoning": {"effort": "high"}}, {"type": "enabled", "budget_tokens": 16384}, 17408),
        ({"reasoning": {"effort": "none"}}, {"type": "disabled"}, 4096),
        (
            {"reasoning": {"effort": "high"}, "max_output_tokens": 4000},
            {"type": "enabled", "budget_tokens": 2000},
            4000,
        ),
    ],
)
def test_thinking_leaves_room_for_the_answer(asked: dict[str, Any], thinking: dict[str, Any], max_tokens: int) -> None:
    body = built(**asked)
    assert (body["thinking"], body["max_tokens"], lost(**asked)) == (thinking, max_tokens, [])


def test_sampling() -> None:
    body = built(temperature=0.5, top_p=0.9, stop=["END"], max_output_tokens=5)
    assert (body["temperature"], body["top_p"], body["stop_sequences"], body["max_tokens"]) == (0.5, 0.9, ["END"], 5)


REASONING = {"type": "reasoning", "text": "Hm"}
BAD_CALL = {"type": "tool_call", "id": "call_1", "name": "f", "arguments": "[1]"}


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"messages": [{"role": "assistant", "content": [REASONING]}]}, "reasoning-unsigned"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": 0.5, "reasoning": {"effort": "low"}}, "temperature"),
        ({"top_p": 0.5, "reasoning": {"effort": "low"}}, "top-p"),
        ({"tools": [WEATHER], "tool_choice": "required", "reasoning": {"effort": "low"}}, "tool-choice"),
        ({"tool_choice": "required"}, "tool-choice"),
        ({"stop": ["\n"]}, "stop"),
        ({"reasoning": {"budget_tokens": 10}}, "reasoning-budget"),
        ({"reasoning": {"budget_tokens": 5000}, "max_output_tokens": 3000}, "reasoning-budget"),
        ({"reasoning": {"effort": "low"}, "max_output_tokens": 100}, "reasoning-budget"),
    ],
)
def test_what_cannot_be_asked_is_a_loss_and_the_rest_is_valid(asked: dict[str, Any], what: str) -> None:
    http = build_request(request(**asked), "key")
    assert [loss.what for loss in http.losses] == [what]
    faults = {fault.rule for fault in validate(http.path, http.headers, http.body)}
    assert faults <= {"messages-empty", "tool-result-missing"}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/messages", True),
        ("POST", "/v1/messages?beta=true", True),
        ("GET", "/v1/messages", False),
        ("POST", "/v1/messages/count_tokens", False),
        ("POST", "/v1/responses", False),
    ],
)
def test_which_paths_are_the_endpoint(method: str, path: str, expected: bool) -> None:
    assert matches(method, path) is expected


def test_arguments_that_are_no_object_become_the_value_of_one() -> None:
    sent = build_request(request(messages=[{"role": "assistant", "content": [BAD_CALL]}]), None)
    assert b'{"arguments":"[1]"}' in sent.body
