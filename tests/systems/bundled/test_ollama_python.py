"""The adapter of Ollama's Python library says what its user would say, and hands on what its user would see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import ErrorInfo, Failure, Finish, Reasoning, Start, Text, ToolCall, Usage

from .conftest import HISTORY, Ask, answer

pytest.importorskip("ollama")

SCRIPT = "ollama_python"

DIALECT = "ollama"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
TOOLS: dict[str, Any] = {**HELLO, "tools": HISTORY["tools"]}
CALL = [
    Reasoning("Hm."),
    Text("One moment."),
    ToolCall(0, None, "get_weather", '{"city":"Oslo"}'),
    Finish("tool_calls"),
]
ANSWER = [
    Start(None, "test-model"),
    Reasoning("Hm."),
    Text("Let me see."),
    ToolCall(0, None, "get_weather", '{"city":"Oslo"}'),
    Usage(9, 4),
    Finish("tool_calls"),
]


def test_an_answer_is_handed_on(ask: Ask) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, ANSWER))
    assert seen.end == CallerEnd("completed")
    assert seen.events == [
        Start(None, "test-model"),
        Reasoning("Hm."),
        Text("Let me see."),
        ToolCall(0, None, "get_weather", '{"city": "Oslo"}'),
        Usage(9, 4),
        Finish("tool_calls", "stop"),
    ]


def test_it_says_everything_that_it_can(ask: Ask) -> None:
    assert ask(DIALECT, {**HISTORY, "stop": ["END"]}, answer(DIALECT, ANSWER)).body == {
        "model": "test-model",
        "stream": True,
        "messages": [
            {"role": "system", "content": "You are terse."},
            {"role": "user", "content": "Weather?", "images": ["aGk="]},
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}},
                    {"function": {"name": "get_weather", "arguments": {"city": "Rome"}}},
                ],
            },
            {"role": "tool", "tool_name": "get_weather", "content": "3 °C"},
            {"role": "tool", "tool_name": "get_weather", "content": "no such city"},
            {"role": "user", "content": "And now?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Looks out.",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                },
            }
        ],
        "options": {"num_predict": 256, "temperature": 0, "stop": ["END"]},
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"effort": "none"}, False),
        ({"effort": "minimal"}, "low"),
        ({"effort": "high"}, "high"),
        ({"budget_tokens": 2048}, True),
        ({"budget_tokens": 0}, False),
    ],
)
def test_reasoning_is_asked_for(ask: Ask, asked: dict[str, Any], said: Any) -> None:
    assert ask(DIALECT, {**HELLO, "reasoning": asked}, answer(DIALECT, ANSWER)).body["think"] == said


def test_no_tools_are_offered_where_none_may_be_called(ask: Ask) -> None:
    assert ask(DIALECT, {**TOOLS, "tool_choice": "none"}, answer(DIALECT, ANSWER)).body.get("tools", []) == []


def test_the_talk_goes_on_after_calls(ask: Ask) -> None:
    last = answer(DIALECT, [ToolCall(0, None, "other", "{}"), Finish("tool_calls")])
    end = answer(DIALECT, [Text("Done."), Finish("stop")])
    seen = ask(DIALECT, TOOLS, answer(DIALECT, CALL), last, end, tool_results={"get_weather": "3 °C"})
    assert [event.index for event in seen.events if isinstance(event, ToolCall)] == [0, 1]
    assert json.loads(seen.attempts[2].body)["messages"][1:] == [
        {
            "role": "assistant",
            "thinking": "Hm.",
            "content": "One moment.",
            "tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "tool_name": "get_weather", "content": "3 °C"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "other", "arguments": {}}}]},
        {"role": "tool", "tool_name": "other", "content": "there is no tool other"},
    ]


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_stop_reasons_are_told_apart(ask: Ask, reason: str) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), Finish(reason)]))  # type: ignore[arg-type]
    assert [event.reason for event in seen.events if isinstance(event, Finish)] == [reason]


def test_an_error_in_the_stream_reaches_the_caller(ask: Ask) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), Failure(ErrorInfo("server", "out of memory"))]))
    assert seen.end.raised == "ollama._types.ResponseError"
    assert seen.end.error is not None
    assert "out of memory" in str(seen.end.error.message)


def test_it_stops_its_request_when_it_is_told_to(ask: Ask) -> None:
    endless = answer(DIALECT, [Text("word ") for _ in range(2000)])
    assert ask(DIALECT, HELLO, endless, cancel_after_events=2).end == CallerEnd("cancelled")
