"""The adapter of Google's Gen AI SDK says what the SDK's user would say, and hands on what its user would see."""

from __future__ import annotations

from typing import Any

import pytest

from harness.catalogue.observation import CallerEnd
from harness.events import ErrorInfo, Failure, Finish, Reasoning, Signature, Start, Text, ToolCall, Usage

from .conftest import HISTORY, Ask, answer

pytest.importorskip("google.genai")

SCRIPT = "google_genai"

DIALECT = "gemini"
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]}
TOOLS: dict[str, Any] = {**HELLO, "tools": HISTORY["tools"]}
CALL = [ToolCall(0, "call_1", "get_weather", '{"city":"Oslo"}'), Finish("tool_calls")]
ANSWER = [
    Start("resp_1", "test-model"),
    Reasoning("Hm."),
    Text("Let me see."),
    ToolCall(0, "call_1", "get_weather", '{"city":"Oslo"}'),
    Signature("U0lHTg==", tool_index=0),
    Finish("tool_calls"),
    Usage(9, 4, 2, 3),
]


def test_an_answer_is_handed_on(ask: Ask) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, ANSWER))
    assert seen.end == CallerEnd("completed")
    assert [event for event in seen.events if not isinstance(event, Usage | Finish)] == [
        Start("resp_1", "test-model"),
        Reasoning("Hm."),
        Text("Let me see."),
        ToolCall(0, "call_1", "get_weather", '{"city": "Oslo"}'),
        Signature("U0lHTg==", tool_index=0),
    ]
    assert [event for event in seen.events if isinstance(event, Finish)] == [Finish("tool_calls", "STOP")]
    usage = [event for event in seen.events if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.output_tokens) == (9, 4)


def test_it_says_everything_that_it_can(ask: Ask) -> None:
    assert ask(DIALECT, {**HISTORY, "stop": ["END"]}, answer(DIALECT, ANSWER)).body == {
        "systemInstruction": {"parts": [{"text": "You are terse."}], "role": "user"},
        "contents": [
            {
                "role": "user",
                "parts": [{"text": "Weather?"}, {"inlineData": {"mime_type": "image/png", "data": "aGk="}}],
            },
            {
                "role": "model",
                "parts": [
                    {"text": "Let me see."},
                    {"functionCall": {"id": "call_1", "name": "get_weather", "args": {"city": "Oslo"}}},
                    {"functionCall": {"id": "call_2", "name": "get_weather", "args": {"city": "Rome"}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "call_1", "name": "get_weather", "response": {"output": "3 °C"}}},
                    {
                        "functionResponse": {
                            "id": "call_2",
                            "name": "get_weather",
                            "response": {"error": "no such city"},
                        }
                    },
                ],
            },
            {"role": "user", "parts": [{"text": "And now?"}]},
        ],
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "get_weather",
                        "description": "Looks out.",
                        "parameters_json_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
                    }
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}},
        "generationConfig": {"maxOutputTokens": 256, "temperature": 0, "stopSequences": ["END"]},
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"budget_tokens": 2048}, {"include_thoughts": True, "thinking_budget": 2048}),
        ({"effort": "none"}, {"include_thoughts": False, "thinking_budget": 0}),
        ({"effort": "xhigh"}, {"include_thoughts": True, "thinking_level": "HIGH"}),
    ],
)
def test_reasoning_is_asked_for(ask: Ask, asked: dict[str, Any], said: dict[str, Any]) -> None:
    body = ask(DIALECT, {**HELLO, "reasoning": asked}, answer(DIALECT, ANSWER)).body
    assert body["generationConfig"]["thinkingConfig"] == said


def test_signatures_go_back_where_they_came(ask: Ask) -> None:
    call = {"type": "tool_call", "id": "call_1", "name": "f", "arguments": "", "signature": "U0lHTg=="}
    result = {"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C"}
    turns = [{"role": "assistant", "content": [call]}, {"role": "tool", "content": [result]}]
    body = ask(DIALECT, {**HELLO, "messages": HELLO["messages"] + turns}, answer(DIALECT, ANSWER)).body
    spoken = {"functionCall": {"id": "call_1", "name": "f", "args": {}}, "thoughtSignature": "U0lHTg=="}
    assert body["contents"][1]["parts"] == [spoken]


def test_the_talk_goes_on_after_calls(ask: Ask) -> None:
    last = answer(DIALECT, [Text("3 °C."), Finish("stop")])
    seen = ask(DIALECT, TOOLS, answer(DIALECT, CALL), last, tool_results={"get_weather": "3 °C"})
    assert (seen.end, len(seen.attempts)) == (CallerEnd("completed"), 2)
    assert b'"functionResponse": {"id": "call_1", "name": "get_weather"' in seen.attempts[1].body
    assert [event.text for event in seen.events if isinstance(event, Text)] == ["3 °C."]


def test_calls_of_a_later_turn_count_on_and_an_unknown_tool_is_told_so(ask: Ask) -> None:
    last = answer(DIALECT, [Text("Done."), Finish("stop")])
    seen = ask(DIALECT, TOOLS, answer(DIALECT, CALL), answer(DIALECT, CALL), last, tool_results={"other": ""})
    assert [event.index for event in seen.events if isinstance(event, ToolCall)] == [0, 1]
    assert b"there is no tool get_weather" in seen.attempts[2].body


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_stop_reasons_are_told_apart(ask: Ask, reason: str) -> None:
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), Finish(reason)]))  # type: ignore[arg-type]
    assert [event.reason for event in seen.events if isinstance(event, Finish)] == [reason]


def test_an_error_in_the_stream_reaches_the_caller_with_its_kind(ask: Ask) -> None:
    failure = Failure(ErrorInfo("overloaded", "Overloaded"))
    seen = ask(DIALECT, HELLO, answer(DIALECT, [Text("Hi"), failure]))
    assert seen.end.raised == "google.genai.errors.ServerError"
    assert seen.end.error is not None
    assert seen.end.error.kind == "overloaded"


def test_it_stops_its_request_when_it_is_told_to(ask: Ask) -> None:
    endless = answer(DIALECT, [Text("word ") for _ in range(2000)])
    assert ask(DIALECT, HELLO, endless, cancel_after_events=2).end == CallerEnd("cancelled")
