"""Reading UI message streams: those of the AI SDK itself, of servers that write them by hand, and broken ones."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import dialect
from harness.events import ErrorInfo, Finish, Other, Reasoning, Retry, Signature, Start, Text, ToolCall, Usage

from ..decoded import events, every_cut, transcript
from .chunks import DONE, body

SDK_STREAM = body(
    {"type": "start", "messageId": "msg-1"},
    {"type": "start-step"},
    {"type": "reasoning-start", "id": "0"},
    {"type": "reasoning-delta", "id": "0", "delta": "Two numbers."},
    {"type": "reasoning-delta", "id": "0", "delta": "", "providerMetadata": {"anthropic": {"signature": "sig"}}},
    {"type": "reasoning-end", "id": "0"},
    {"type": "tool-input-start", "toolCallId": "c1", "toolName": "add"},
    {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": '{"a":'},
    {"type": "tool-input-delta", "toolCallId": "c1", "inputTextDelta": " 1}"},
    {"type": "tool-input-available", "toolCallId": "c1", "toolName": "add", "input": {"a": 1}},
    {"type": "tool-output-available", "toolCallId": "c1", "output": {"sum": 2}},
    {"type": "finish-step"},
    {"type": "start-step"},
    {"type": "text-start", "id": "0"},
    {"type": "text-delta", "id": "0", "delta": "It is "},
    {"type": "text-delta", "id": "0", "delta": "2."},
    {"type": "text-end", "id": "0"},
    {"type": "finish-step"},
    {"type": "finish", "finishReason": "stop"},
)


def test_what_the_sdk_serves_is_read() -> None:
    assert events("ai-sdk-ui", SDK_STREAM)[:-1] == [
        Start("msg-1"),
        Reasoning("Two numbers."),
        Signature("sig"),
        ToolCall(0, "c1", "add"),
        ToolCall(0, arguments='{"a":'),
        ToolCall(0, arguments=" 1}"),
        Other("tool-output-available", {"toolCallId": "c1", "output": {"sum": 2}}),
        Text("It is "),
        Text("2."),
        Finish("stop", "stop"),
    ]


def test_any_cut_of_it_amounts_to_the_same() -> None:
    whole = transcript("ai-sdk-ui", SDK_STREAM)
    assert (whole.status, whole.text, whole.warnings) == ("completed", "It is 2.", ())
    assert all(transcript("ai-sdk-ui", pieces) == whole for pieces in every_cut(SDK_STREAM))


ENDINGS: list[tuple[bytes, str, str | None, list[str]]] = [
    (body({"type": "finish", "finishReason": "stop"}), "completed", "stop", []),
    (body({"type": "finish"}), "completed", None, []),
    (body({"type": "finish", "finishReason": "stop"}, done=False), "completed", "stop", ["sse-done-missing"]),
    (DONE, "completed", None, ["finish-missing"]),
    (b"", "truncated", None, []),
    (body({"type": "abort"}), "cancelled", None, []),
    (body({"type": "error", "errorText": "An error occurred."}), "failed", None, []),
    (body({"type": "error", "errorText": "x"}, {"type": "finish", "finishReason": "error"}), "failed", "other", []),
    (DONE + DONE, "completed", None, ["frame-after-end", "finish-missing"]),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "status", "finish", "warnings"), ENDINGS)
def test_how_streams_end(ending: bytes, status: str, finish: str | None, warnings: list[str]) -> None:
    start = body({"type": "start"}, {"type": "text-start", "id": "t"}, done=False)
    result = transcript("ai-sdk-ui", start + body({"type": "text-delta", "id": "t", "delta": "a"}, done=False) + ending)
    assert (result.status, result.finish, result.text) == (status, finish, "a")
    assert [warning.rule for warning in result.warnings] == warnings


def test_an_error_of_words_alone_is_classified() -> None:
    result = transcript("ai-sdk-ui", body({"type": "error", "errorText": "Rate limit reached, too many requests"}))
    assert result.error is not None
    assert result.error.kind == "rate_limit"


def test_what_our_encoder_knew_of_an_error_is_read_back() -> None:
    info = ErrorInfo("quota", "no more", 402, "billing_error", False, None)
    data: dict[str, Any] = {"kind": "quota", "status": 402, "code": "billing_error", "retryable": False}
    stream = body({"type": "data-error", "data": data, "transient": True}, {"type": "error", "errorText": "no more"})
    assert transcript("ai-sdk-ui", stream).error == info


ODD: list[tuple[dict[str, Any], str]] = [
    ({"type": "text-delta", "id": "x", "delta": "a"}, "part-not-started"),
    ({"type": "text-delta", "id": "x", "delta": 3}, "payload-malformed"),
    ({"type": "tool-input-delta", "toolCallId": "c", "inputTextDelta": "x"}, "tool-input-delta-odd"),
    ({"delta": "a"}, "payload-malformed"),
]


@pytest.mark.parametrize(("chunk", "rule"), ODD)
def test_odd_chunks_are_warned_of(chunk: dict[str, Any], rule: str) -> None:
    result = transcript("ai-sdk-ui", body(chunk, {"type": "finish", "finishReason": "stop"}))
    assert ([warning.rule for warning in result.warnings], result.status) == ([rule], "completed")


def test_a_call_told_whole_counts_once_and_as_it_is() -> None:
    call = {"toolCallId": "c1", "toolName": "add"}
    stream = body(
        {"type": "tool-input-start", **call},
        {"type": "tool-input-start", **call},
        {"type": "tool-input-available", **call, "input": {"a": 1}},
        {"type": "tool-input-available", **call, "input": {"a": 1}},
        {"type": "tool-input-available", "toolCallId": "c2", "toolName": "now", "input": {}},
        {"type": "tool-input-error", "toolCallId": "c3", "toolName": "cut", "input": '{"a', "errorText": "cut off"},
    )
    result = transcript("ai-sdk-ui", stream)
    assert [(one.id, one.name, one.arguments) for one in result.tool_calls] == [
        ("c1", "add", '{"a":1}'),
        ("c2", "now", "{}"),
        ("c3", "cut", '{"a'),
    ]
    assert result.tool_calls[2].input is None


def test_calls_that_the_provider_runs_are_evidence() -> None:
    call = {"toolCallId": "c1", "toolName": "web_search", "providerExecuted": True}
    stream = body({"type": "tool-input-start", **call}, {"type": "tool-input-available", **call, "input": {"q": "x"}})
    result = transcript("ai-sdk-ui", stream)
    assert (result.tool_calls, [other.kind for other in result.others]) == (
        (),
        ["tool-input-start", "tool-input-available"],
    )


def test_usage_is_read_in_the_forms_of_the_sdk() -> None:
    details = {"inputTokenDetails": {"cacheReadTokens": 5}, "outputTokenDetails": {"reasoningTokens": 2}}
    metadata = {"usage": {"inputTokens": 9, "outputTokens": 4, **details}}
    stream = body({"type": "finish", "finishReason": "stop", "messageMetadata": metadata})
    assert transcript("ai-sdk-ui", stream).usage == Usage(9, 4, 2, 5)


def test_a_retry_is_read_back_and_another_servers_data_of_that_name_is_not() -> None:
    own = {"attempt": 2, "max_attempts": None, "delay_s": 1.5, "reason": "busy"}
    stream = body({"type": "data-retry", "data": own, "transient": True}, {"type": "data-retry", "data": {"in": 3}})
    assert events("ai-sdk-ui", stream)[:2] == [Retry(2, None, 1.5, "busy"), Other("data-retry", {"data": {"in": 3}})]


def test_a_comment_says_nothing() -> None:
    assert dialect("ai-sdk-ui").decoder().feed(b": keep-alive\n\n: stream-open\n\n") == []
