"""Canonical requests as chat completions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.openai_chat.request import build_request, matches
from harness.dialects.openai_chat.validate import validate
from harness.request import Request

from ..canonical import TOOL_ROUND, WEATHER, request


def body(asked: Request) -> dict[str, Any]:
    built = build_request(asked, "key")
    assert validate(built.path, built.headers, built.body) == []
    data: dict[str, Any] = json.loads(built.body)
    return data


def losses(asked: Request) -> list[str]:
    return [loss.what for loss in build_request(asked, "key").losses]


def test_the_smallest_request() -> None:
    built = build_request(request(), "key")
    assert (built.method, built.path, built.losses) == ("POST", "/v1/chat/completions", ())
    assert built.headers["authorization"] == "Bearer key"
    assert json.loads(built.body) == {
        "model": "test-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_a_key_there_is_no_authorization() -> None:
    assert "authorization" not in build_request(request(), None).headers


def test_without_a_stream_nothing_is_said_of_streams() -> None:
    assert body(request(stream=False)).keys() == {"model", "messages"}


def test_system_and_developer_texts() -> None:
    messages = [
        {"role": "developer", "content": "d"},
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
    ]
    sent = body(request(model="gpt-5", system="first", messages=messages))["messages"]
    assert [(message["role"], message["content"]) for message in sent] == [
        *(("system", "first"), ("developer", "d"), ("system", "s"), ("user", "u")),
    ]
    elsewhere = body(request(model="deepseek-chat", messages=messages))["messages"]
    assert [message["role"] for message in elsewhere] == ["system", "system", "user"]


def test_images() -> None:
    parts = [{"type": "text", "text": "What?"}, {"type": "image", "media_type": "image/png", "data": "AAAA"}]
    (message,) = body(request(messages=[{"role": "user", "content": parts}]))["messages"]
    assert message["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]


def test_a_tool_round() -> None:
    asked = request(messages=TOOL_ROUND, tools=[WEATHER])
    user, assistant, first, second = body(asked)["messages"]
    assert assistant["reasoning_content"] == "Two calls."
    assert assistant["content"] == "Let me look."
    assert assistant["tool_calls"][0] == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
    }
    assert (first["role"], first["tool_call_id"], first["content"]) == ("tool", "call_1", "3 °C")
    assert (user["role"], second["tool_call_id"]) == ("user", "call_2")
    assert losses(asked) == ["reasoning-signature", "tool-result-error"]


def test_calls_alone_have_no_content_and_keep_their_signature() -> None:
    call = {"type": "tool_call", "id": "c", "name": "get_weather", "arguments": "{}", "signature": "c2ln"}
    result = {"type": "tool_result", "tool_call_id": "c", "content": "ok"}
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": [call]},
                {"role": "tool", "content": [result]}]  # fmt: skip
    assistant = body(request(messages=messages, tools=[WEATHER]))["messages"][1]
    assert assistant["content"] is None
    assert assistant["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}


def test_tools() -> None:
    sent = body(request(tools=[WEATHER, {"name": "now"}], tool_choice="auto", parallel_tool_calls=False))
    assert sent["tools"] == [
        {"type": "function", "function": WEATHER},
        {"type": "function", "function": {"name": "now"}},
    ]
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("auto", False)


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("required", "required"),
        ("none", "none"),
        ({"name": "get_weather"}, {"type": "function", "function": {"name": "get_weather"}}),
    ],
)
def test_tool_choices(choice: Any, sent: Any) -> None:
    assert body(request(tools=[WEATHER], tool_choice=choice))["tool_choice"] == sent


def test_settings() -> None:
    sent = body(request(max_output_tokens=256, temperature=0, top_p=0.5, stop=["END"], reasoning={"effort": "low"}))
    assert (sent["max_completion_tokens"], sent["temperature"], sent["top_p"]) == (256, 0, 0.5)
    assert (sent["stop"], sent["reasoning_effort"]) == (["END"], "low")


@pytest.mark.parametrize(
    ("reasoning", "effort", "lost"),
    [
        ({"effort": "high", "budget_tokens": 5}, "high", []),
        ({"effort": "none"}, "none", []),
        ({"effort": "max"}, "xhigh", ["reasoning-effort"]),
        ({"budget_tokens": 1024}, "low", ["reasoning-budget"]),
        ({"budget_tokens": 8192}, "medium", ["reasoning-budget"]),
        ({"budget_tokens": 32000}, "high", ["reasoning-budget"]),
    ],
)
def test_reasoning_is_an_effort(reasoning: dict[str, Any], effort: str, lost: list[str]) -> None:
    assert body(request(reasoning=reasoning))["reasoning_effort"] == effort
    assert losses(request(reasoning=reasoning)) == lost


def test_a_reasoning_without_any_setting_says_nothing() -> None:
    assert "reasoning_effort" not in body(request(reasoning={}))


def test_what_cannot_be_said_is_a_loss() -> None:
    image = {"type": "image", "media_type": "image/png", "data": "AAAA"}
    assistant = {"role": "assistant", "content": [{"type": "text", "text": "a"}, image]}
    assert losses(request(messages=[{"role": "user", "content": "x"}, assistant])) == ["assistant-image"]
    assert losses(request(tool_choice="auto")) == ["tool-choice"]
    reasoning = {"type": "reasoning", "text": "r"}
    assert losses(request(messages=[{"role": "user", "content": [{"type": "text", "text": "x"}, reasoning]}])) == [
        "part"
    ]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/chat/completions", True),
        ("POST", "/v1/chat/completions?api-version=1", True),
        ("POST", "/openai/deployments/d/chat/completions?api-version=1", True),
        ("GET", "/v1/chat/completions", False),
        ("POST", "/v1/completions", False),
        ("POST", "/v1/responses", False),
    ],
)
def test_paths(method: str, path: str, expected: bool) -> None:
    assert matches(method, path) is expected
