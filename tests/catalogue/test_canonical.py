"""The short forms of events and requests."""

from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from harness.catalogue.canonical import STANDARD_TOOLS, read_canonical, read_events
from harness.events import ErrorInfo, Failure, Finish, Other, Reasoning, Signature, Start, Text, ToolCall, Usage
from harness.request import ImagePart, Message, TextPart


@pytest.mark.parametrize(
    ("item", "events"),
    [
        ({"text": "Hel"}, [Text("Hel")]),
        ({"text": ["Hel", "lo"]}, [Text("Hel"), Text("lo")]),
        ({"text": {"text": ["a", "b"], "choice": 1}}, [Text("a", 1), Text("b", 1)]),
        ({"type": "text", "text": "Hel"}, [Text("Hel")]),
        ({"reasoning": "Hm"}, [Reasoning("Hm")]),
        ({"reasoning": {"text": "Hm", "summary": True}}, [Reasoning("Hm", summary=True)]),
        ({"signature": "sig"}, [Signature("sig")]),
        ({"finish": "stop"}, [Finish("stop")]),
        ({"finish": {"reason": "other", "raw": "weird"}}, [Finish("other", "weird")]),
        ({"usage": {"input_tokens": 9}}, [Usage(input_tokens=9)]),
        ({"start": {"id": "r1"}}, [Start("r1")]),
        ({"other": {"kind": "citation", "data": {"url": "x"}}}, [Other("citation", {"url": "x"})]),
        ({"failure": {"kind": "server"}}, [Failure(ErrorInfo("server", "The request failed."))]),
        (
            {"failure": {"error": {"kind": "quota", "message": "No more."}}},
            [Failure(ErrorInfo("quota", "No more."))],
        ),
        ({"tool_call": {"name": "f"}}, [ToolCall(0, None, "f")]),
        (
            {"tool_call": {"id": "c", "name": "f", "arguments": {"city": "Malmö"}}},
            [ToolCall(0, "c", "f", '{"city":"Malmö"}')],
        ),
        (
            {"tool_call": {"index": 2, "id": "c", "name": "f", "arguments": ['{"a"', ": 1}"]}},
            [ToolCall(2, "c", "f", '{"a"'), ToolCall(2, None, None, ": 1}")],
        ),
    ],
)
def test_an_item_stands_for_events(item: dict[str, Any], events: list[Any]) -> None:
    assert list(read_events(item)) == events


@pytest.mark.parametrize(
    ("item", "at", "words"),
    [
        ("text", [], "a mapping such as"),
        ({"text": "a", "finish": "stop"}, [], "one key"),
        ({"txt": "a"}, ["txt"], "did you mean 'text'"),
        ({"end": {"status": "completed"}}, ["end"], "unknown event"),
        ({"finish": "halt"}, ["finish", "reason"], "unknown value 'halt'"),
        ({"text": 3}, ["text", "text"], "Expected `str`"),
        ({"usage": {"inputtokens": 3}}, ["usage", "inputtokens"], "did you mean 'input_tokens'"),
        ({"usage": 3}, ["usage"], "has fields"),
        ({"failure": {"kind": "servr"}}, ["failure", "error", "kind"], "did you mean 'server'"),
        ({"failure": {"kind": "server", "foo": 1}}, ["failure", "foo"], "unknown key 'foo'"),
    ],
)
def test_what_is_no_event_is_refused_with_its_place(item: Any, at: list[str], words: str) -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        read_events(item)
    context = refusal.value.context
    assert context is not None
    assert (context["at"], words in context["what"]) == (at, True), context


def test_a_request_that_says_nothing_is_a_plain_one() -> None:
    request = read_canonical({})
    assert (request.model, request.stream) == ("test-model", True)
    assert request.messages == [Message(role="user", content=[TextPart(text="Hello")])]


def test_messages_may_be_one_text() -> None:
    assert read_canonical({"messages": "Hi"}).messages == [Message(role="user", content=[TextPart(text="Hi")])]


def test_standard_tools_are_offered_by_name() -> None:
    tools = read_canonical({"tools": ["get_weather", {"name": "mine"}]}).tools
    assert tools is not None
    assert [tool.name for tool in tools] == ["get_weather", "mine"]
    assert tools[0].parameters == STANDARD_TOOLS["get_weather"]["parameters"]


def test_parts_are_read() -> None:
    parts = [{"type": "image", "media_type": "image/png", "data": "AA=="}]
    request = read_canonical({"messages": [{"role": "user", "content": parts}]})
    assert request.messages[0].content == [ImagePart(media_type="image/png", data="AA==")]


@pytest.mark.parametrize(
    ("data", "at", "words"),
    [
        ([], [], "a mapping such as"),
        ({"mesages": "Hi"}, ["mesages"], "did you mean 'messages'"),
        ({"messages": [{"role": "usr", "content": "Hi"}]}, ["messages", 0, "role"], "did you mean 'user'"),
        ({"tools": ["get_wether"]}, ["tools", 0], "did you mean 'get_weather'"),
        ({"max_output_tokens": "many"}, ["max_output_tokens"], "Expected"),
    ],
)
def test_what_is_no_request_is_refused_with_its_place(data: Any, at: list[Any], words: str) -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        read_canonical(data)
    context = refusal.value.context
    assert context is not None
    assert (context["at"], words in context["what"]) == (at, True), context
