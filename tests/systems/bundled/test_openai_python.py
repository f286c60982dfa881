"""The adapter of OpenAI's SDK says what the SDK's user would say, and hands on what its user would see."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import (
    ErrorInfo,
    Failure,
    Finish,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
)

from .conftest import HISTORY, Ask, answer

pytest.importorskip("openai")

SCRIPT = "openai_python"

CHAT, RESPONSES = "openai-chat", "openai-responses"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
ANSWER = [
    Start("id-1", "test-model"),
    Text("Let me "),
    Text("see."),
    ToolCall(0, "call_1", "get_weather", '{"city":'),
    ToolCall(0, arguments='"Oslo"}'),
    ToolCall(1, "call_2", "get_weather", "{}"),
    Finish("tool_calls"),
    Usage(9, 4, 1, 2),
]


def joined(events: list[Any], kind: type[Any], field: str) -> str:
    return "".join(getattr(event, field) for event in events if isinstance(event, kind))


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES])
def test_an_answer_is_handed_on(ask: Ask, dialect: str) -> None:
    seen = ask(dialect, HELLO, answer(dialect, ANSWER))
    assert seen.end == CallerEnd("completed")
    assert joined(seen.events, Text, "text") == "Let me see."
    calls = [event for event in seen.events if isinstance(event, ToolCall)]
    assert [(call.index, call.id, call.name) for call in calls if call.id] == [
        (0, "call_1", "get_weather"),
        (1, "call_2", "get_weather"),
    ]
    assert [joined([call for call in calls if call.index == index], ToolCall, "arguments") for index in (0, 1)] == [
        '{"city":"Oslo"}',
        "{}",
    ]
    assert [event.reason for event in seen.events if isinstance(event, Finish)] == ["tool_calls"]
    assert [event for event in seen.events if isinstance(event, Usage)] == [Usage(9, 4, 1, 2)]
    assert [event for event in seen.events if isinstance(event, Start)] == [Start("id-1", "test-model")]


def test_chat_says_everything_that_it_can(ask: Ask) -> None:
    request = {**HISTORY, "stop": ["END"], "top_p": 0.5, "reasoning": {"effort": "low"}}
    assert ask(CHAT, request, answer(CHAT, ANSWER)).body == {
        "model": "test-model",
        "messages": [
            {"role": "system", "content": "You are terse."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Weather?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
                ],
            },
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Let me see."}],
                "tool_calls": [
                    {"id": f"call_{number}", "type": "function", "function": {"name": "get_weather", "arguments": city}}
                    for number, city in ((1, '{"city":"Oslo"}'), (2, '{"city":"Rome"}'))
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "3 °C"},
            {"role": "tool", "tool_call_id": "call_2", "content": "no such city"},
            {"role": "user", "content": "And now?"},
        ],
        "tools": [{"type": "function", "function": HISTORY["tools"][0]}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "parallel_tool_calls": False,
        "max_completion_tokens": 256,
        "temperature": 0,
        "top_p": 0.5,
        "stop": ["END"],
        "reasoning_effort": "low",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_responses_says_everything_that_it_can(ask: Ask) -> None:
    thought = {"type": "reasoning", "text": "Hm.", "encrypted": "ENC", "id": "rs_1"}
    first, second, *rest = HISTORY["messages"]
    turns = [first, {**second, "content": [thought, *second["content"]]}, *rest]
    request = {**HISTORY, "messages": turns, "reasoning": {"effort": "low"}}
    assert ask(RESPONSES, request, answer(RESPONSES, ANSWER)).body == {
        "model": "test-model",
        "instructions": "You are terse.",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,aGk="}],
            },
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": "ENC",
            },
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
            {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city":"Oslo"}'},
            {"type": "function_call", "call_id": "call_2", "name": "get_weather", "arguments": '{"city":"Rome"}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "3 °C"},
            {"type": "function_call_output", "call_id": "call_2", "output": "no such city"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And now?"}]},
        ],
        "tools": [{"type": "function", "strict": False, **HISTORY["tools"][0]}],
        "tool_choice": {"type": "function", "name": "get_weather"},
        "parallel_tool_calls": False,
        "max_output_tokens": 256,
        "temperature": 0,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
    }


def test_responses_keep_reasoning_and_what_must_be_sent_back(ask: Ask) -> None:
    thoughts = [Reasoning("Hm.", summary=True), Signature("ENC", "encrypted", id="rs_1"), Text("Hi"), Finish("stop")]
    seen = ask(RESPONSES, HELLO, answer(RESPONSES, thoughts))
    assert Reasoning("Hm.", summary=True) in seen.events
    assert [event.data for event in seen.events if isinstance(event, Signature)] == ["ENC"]


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES])
def test_a_refusal_is_no_text(ask: Ask, dialect: str) -> None:
    seen = ask(dialect, HELLO, answer(dialect, [Refusal("I cannot."), Finish("stop")]))
    assert joined(seen.events, Refusal, "text") == "I cannot."
    assert joined(seen.events, Text, "text") == ""


@pytest.mark.parametrize(("reason", "dialect"), [("length", CHAT), ("content_filter", CHAT), ("length", RESPONSES)])
def test_stop_reasons_are_told_apart(ask: Ask, reason: str, dialect: str) -> None:
    seen = ask(dialect, HELLO, answer(dialect, [Text("Hi"), Finish(reason)]))  # type: ignore[arg-type]
    assert [event.reason for event in seen.events if isinstance(event, Finish)] == [reason]


def test_choices_are_kept_apart(ask: Ask) -> None:
    events = [Text("a"), Text("b", choice=1), Finish("stop"), Finish("length", choice=1)]
    seen = ask(CHAT, HELLO, answer(CHAT, events))
    assert [event for event in seen.events if isinstance(event, Text)] == [Text("a"), Text("b", choice=1)]


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES])
def test_an_error_in_the_stream_reaches_the_caller(ask: Ask, dialect: str) -> None:
    failure = Failure(ErrorInfo("server", "It broke.", code="server_error"))
    seen = ask(dialect, HELLO, answer(dialect, [Text("Hi"), failure]))
    assert seen.end.status == "error"
    assert seen.end.error is not None
    assert "It broke." in seen.end.error.message


def test_it_stops_its_request_when_it_is_told_to(ask: Ask) -> None:
    endless = answer(CHAT, [Text("word ") for _ in range(2000)])
    seen = ask(CHAT, HELLO, endless, cancel_after_events=2)
    assert seen.end == CallerEnd("cancelled")
    assert joined(seen.events, Text, "text") == "word word "
