"""The adapter of Anthropic's SDK says what the SDK's user would say, and hands on what its user would see."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import ErrorInfo, Failure, Finish, Reasoning, Signature, Start, Text, ToolCall, Usage

from .conftest import HISTORY, Ask, answer

pytest.importorskip("anthropic")

SCRIPT = "anthropic_python"

DIALECT = "anthropic-messages"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
ANSWER = [
    Start("msg_1", "test-model"),
    Reasoning("Hm."),
    Signature("SIG"),
    Text("Let me see."),
    ToolCall(0, "toolu_1", "get_weather", '{"city":'),
    ToolCall(0, arguments='"Oslo"}'),
    ToolCall(1, "toolu_2", "get_weather", "{}"),
    Finish("tool_calls"),
    Usage(9, 4, None, 2, 3),
]


def test_an_answer_is_handed_on(ask: Ask) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, ANSWER))
    assert seen.end == CallerEnd("completed")
    assert [event for event in seen.events if isinstance(event, Start | Reasoning | Signature | Text)] == [
        Start("msg_1", "test-model"),
        Reasoning("Hm."),
        Signature("SIG"),
        Text("Let me see."),
    ]
    calls = [event for event in seen.events if isinstance(event, ToolCall)]
    assert [(call.index, call.id, call.name) for call in calls if call.id] == [
        (0, "toolu_1", "get_weather"),
        (1, "toolu_2", "get_weather"),
    ]
    assert "".join(call.arguments for call in calls if call.index == 0) == '{"city":"Oslo"}'
    assert [event for event in seen.events if isinstance(event, Finish)] == [Finish("tool_calls", "tool_use")]
    usage = [event for event in seen.events if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens) == (9, 4)


def test_it_says_everything_that_it_can(ask: Ask) -> None:
    request = {**HISTORY, "stop": ["END"]}
    assert ask(DIALECT, request, answer(DIALECT, ANSWER)).body == {
        "model": "test-model",
        "system": "You are terse.",
        "max_tokens": 256,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Weather?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "Let me see."},
                    {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Oslo"}},
                    {"type": "tool_use", "id": "call_2", "name": "get_weather", "input": {"city": "Rome"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "3 °C"},
                    {"type": "tool_result", "tool_use_id": "call_2", "content": "no such city", "is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
        "tools": [
            {
                "name": "get_weather",
                "description": "Looks out.",
                "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
            }
        ],
        "tool_choice": {"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
        "stop_sequences": ["END"],
        "stream": True,
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget_tokens": 2048}, {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 4096}),
        ({"budget_tokens": 8192}, {"thinking": {"type": "enabled", "budget_tokens": 8192}, "max_tokens": 8193}),
        ({"effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"effort": "high"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ({"effort": "minimal"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}),
    ],
)
def test_reasoning_is_asked_for(ask: Ask, asked: dict[str, Any], said: dict[str, Any]) -> None:
    body = ask(DIALECT, {**HELLO, "reasoning": asked}, answer(DIALECT, ANSWER)).body
    assert {name: body[name] for name in said} == said


def test_earlier_thoughts_are_sent_back(ask: Ask) -> None:
    thoughts = [
        {"type": "reasoning", "text": "Hm.", "signature": "SIG"},
        {"type": "reasoning", "redacted": "RED"},
        {"type": "text", "text": "Hi"},
    ]
    turns = [*HELLO["messages"], {"role": "assistant", "content": thoughts}, *HELLO["messages"]]
    body = ask(DIALECT, {**HELLO, "messages": turns}, answer(DIALECT, ANSWER)).body
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "SIG"},
        {"type": "redacted_thinking", "data": "RED"},
        {"type": "text", "text": "Hi"},
    ]


def test_redacted_thinking_is_kept(ask: Ask) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Signature("RED", "redacted"), Text("Hi"), Finish("stop")]))
    assert Signature("RED", "redacted") in seen.events


@pytest.mark.parametrize("reason", ["stop", "length", "refusal", "pause", "context_overflow"])
def test_stop_reasons_are_told_apart(ask: Ask, reason: str) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), Finish(reason)]))  # type: ignore[arg-type]
    assert [event.reason for event in seen.events if isinstance(event, Finish)] == [reason]


def test_an_error_in_the_stream_reaches_the_caller_with_its_kind(ask: Ask) -> None:
    failure = Failure(ErrorInfo("overloaded", "Overloaded"))
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), failure]))
    assert seen.end.raised == "anthropic.APIStatusError"
    assert seen.end.error is not None
    assert (seen.end.error.kind, seen.end.error.status) == ("overloaded", None)


def test_it_stops_its_request_when_it_is_told_to(ask: Ask) -> None:
    endless = answer(DIALECT, [Text("word ") for _ in range(2000)])
    seen = ask(DIALECT, HELLO, endless, cancel_after_events=2)
    assert seen.end == CallerEnd("cancelled")
