"""A Responses request, as clients send it, in canonical form."""

from __future__ import annotations

import json
from typing import Any

from harness.dialects.openai_responses.read_request import read_request
from harness.request import to_dict

from .sdk import sent


def read(**body: Any) -> dict[str, Any]:
    return to_dict(read_request("/v1/responses", {}, json.dumps(body).encode()))


def parts(*items: dict[str, Any]) -> list[Any]:
    """Role and parts of each message that is read."""
    return [(said["role"], said["content"]) for said in read(input=list(items))["messages"]]


def test_what_the_vendors_sdk_sends_is_read() -> None:
    http = sent(
        instructions="Be terse.",
        input=[
            {"role": "user", "content": "Weather?"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}],
             "encrypted_content": "enc"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "3"},
        ],
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}],
        tool_choice={"type": "function", "name": "f"},
        max_output_tokens=16,
        reasoning={"effort": "low"},
    )  # fmt: skip
    assert to_dict(read_request(http.url.raw_path.decode(), dict(http.headers), http.content)) == {
        "model": "m",
        "system": "Be terse.",
        "stream": True,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "hm", "encrypted": "enc", "id": "rs_1"},
                    {"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}"},
                ],
            },
            {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "c1", "content": "3"}]},
        ],
        "tools": [{"name": "f", "parameters": {"type": "object"}}],
        "tool_choice": {"name": "f"},
        "max_output_tokens": 16,
        "reasoning": {"effort": "low"},
    }


def test_a_text_alone_is_what_the_user_says() -> None:
    http = sent()
    assert to_dict(read_request(http.url.raw_path.decode(), {}, http.content))["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "x"}]}
    ]


def test_the_output_items_of_an_answer_are_one_turn() -> None:
    spoken = {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
              "content": [{"type": "output_text", "text": "Looking.", "annotations": []},
                          {"type": "refusal", "refusal": "No."}]}  # fmt: skip
    call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    assert parts({"role": "user", "content": "a"}, {"role": "user", "content": "b"}, spoken, call) == [
        ("user", [{"type": "text", "text": "a"}]),
        ("user", [{"type": "text", "text": "b"}]),
        (
            "assistant",
            [
                {"type": "text", "text": "Looking."},
                {"type": "text", "text": "No."},
                {"type": "tool_call", "id": "c1", "name": "f", "arguments": '{"a":1}'},
            ],
        ),
    ]


def test_an_output_may_hold_parts_and_images() -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,aGk="}
    output = [{"type": "input_text", "text": "a"}, picture, {"type": "input_text", "text": "b"}]
    assert parts({"type": "function_call_output", "call_id": "c1", "output": output}) == [
        (
            "tool",
            [
                {
                    "type": "tool_result",
                    "tool_call_id": "c1",
                    "content": "ab",
                    "media": [{"type": "image", "media_type": "image/png", "data": "aGk="}],
                }
            ],
        )
    ]


def test_custom_tools() -> None:
    assert parts(
        {"type": "custom_tool_call", "call_id": "c1", "name": "sh", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "a"},
    ) == [
        ("assistant", [{"type": "tool_call", "id": "c1", "name": "sh", "arguments": "ls"}]),
        ("tool", [{"type": "tool_result", "tool_call_id": "c1", "content": "a"}]),
    ]


def test_instructions_may_be_messages() -> None:
    given = [
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "input_text", "text": "b"}]},
    ]
    assert read(instructions=given)["system"] == "a\n\nb"


def test_what_has_no_word_is_left_out() -> None:
    assert parts({"type": "item_reference", "id": "msg_1"}, {"type": "web_search_call", "id": "ws_1"}) == []
    assert "tools" not in read(tools=[{"type": "web_search"}])
    assert "tool_choice" not in read(tool_choice={"type": "web_search"})
