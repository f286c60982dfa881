"""A chat completion request, as clients send it, in canonical form."""

from __future__ import annotations

import json
from typing import Any

from harness.dialects.openai_chat.read_request import read_request
from harness.request import to_dict

from . import sdk

PATH = "/v1/chat/completions"


def read(path: str = PATH, **body: Any) -> dict[str, Any]:
    return to_dict(read_request(path, {}, json.dumps(body).encode()))


def parts(*messages: dict[str, Any]) -> list[Any]:
    """Role and parts of each message that is read."""
    return [(said["role"], said["content"]) for said in read(messages=list(messages))["messages"]]


def test_what_the_vendors_sdk_sends_is_read() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"n": 9007199254740993}'}}
    request = sdk.sent(
        messages=[
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "3"},
        ],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, "strict": True}}],
        tool_choice={"type": "function", "function": {"name": "f"}},
        parallel_tool_calls=False,
        max_tokens=5,
        stop="END",
        reasoning_effort="low",
        temperature=0,
    )
    assert to_dict(read_request(request.url.raw_path.decode(), dict(request.headers), request.content)) == {
        "model": "m",
        "system": "Be terse.",
        "stream": True,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"n": 9007199254740993}'},
                ],
            },
            {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "c1", "content": "3"}]},
        ],
        "tools": [{"name": "f", "parameters": {"type": "object"}, "strict": True}],
        "tool_choice": {"name": "f"},
        "parallel_tool_calls": False,
        "max_output_tokens": 5,
        "temperature": 0,
        "stop": ["END"],
        "reasoning": {"effort": "low"},
    }


def test_what_the_sdk_sends_by_default_asks_for_nothing() -> None:
    request = sdk.sent(stream=False)
    read = to_dict(read_request(request.url.raw_path.decode(), {}, request.content))
    assert read == {
        "model": "m",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
        "stream": False,
    }


def test_only_the_first_system_message_is_the_system_text() -> None:
    data = read(
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
            {"role": "system", "content": "three"},
            {"role": "developer", "content": "four"},
        ]
    )
    assert data["system"] == "onetwo"
    assert [said["role"] for said in data["messages"]] == ["system", "developer"]


def test_an_assistants_reasoning_refusal_and_signature() -> None:
    google = {"google": {"thought_signature": "c2ln"}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}, "extra_content": google}
    said = {"role": "assistant", "content": "", "reasoning_content": "hm", "refusal": "No.", "tool_calls": [call]}
    assert parts(said) == [
        (
            "assistant",
            [
                {"type": "reasoning", "text": "hm"},
                {"type": "text", "text": "No."},
                {"type": "tool_call", "id": "c1", "name": "f", "arguments": "", "signature": "c2ln"},
            ],
        )
    ]


def test_custom_tools_and_the_old_function_calls() -> None:
    custom = {"id": "c1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    old = {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": "{}"}}
    assert parts(
        {"role": "assistant", "tool_calls": [custom]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "a"}]},
        old,
        {"role": "function", "name": "g", "content": "b"},
    ) == [
        ("assistant", [{"type": "tool_call", "id": "c1", "name": "sh", "arguments": "ls"}]),
        ("tool", [{"type": "tool_result", "tool_call_id": "c1", "content": "a"}]),
        ("assistant", [{"type": "tool_call", "id": "call_made_0", "name": "g", "arguments": "{}"}]),
        ("tool", [{"type": "tool_result", "tool_call_id": "call_made_0", "content": "b"}]),
    ]


def test_a_call_in_both_forms_is_one_call() -> None:
    said = {"name": "f", "arguments": "{}"}
    both = {
        "role": "assistant",
        "function_call": said,
        "tool_calls": [{"id": "c1", "type": "function", "function": said}],
    }
    assert parts(both) == [("assistant", [{"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}"}])]


def test_what_has_no_word_is_left_out() -> None:
    assert parts(
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lG"}},
                {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
            ],
        }
    ) == [("user", [{"type": "image", "media_type": "image/gif", "data": "R0lG"}])]
    assert "tools" not in read(messages=[], tools=[{"type": "custom", "custom": {"name": "sh"}}])


def test_the_model_may_stand_in_the_path() -> None:
    assert read("/openai/deployments/my%20model/chat/completions?api-version=1", messages=[])["model"] == "my model"


def test_reasoning_as_routers_take_it() -> None:
    assert read(reasoning={"effort": "high"})["reasoning"] == {"effort": "high"}
    assert read(reasoning={"max_tokens": 2000})["reasoning"] == {"budget_tokens": 2000}
