"""What Ollama would refuse, and above all what it would not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.ollama.validate import validate

from ..recorded import recordings
from .sdk import sent

USER = {"role": "user", "content": "Hi"}


def faults(body: Any, path: str = "/api/chat") -> list[str]:
    return [fault.rule for fault in validate(path, {}, json.dumps(body).encode())]


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [USER], **fields}


def message(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", **fields}]}


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m"},
        {"model": "m", "messages": []},
        chat(),
        chat(stream=False, think=True, format="", keep_alive=-1, tools=[], options={}),
        chat(stream=None, think=None, format=None, keep_alive="5m", tools=None, options=None),
        chat(think="high", format="json"),
        chat(think="max", format={"type": "object"}),
        chat(options={"num_predict": 5, "temperature": 0.5, "stop": ["x"], "unknown": True, "seed": 4.0}),
        chat(someUnknownField=1, temperature=0.5),
        message(content=None, images=None, tool_calls=None),
        message(content="", images=["aGk="]),
        {"model": "m", "messages": [{"role": "critic", "content": "x"}]},
        {"model": "m", "messages": [{"role": "tool", "content": "orphan"}]},
        message(tool_calls=[{"function": {"name": "f", "arguments": {}}}]),
        message(tool_calls=[{"id": "x", "type": "function", "function": {"index": 0, "name": "f"}}]),
        chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}]),
        chat(tools=[{"function": {"name": "f", "description": None}}]),
    ],
)
def test_what_the_server_takes_is_not_refused(body: Any) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body-not-object"),
        ({}, "model-missing"),
        ({"model": ""}, "model-missing"),
        ({"model": 3}, "model-missing"),
        (chat(stream="yes"), "stream-type"),
        (chat(messages="Hi"), "messages-type"),
        (chat(messages=["Hi"]), "message-type"),
        (message(content=[{"type": "text", "text": "Hi"}]), "content-type"),
        (message(content=3), "content-type"),
        ({"model": "m", "messages": [{"role": 3}]}, "role-type"),
        (message(thinking=["x"]), "thinking-type"),
        (message(images="aGk="), "images-type"),
        (message(images=["not base64!"]), "image-not-base64"),
        (message(images=["data:image/png;base64,aGk="]), "image-not-base64"),
        (message(tool_calls={}), "tool-calls-type"),
        (message(tool_calls=["f"]), "tool-call-type"),
        (message(tool_calls=[{"function": "f"}]), "tool-call-type"),
        (message(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]), "arguments-type"),
        (chat(tools={}), "tools-type"),
        (chat(tools=["f"]), "tool-type"),
        (chat(tools=[{"function": {"name": 3}}]), "name-type"),
        (chat(tools=[{"function": {"name": "f", "parameters": []}}]), "parameters-type"),
        (chat(options=[]), "options-type"),
        (chat(options={"num_predict": "5"}), "num-predict-type"),
        (chat(options={"temperature": True}), "temperature-type"),
        (chat(options={"stop": "x"}), "stop-type"),
        (chat(options={"stop": [1]}), "stop-type"),
        (chat(format="xml"), "format-unknown"),
        (chat(think="extreme"), "think-unknown"),
        (chat(think=3), "think-unknown"),
    ],
)
def test_what_the_server_refuses_has_one_fault(body: Any, rule: str) -> None:
    assert faults(body) == [rule]


def test_a_foreign_path_is_refused() -> None:
    assert faults(chat(), path="/v1/chat/completions") == ["path-unknown"]


def test_a_fault_says_where_and_why() -> None:
    (fault,) = validate("/api/chat", {}, json.dumps(message(content=3)).encode())
    assert (fault.where, fault.message) == ("messages[0].content", "content is not a string")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "model",
                    "messages",
                    "role",
                    "content",
                    "images",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "tools",
                    "options",
                    "stop",
                    "think",
                    "format",
                    "stream",
                    "parameters",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_body_is_judged_without_raising(body: Any) -> None:
    found = validate("/api/chat", {}, json.dumps(body).encode())
    assert [fault.rule for fault in found if fault.rule == "body-not-object"] == ["body-not-object"] * (
        type(body) is not dict
    )
    assert all(fault.rule and fault.message for fault in found)


def test_every_recorded_request_that_was_answered_is_accepted() -> None:
    checked = 0
    for recording in recordings("ollama-chat", "stream"):
        if recording.request is not None:
            found = validate("/api/chat", {}, json.dumps(recording.request).encode())
            # The recorder cut long images short.
            assert [fault for fault in found if fault.rule != "image-not-base64"] == [], recording.id
            checked += 1
    assert checked > 40


def test_everything_that_the_vendors_sdk_sends_is_accepted() -> None:
    def get_weather(city: str) -> str:
        """The weather.

        Args:
            city: where
        """
        return city

    talk = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "Hi", "images": ["aGk="]},
        {"role": "assistant", "thinking": "hm", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        {"role": "tool", "content": "3", "tool_name": "f"},
    ]
    options = {"num_predict": 5, "temperature": 0.5, "stop": ["x"], "num_ctx": 4096}
    for request in (
        sent(),
        sent(messages=talk, tools=[get_weather], options=options, think=True, format="json", keep_alive="5m"),
        sent(messages=talk, think="low", format={"type": "object"}, keep_alive=0, logprobs=True, top_logprobs=2),
    ):
        assert validate(request.url.path, dict(request.headers), request.content) == []
