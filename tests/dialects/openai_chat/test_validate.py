"""What OpenAI refuses of a chat completion request, apart from its messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.openai_chat.validate import validate

from . import sdk

PATH = "/v1/chat/completions"
HEADERS = {"authorization": "Bearer key"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


def faults(**changes: Any) -> list[tuple[str, str]]:
    body = json.dumps({**ASKED, **changes}).encode()
    return [(fault.rule, fault.where) for fault in validate(PATH, HEADERS, body)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"temperature": 0, "top_p": 1, "n": 2, "stop": "END", "max_tokens": 5, "seed": 7, "user": "u"},
        {"temperature": None, "stop": None, "tools": None, "tool_choice": None, "parallel_tool_calls": None},
        {"stop": ["a", "b", "c", "d"], "presence_penalty": -2, "frequency_penalty": 2.0},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": True},
        {"tools": [{"type": "custom", "custom": {"name": "sh"}}], "tool_choice": "required"},
        {"tool_choice": "none"},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"logprobs": True, "top_logprobs": 20},
        {"response_format": {"type": "json_object"}, "reasoning_effort": "low", "unknown_to_us": [1]},
    ],
    ids=str,
)
def test_what_is_accepted(changes: dict[str, Any]) -> None:
    assert faults(**changes) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": ""}, ("model-missing", "model")),
        ({"model": None}, ("model-missing", "model")),
        ({"temperature": 2.5}, ("setting-invalid", "temperature")),
        ({"temperature": "0"}, ("setting-invalid", "temperature")),
        ({"top_p": -0.1}, ("setting-invalid", "top_p")),
        ({"n": 0}, ("setting-invalid", "n")),
        ({"max_tokens": 0}, ("setting-invalid", "max_tokens")),
        ({"max_completion_tokens": 1.5}, ("setting-invalid", "max_completion_tokens")),
        ({"stream": "true"}, ("setting-invalid", "stream")),
        ({"stop": ["a"] * 5}, ("setting-invalid", "stop")),
        ({"stop": 7}, ("setting-invalid", "stop")),
        ({"response_format": "json"}, ("setting-invalid", "response_format")),
        ({"max_tokens": 5, "max_completion_tokens": 5}, ("output-limit-twice", "max_completion_tokens")),
        ({"stream_options": {}}, ("stream-options-without-stream", "stream_options")),
        ({"top_logprobs": 2}, ("top-logprobs-without-logprobs", "top_logprobs")),
        ({"tools": []}, ("tools-empty", "tools")),
        ({"tools": {}}, ("tools-empty", "tools")),
        ({"tool_choice": "auto"}, ("tool-choice-without-tools", "tool_choice")),
        ({"parallel_tool_calls": False}, ("parallel-without-tools", "parallel_tool_calls")),
        ({"tools": [{"function": {"name": "f"}}]}, ("tool-type-missing", "tools[0].type")),
        ({"tools": [{"type": "function"}]}, ("tool-name-invalid", "tools[0].function.name")),
        ({"tools": [TOOL, {"type": "function", "function": {"name": "a b"}}]},
         ("tool-name-invalid", "tools[1].function.name")),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
         ("tool-parameters-invalid", "tools[0].function.parameters")),
        ({"tools": [TOOL], "tool_choice": "any"}, ("tool-choice-invalid", "tool_choice")),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
         ("tool-choice-unknown", "tool_choice.function.name")),
        ({"messages": []}, ("messages-missing", "messages")),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert faults(**changes) == [expected]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert [fault.rule for fault in validate(PATH, HEADERS, body)] == ["body-not-json"]


@pytest.mark.parametrize(
    ("headers", "rules"),
    [
        ({"authorization": "Bearer key"}, []),
        ({"api-key": "key"}, []),
        ({}, ["auth-missing"]),
        ({"authorization": "Bearer "}, ["auth-missing"]),
        ({"authorization": "key"}, ["auth-missing"]),
        ({"x-api-key": "key"}, ["auth-missing"]),
    ],
)
def test_a_key_is_required(headers: dict[str, str], rules: list[str]) -> None:
    assert [fault.rule for fault in validate(PATH, headers, json.dumps(ASKED).encode())] == rules


def test_a_path_may_name_the_model() -> None:
    body = json.dumps({"messages": ASKED["messages"]}).encode()
    assert validate("/openai/deployments/d/chat/completions?api-version=1", HEADERS, body) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"stream_options": {"include_usage": True}, "max_tokens": 5, "stop": ["a"]},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}], "logprobs": True, "n": 2},
    ],
    ids=str,
)
def test_what_the_vendors_sdk_sends_is_accepted(changes: dict[str, Any]) -> None:
    request = sdk.sent(**changes)
    assert validate(request.url.raw_path.decode(), dict(request.headers), request.content) == []


SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(["", "function", "tool", "assistant", "user", "f"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "tool_calls", "id", "type", "function", "name", "tool_call_id", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["model", "messages", "tools", "tool_choice", "stop", "n", "stream"]), SHAPES))
def test_any_body_is_judged_without_raising(body: dict[str, Any]) -> None:
    assert all(fault.rule and fault.message for fault in validate(PATH, {}, json.dumps(body).encode()))
