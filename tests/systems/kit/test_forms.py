"""The kit's readers of vendors' forms take objects and dictionaries alike, and whatever a library leaves out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import harness.systems.kit.harness_kit as kit
from harness.systems.kit.harness_kit import chat, messages, responses
from harness.systems.kit.harness_kit.fields import field


def objects(value: Any) -> Any:
    """The same as objects with attributes, as an SDK gives it."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: objects(item) for name, item in value.items()})
    return [objects(item) for item in value] if isinstance(value, list) else value


def asis(value: Any) -> Any:
    return value


FORMS = pytest.mark.parametrize("form", [asis, objects], ids=["dictionaries", "objects"])


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


@FORMS
def test_chat_chunks_become_events(form: Any) -> None:
    reader = chat.Reader(reasoning="reasoning_content")
    counted = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}
    chunks = [
        chunk(role="assistant", reasoning_content="Hm."),
        chunk(content="Hi"),
        chunk("stop", refusal="No."),
        {"id": "c", "choices": [], "usage": counted},
    ]
    assert [event for each in chunks for event in reader.read(form(each))] == [
        kit.Start("c", "m"),
        kit.Reasoning("Hm."),
        kit.Text("Hi"),
        kit.Refusal("No."),
        kit.Finish("stop", "stop"),
        kit.Usage(9, 4, None, 2),
    ]


@FORMS
def test_chat_calls_keep_one_index_each_however_theirs_are_numbered(form: Any) -> None:
    reader = chat.Reader()

    def call(index: int | None, call_id: str | None, name: str | None, arguments: str | None) -> Any:
        function = {"name": name, "arguments": arguments}
        return form(chunk(tool_calls=[{"index": index, "id": call_id, "function": function}]))

    pieces = [call(3, "a", "f", None), call(7, "b", "g", "{}"), call(3, None, None, "{}")]
    assert [event for each in pieces for event in reader.read(each)][1:] == [
        kit.ToolCall(0, "a", "f"),
        kit.ToolCall(1, "b", "g", "{}"),
        kit.ToolCall(0, arguments="{}"),
    ]


def test_chat_calls_of_a_later_turn_count_on() -> None:
    function = {"name": "f", "arguments": "{}"}
    first, second = chat.Reader(), chat.Reader(calls=1)
    called = chunk(tool_calls=[{"index": 0, "id": "a", "function": function}])
    assert [event.index for event in first.read(called) if isinstance(event, kit.ToolCall)] == [0]
    assert [event.index for event in second.read(called) if isinstance(event, kit.ToolCall)] == [1]
    assert (first.calls, second.calls) == (1, 2)


def test_a_chat_goes_on_with_the_turn_as_a_message_and_what_the_tools_say() -> None:
    turn = [
        kit.Text("One "),
        kit.ToolCall(0, "call_1", "get_weather", '{"city"'),
        kit.Text("moment."),
        kit.ToolCall(0, arguments=': "Oslo"}'),
        kit.ToolCall(1, "call_2", "no_tool", "{}"),
        kit.Finish("tool_calls"),
    ]
    assert chat.replies(turn, {"get_weather": "3 °C"}) == [
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
                },
                {"id": "call_2", "type": "function", "function": {"name": "no_tool", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "3 °C"},
        {"role": "tool", "tool_call_id": "call_2", "content": "there is no tool no_tool"},
    ]


def test_a_chat_ends_with_a_turn_without_calls_and_where_there_are_no_tools() -> None:
    assert chat.replies([kit.Text("Hi"), kit.Finish("stop")], {"get_weather": "3 °C"}) == []
    assert chat.replies([kit.ToolCall(0, "call_1", "get_weather", "{}")], {}) == []


@pytest.mark.parametrize("odd", [{}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": None}]}, None])
def test_a_chat_chunk_that_says_nothing_gives_nothing(odd: Any) -> None:
    assert [event for event in chat.Reader().read(odd) if not isinstance(event, kit.Start)] == []


@FORMS
def test_responses_events_become_events(form: Any) -> None:
    reader = responses.Reader()
    call = {"type": "function_call", "id": "fc", "call_id": "call_1", "name": "f", "arguments": ""}
    counted = {"input_tokens": 9, "output_tokens": 4}
    stream: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "r", "model": "m"}},
        {"type": "response.output_text.delta", "item_id": "m1", "delta": "Hi"},
        {"type": "response.output_text.done", "item_id": "m1", "text": "Hi"},
        {"type": "response.output_text.done", "item_id": "m2", "text": "Whole"},
        {"type": "response.output_item.added", "item": call},
        {"type": "response.function_call_arguments.delta", "item_id": "fc", "delta": "{}"},
        {"type": "response.output_item.done", "item": {**call, "arguments": "{}"}},
        {"type": "response.completed", "response": {"status": "completed", "usage": counted}},
    ]
    assert [event for each in stream for event in reader.read(form(each))] == [
        kit.Start("r", "m"),
        kit.Text("Hi"),
        kit.Text("Whole"),
        kit.ToolCall(0, "call_1", "f"),
        kit.ToolCall(0, arguments="{}"),
        kit.Usage(9, 4),
        kit.Finish("tool_calls", "completed"),
    ]


@FORMS
@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "It broke."},
        {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "It broke."}}},
    ],
)
def test_an_error_of_a_responses_stream_is_raised(form: Any, event: dict[str, Any]) -> None:
    with pytest.raises(kit.Failed, match=r"It broke\.") as raised:
        responses.Reader().read(form(event))
    assert raised.value.kind == "server"


@FORMS
def test_messages_events_become_events(form: Any) -> None:
    reader = messages.Reader()
    stream: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg", "model": "m", "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "S"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "f"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    ]
    assert [event for each in stream for event in reader.read(form(each))] == [
        kit.Start("msg", "m"),
        kit.Usage(9),
        kit.Reasoning("Hm."),
        kit.Signature("S"),
        kit.ToolCall(0, "t", "f"),
        kit.ToolCall(0, arguments="{}"),
        kit.Usage(None, 4),
        kit.Finish("tool_calls", "tool_use"),
    ]


@pytest.mark.parametrize("odd", [{}, None, {"type": "content_block_start"}, {"type": "content_block_delta"}])
def test_an_odd_messages_event_is_evidence_at_most(odd: Any) -> None:
    assert all(isinstance(event, kit.Other) for event in messages.Reader().read(odd))


def test_text_that_the_api_refuses_is_left_out_of_messages() -> None:
    turn = {"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "Hi"}]}
    assert messages.messages([turn]) == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def test_arguments_that_are_no_object_are_wrapped_for_messages() -> None:
    assert messages.tool_input("[1]") == {"arguments": "[1]"}
    assert messages.tool_input("") == {}


def test_what_is_both_an_object_and_a_dictionary_is_read_by_its_attributes() -> None:
    class Both(dict[str, Any]):
        pass

    both = Both(items=1, usage={"total": 1})
    both.usage = SimpleNamespace(total=1, details=2)  # type: ignore[attr-defined]
    assert (field(both, "usage").details, field(both, "items"), field(both, "none")) == (2, 1, None)
