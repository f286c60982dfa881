"""What `useChat` posts, as canonical requests."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects import dialect
from harness.request import Request, to_dict

from ..odd_values import ODD_VALUES, places

UI = dialect("ai-sdk-ui")
CHAT: dict[str, Any] = {
    "id": "chat-1",
    "trigger": "submit-message",
    "messages": [
        {"id": "m0", "role": "system", "parts": [{"type": "text", "text": "Be terse."}]},
        {
            "id": "m1",
            "role": "user",
            "parts": [
                {"type": "text", "text": "What is this, and 1 + 1?"},
                {"type": "file", "mediaType": "image/png", "filename": "a.png", "url": "data:image/png;base64,aGk="},
                {"type": "file", "mediaType": "application/pdf", "filename": "b.pdf", "url": "https://example.com/b.pdf"},
            ],
        },
        {
            "id": "m2",
            "role": "assistant",
            "metadata": {"usage": {"inputTokens": 3}},
            "parts": [
                {"type": "step-start"},
                {
                    "type": "reasoning",
                    "text": "Hm.",
                    "state": "done",
                    "providerMetadata": {"anthropic": {"signature": "c2ln"}},
                },
                {"type": "text", "text": "Let me add.", "state": "done"},
                {
                    "type": "tool-add",
                    "toolCallId": "c1",
                    "state": "output-available",
                    "input": {"a": 1},
                    "output": {"sum": 2},
                    "callProviderMetadata": {"google": {"thoughtSignature": "dGhv"}},
                },
                {
                    "type": "dynamic-tool",
                    "toolName": "look",
                    "toolCallId": "c2",
                    "state": "output-error",
                    "input": {},
                    "errorText": "no eyes",
                },
                {
                    "type": "tool-pay",
                    "toolCallId": "c3",
                    "state": "output-denied",
                    "input": {},
                    "approval": {"id": "a", "approved": False},
                },
                {"type": "tool-add", "toolCallId": "c4", "state": "input-streaming", "input": {"a": 1}},
                {"type": "step-start"},
                {"type": "source-url", "sourceId": "s", "url": "https://example.com/"},
                {"type": "data-weather", "data": {}},
                {"type": "text", "text": "It is 2."},
            ],
        },
    ],
}  # fmt: skip


def read(body: Any) -> Request:
    return UI.read_request("/v1/ui/chat", {}, json.dumps(body).encode())


def test_messages_are_read_with_their_files_tools_and_steps() -> None:
    assert to_dict(read(CHAT))["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this, and 1 + 1?"},
                {"type": "image", "media_type": "image/png", "data": "aGk="},
                {"type": "file", "media_type": "application/pdf", "url": "https://example.com/b.pdf", "name": "b.pdf"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": "Hm.", "signature": "c2ln"},
                {"type": "text", "text": "Let me add."},
                {"type": "tool_call", "id": "c1", "name": "add", "arguments": '{"a":1}', "signature": "dGhv"},
                {"type": "tool_call", "id": "c2", "name": "look", "arguments": "{}"},
                {"type": "tool_call", "id": "c3", "name": "pay", "arguments": "{}"},
            ],
        },
        {
            "role": "tool",
            "content": [
                {"type": "tool_result", "tool_call_id": "c1", "content": '{"sum":2}'},
                {"type": "tool_result", "tool_call_id": "c2", "content": "no eyes", "is_error": True},
                {
                    "type": "tool_result",
                    "tool_call_id": "c3",
                    "content": "the user did not allow this call",
                    "is_error": True,
                },
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": "It is 2."}]},
    ]


def test_the_system_text_is_told_apart_and_a_stream_is_wanted() -> None:
    asked = read({**CHAT, "system": "You are kind."})
    assert (asked.system, asked.stream, asked.model) == ("You are kind.\nBe terse.", True, "")


def test_settings_beside_the_messages_are_read() -> None:
    schema = {"type": "object", "properties": {}}
    settings_ = {
        "model": "m",
        "temperature": 0.5,
        "topP": 0.9,
        "maxOutputTokens": 99,
        "stopSequences": ["END"],
        "reasoning": "low",
        "toolChoice": {"type": "tool", "toolName": "add"},
        "tools": {"add": {"description": "Adds", "parameters": schema}},
    }
    assert to_dict(read({"messages": [], **settings_})) == {
        "model": "m",
        "messages": [],
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_output_tokens": 99,
        "stop": ["END"],
        "reasoning": {"effort": "low"},
        "tool_choice": {"name": "add"},
        "tools": [{"name": "add", "description": "Adds", "parameters": schema}],
    }


def test_tools_may_be_a_list() -> None:
    asked = read({"messages": [], "tools": [{"name": "add", "inputSchema": {"type": "object"}}]})
    assert asked.tools is not None
    assert [(tool.name, tool.parameters) for tool in asked.tools] == [("add", {"type": "object"})]


def test_what_is_not_read_has_a_name() -> None:
    body = json.dumps({**CHAT, "sessionToken": "x"}).encode()
    assert [(loss.what, loss.detail) for loss in UI.unread("/v1/ui/chat", {}, body)] == [
        ("unread-sessionToken", "sessionToken"),
        ("unread-input-streaming", "messages[2].parts"),
        ("unread-data", "messages[2].parts"),
    ]


REASONING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"anthropic": {"redactedData": "eA=="}}, {"redacted": "eA=="}),
    ({"openai": {"itemId": "rs_1", "reasoningEncryptedContent": "eA=="}}, {"encrypted": "eA==", "id": "rs_1"}),
    ({"google": {"thoughtSignature": "eA=="}}, {"signature": "eA=="}),
]


@pytest.mark.parametrize(("metadata", "kept"), REASONING)
def test_what_vendors_want_back_with_reasoning_is_kept(metadata: dict[str, Any], kept: dict[str, Any]) -> None:
    part = {"type": "reasoning", "text": "", "providerMetadata": metadata}
    asked = read({"messages": [{"role": "assistant", "parts": [part]}]})
    assert to_dict(asked)["messages"][0]["content"] == [{"type": "reasoning", **kept}]


def test_a_call_that_waits_for_its_result_is_kept_for_the_history_repair() -> None:
    call = {"type": "tool-add", "toolCallId": "c1", "state": "input-available", "input": {"a": 1}}
    asked = read({"messages": [{"role": "assistant", "parts": [call]}]})
    assert [(message.role, len(message.content)) for message in asked.messages] == [("assistant", 1)]


def test_a_real_chat_is_valid() -> None:
    assert UI.validate("/v1/ui/chat", {}, json.dumps(CHAT).encode()) == []


FAULTS: list[tuple[Any, list[tuple[str, str]]]] = [
    ([], [("body-not-json", "")]),
    ({"id": "x"}, [("messages-missing", "messages")]),
    ({"messages": [{"role": "tool", "parts": []}]}, [("role-unknown", "messages[0].role")]),
    ({"messages": [{"role": "user", "content": "Hi"}]}, [("parts-type", "messages[0].parts")]),
    ({"messages": [{"role": "user", "parts": [3]}]}, [("part-type", "messages[0].parts[0].type")]),
    (
        {"messages": [{"role": "user", "parts": [{"type": "file", "url": "x"}]}]},
        [("part-field", "messages[0].parts[0].mediaType")],
    ),
    (
        {"messages": [{"role": "assistant", "parts": [{"type": "tool-x", "toolCallId": "c"}]}]},
        [("part-field", "messages[0].parts[0].state")],
    ),
]


@pytest.mark.parametrize(("body", "found"), FAULTS)
def test_what_is_no_chat_is_refused(body: Any, found: list[tuple[str, str]]) -> None:
    faults = UI.validate("/v1/ui/chat", {}, json.dumps(body).encode())
    assert [(fault.rule, fault.where) for fault in faults] == found


def test_only_its_own_path_is_its_endpoint() -> None:
    assert UI.matches("POST", "/v1/ui/chat?x=1")
    assert not UI.matches("GET", "/v1/ui/chat")
    assert not UI.matches("POST", "/v1/chat/completions")


def test_nobody_is_asked_in_it() -> None:
    with pytest.raises(ValueError, match="nobody is asked in ai-sdk-ui"):
        UI.build_request(read(CHAT), None)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_values_of_another_type_never_raise(data: st.DataObject) -> None:
    chat = json.loads(json.dumps(CHAT))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(list(places(chat))))
        holder[key] = deepcopy(data.draw(ODD_VALUES))
    body = json.dumps(chat).encode()
    assert UI.read_request("/v1/ui/chat", {}, body).stream is True
    assert all(loss.what.startswith("unread-") for loss in UI.unread("/v1/ui/chat", {}, body))
    assert isinstance(UI.validate("/v1/ui/chat", {}, body), list)
