"""The canonical request: read, refused by name of the field, and written back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.request import (
    ImagePart,
    Message,
    NamedTool,
    ReasoningPart,
    ReasoningSettings,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    read_request,
    to_dict,
)

FULL: dict[str, Any] = {
    "model": "test-model",
    "system": "You are terse.",
    "stream": True,
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather in Oslo?"},
                {"type": "image", "media_type": "image/png", "data": "aGk="},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": "hm", "signature": "c2ln"},
                {"type": "text", "text": "Let me look."},
                {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}'},
            ],
        },
        {
            "role": "tool",
            "content": [{"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C", "is_error": True}],
        },
    ],
    "tools": [{"name": "get_weather", "description": "The weather", "parameters": {"type": "object"}}],
    "tool_choice": {"name": "get_weather"},
    "parallel_tool_calls": False,
    "max_output_tokens": 256,
    "temperature": 0,
    "top_p": 0.9,
    "stop": ["END"],
    "reasoning": {"effort": "low", "budget_tokens": 1024},
}


def test_a_full_request_is_read_whole() -> None:
    assert read_request(FULL) == Request(
        model="test-model",
        system="You are terse.",
        messages=[
            Message(role="user", content=[TextPart(text="Weather in Oslo?"), ImagePart("image/png", "aGk=")]),
            Message(
                role="assistant",
                content=[
                    ReasoningPart(text="hm", signature="c2ln"),
                    TextPart(text="Let me look."),
                    ToolCallPart(id="call_1", name="get_weather", arguments='{"city": "Oslo"}'),
                ],
            ),
            Message(role="tool", content=[ToolResultPart(tool_call_id="call_1", content="3 °C", is_error=True)]),
        ],
        tools=[Tool(name="get_weather", description="The weather", parameters={"type": "object"})],
        tool_choice=NamedTool(name="get_weather"),
        parallel_tool_calls=False,
        max_output_tokens=256,
        temperature=0,
        top_p=0.9,
        stop=["END"],
        reasoning=ReasoningSettings(effort="low", budget_tokens=1024),
    )


def test_what_was_read_is_written_back_as_it_was() -> None:
    assert to_dict(read_request(FULL)) == FULL


def test_what_was_not_asked_for_is_absent() -> None:
    request = read_request({"model": "m", "messages": []})
    assert to_dict(request) == {"model": "m", "messages": [], "stream": True}


def test_a_request_that_must_not_stream_says_so() -> None:
    assert to_dict(read_request({"model": "m", "messages": [], "stream": False}))["stream"] is False


def test_a_string_as_content_is_one_text_part() -> None:
    request = read_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
    assert request.messages == [Message(role="user", content=[TextPart(text="Hi")])]


def test_an_empty_string_as_content_is_no_part() -> None:
    request = read_request({"model": "m", "messages": [{"role": "user", "content": ""}]})
    assert request.messages == [Message(role="user", content=[])]


def test_the_data_that_was_read_is_left_as_it_was() -> None:
    data = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    read_request(data)
    assert data == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("choice", ["auto", "required", "none"])
def test_the_words_of_tool_choice_are_read(choice: str) -> None:
    assert read_request({"model": "m", "messages": [], "tool_choice": choice}).tool_choice == choice


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": None}, r"\$\.model"),
        ({"messages": None}, r"\$\.messages"),
        ({"messages": [3]}, r"\$\.messages\[0\]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, r"\$\.messages\[0\]\.role"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, r"\$\.messages\[0\]\.content\[0\]\.type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "text"),
        ({"messages": [{"role": "user"}]}, "content"),
        ({"tool_choice": "any"}, r"\$\.tool_choice"),
        ({"tool_choice": {"tool": "f"}}, r"\$\.tool_choice"),
        ({"max_output_tokens": "many"}, r"\$\.max_output_tokens"),
        ({"reasoning": {"effort": "extreme"}}, r"\$\.reasoning\.effort"),
        ({"max_tokens": 3}, "max_tokens"),
    ],
)
def test_a_wrong_request_is_refused_by_the_name_of_its_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        read_request({"model": "m", "messages": [], **change})


@pytest.mark.parametrize("data", [None, [], "request", 3])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_request(data)
