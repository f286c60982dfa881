"""A canonical request as Ollama's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.ollama.request import build_request, matches
from harness.dialects.ollama.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request
from .sdk import ollama


def build(**changes: Any) -> dict[str, Any]:
    built = build_request(request(**changes), None)
    assert validate(built.path, built.headers, built.body) == []
    data: dict[str, Any] = json.loads(built.body)
    ollama._types.ChatRequest.model_validate(data)
    return data


def losses(**changes: Any) -> list[str]:
    return [loss.what for loss in build_request(request(**changes), None).losses]


def test_a_minimal_request() -> None:
    built = build_request(request(), None)
    assert (built.method, built.path, built.losses) == ("POST", "/api/chat", ())
    assert built.headers == {"content-type": "application/json"}
    assert build() == {"model": "test-model", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


def test_a_key_is_a_bearer_token() -> None:
    assert build_request(request(), "k").headers["authorization"] == "Bearer k"


def test_a_tool_round() -> None:
    data = build(messages=TOOL_ROUND, tools=[WEATHER])
    assert data["messages"] == [
        {"role": "user", "content": "Weather in Oslo and Rome?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "thinking": "Two calls.",
            "tool_calls": [
                {"id": "call_1", "function": {"name": "get_weather", "arguments": {"city": "Oslo"}}},
                {"id": "call_2", "function": {"name": "get_weather", "arguments": {"city": "Rome"}}},
            ],
        },
        {"role": "tool", "content": "3 °C", "tool_name": "get_weather", "tool_call_id": "call_1"},
        {"role": "tool", "content": "no answer", "tool_name": "get_weather", "tool_call_id": "call_2"},
    ]
    assert data["tools"] == [{"type": "function", "function": WEATHER}]
    assert losses(messages=TOOL_ROUND) == ["reasoning-signature", "tool-result-error"]


def test_ids_that_we_made_are_not_sent_back() -> None:
    messages = [
        {"role": "assistant", "content": [{"type": "tool_call", "id": "call_made_0", "name": "f", "arguments": "{}"}]},
        {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_made_0", "content": "x"}]},
    ]
    assert build(messages=messages)["messages"] == [
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "x", "tool_name": "f"},
    ]


def test_system_text_and_developer_messages_are_system_messages() -> None:
    messages = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert build(system="Be terse.", messages=messages)["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
    ]


def test_images_are_beside_the_text() -> None:
    image = {"type": "image", "media_type": "image/png", "data": "aGk="}
    messages = [{"role": "user", "content": [{"type": "text", "text": "See"}, image, image]}]
    assert build(messages=messages)["messages"] == [{"role": "user", "content": "See", "images": ["aGk=", "aGk="]}]


def test_a_message_without_content_is_left_out() -> None:
    assert build(messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}])["messages"] == [
        {"role": "user", "content": "Hi"}
    ]


def test_settings_are_options() -> None:
    data = build(max_output_tokens=256, temperature=0, top_p=0.5, stop=["END"])
    assert data["options"] == {"num_predict": 256, "temperature": 0, "top_p": 0.5, "stop": ["END"]}


@pytest.mark.parametrize(
    ("reasoning", "think", "lost"),
    [
        ({"effort": "none"}, False, []),
        ({"effort": "low"}, "low", []),
        ({"effort": "high"}, "high", []),
        ({"effort": "minimal"}, "low", ["reasoning-effort"]),
        ({"effort": "max"}, "high", ["reasoning-effort"]),
        ({"budget_tokens": 1024}, True, ["reasoning-budget"]),
        ({"budget_tokens": 0}, False, []),
        ({}, None, []),
    ],
)
def test_reasoning_is_think(reasoning: dict[str, Any], think: bool | str | None, lost: list[str]) -> None:
    assert build(reasoning=reasoning).get("think") == think
    assert losses(reasoning=reasoning) == lost


@pytest.mark.parametrize(
    ("choice", "offered", "lost"),
    [
        ("auto", True, []),
        ("none", False, []),
        ("required", True, ["tool-choice"]),
        ({"name": "get_weather"}, True, ["tool-choice"]),
    ],
)
def test_the_one_tool_choice_is_not_to_offer_any(choice: Any, offered: bool, lost: list[str]) -> None:
    assert ("tools" in build(tools=[WEATHER], tool_choice=choice)) is offered
    assert losses(tools=[WEATHER], tool_choice=choice) == lost


def test_a_tool_without_parameters_takes_none() -> None:
    (tool,) = build(tools=[{"name": "f"}])["tools"]
    assert tool["function"] == {"name": "f", "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"parallel_tool_calls": False}, ["parallel-tool-calls"]),
    ],
)
def test_what_ollama_cannot_say_is_a_loss(changes: dict[str, Any], lost: list[str]) -> None:
    assert losses(**changes) == lost


@pytest.mark.parametrize(
    ("method", "path", "is_ours"),
    [
        ("POST", "/api/chat", True),
        ("POST", "/api/chat/", True),
        ("POST", "/api/chat?x=1", True),
        ("GET", "/api/chat", False),
        ("POST", "/api/generate", False),
        ("POST", "/v1/chat/completions", False),
    ],
)
def test_only_the_chat_endpoint_matches(method: str, path: str, is_ours: bool) -> None:
    assert matches(method, path) is is_ours


def test_arguments_that_are_no_object_become_the_value_of_one() -> None:
    call = {"type": "tool_call", "id": "x", "name": "f", "arguments": "[1"}
    sent = build_request(request(messages=[{"role": "assistant", "content": [call]}]), None)
    assert b'{"arguments":"[1"}' in sent.body
