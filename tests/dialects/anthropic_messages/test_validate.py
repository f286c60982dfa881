"""Strict validation: what the vendor refuses is named, what it accepts is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.anthropic_messages.request import build_request
from harness.dialects.anthropic_messages.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request
from .sdk import sent

HEADERS = {"x-api-key": "key", "anthropic-version": "2023-06-01"}
VALID: dict[str, Any] = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}


def faults(body: Any, headers: dict[str, str] | None = None, path: str = "/v1/messages") -> list[str]:
    found = validate(path, HEADERS if headers is None else headers, json.dumps(body).encode())
    return [fault.rule for fault in found]


def said(*blocks: Any, role: str = "user", more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {**VALID, "messages": [{"role": role, "content": list(blocks)}, *more]}


def text(words: Any) -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body-not-object"),
        ({**VALID, "model": ""}, "model-missing"),
        ({"model": "m", "messages": VALID["messages"]}, "max-tokens-missing"),
        ({**VALID, "max_tokens": "10"}, "max-tokens-invalid"),
        ({**VALID, "max_tokens": -1}, "max-tokens-invalid"),
        ({**VALID, "temperature": 1.5}, "sampling-invalid"),
        ({**VALID, "stream": "yes"}, "stream-invalid"),
        ({**VALID, "stop_sequences": "END"}, "stop-invalid"),
        ({**VALID, "stop_sequences": ["\n"]}, "stop-blank"),
        ({**VALID, "max_completion_tokens": 5}, "field-unknown"),
        ({**VALID, "system": 7}, "system-invalid"),
        ({**VALID, "system": [text("")]}, "text-empty"),
        ({**VALID, "system": [{"type": "image"}]}, "system-invalid"),
        ({"model": "m", "max_tokens": 1}, "messages-missing"),
        ({**VALID, "messages": {}}, "messages-invalid"),
        ({**VALID, "messages": []}, "messages-empty"),
        ({**VALID, "messages": ["Hi"]}, "message-invalid"),
        ({**VALID, "messages": [{"role": "tool", "content": "x"}]}, "role-unknown"),
        ({**VALID, "messages": [{"role": "system", "content": "x"}, *VALID["messages"]]}, "system-placement"),
        ({**VALID, "messages": [{"role": "user"}]}, "content-invalid"),
        ({**VALID, "messages": [{"role": "user", "content": ""}]}, "content-empty"),
        ({**VALID, "messages": [{"role": "user", "content": []}]}, "content-empty"),
        ({**VALID, "messages": [{"role": "user", "content": " \n"}]}, "text-blank"),
        (said("x"), "block-invalid"),
        (said({"text": "x"}), "block-invalid"),
        (said(text("")), "text-empty"),
        (said(text(" ")), "text-blank"),
        (said(text(None)), "block-field"),
        (said({"type": "input_text", "text": "x"}), "block-unknown"),
        (said({"type": "image_url", "image_url": {}}), "block-unknown"),
        (said(USE), "block-role"),
        (said(RESULT, role="assistant"), "block-role"),
        (said({"type": "thinking", "thinking": "x"}, role="assistant"), "block-field"),
        (said({"type": "thinking", "thinking": "x", "signature": ""}, role="assistant"), "thinking-unsigned"),
        (said({**USE, "input": "{}"}, role="assistant"), "block-field"),
        (said({**USE, "id": "a b"}, role="assistant"), "tool-id-invalid"),
        (said({**USE, "name": ""}, role="assistant"), "tool-name-invalid"),
        (said({"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": ""}}), "image-type"),
        (said({**RESULT, "content": [text("")]}), "text-empty"),
        (said({**RESULT, "content": "", "is_error": True}), "tool-error-empty"),
        (said({**RESULT, "content": 7}), "block-field"),
        (said({**RESULT, "content": [USE]}), "block-unknown"),
        (said(text("Sure, "), role="assistant"), "assistant-trailing-whitespace"),
        ({**VALID, "messages": [{"role": "assistant", "content": "a "}]}, "assistant-trailing-whitespace"),
        ({**VALID, "tools": {}}, "tools-invalid"),
        ({**VALID, "tools": [{**TOOL, "name": "a b"}]}, "tool-name-invalid"),
        ({**VALID, "tools": [{**TOOL, "name": "x" * 129}]}, "tool-name-invalid"),
        ({**VALID, "tools": [TOOL, TOOL]}, "tool-name-repeated"),
        ({**VALID, "tools": [{"name": "f"}]}, "tool-schema-missing"),
        ({**VALID, "tools": [{"name": "f", "input_schema": {}}]}, "tool-schema-invalid"),
        ({**VALID, "tools": [{"type": "function", "function": {"name": "f"}}]}, "tool-foreign"),
        ({**VALID, "tool_choice": "auto"}, "tool-choice-invalid"),
        ({**VALID, "tool_choice": {"type": "any"}}, "tool-choice-without-tools"),
        ({**VALID, "tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}}, "tool-choice-unknown"),
        ({**VALID, "thinking": True}, "thinking-invalid"),
        ({**VALID, "thinking": {"type": "enabled", "budget_tokens": 100}}, "thinking-budget-low"),
        ({**VALID, "thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking-budget-high"),
    ],
)
def test_refused(body: Any, rule: str) -> None:
    assert rule in faults(body)


THINKING = {**VALID, "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024}}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"temperature": 0.5}, "thinking-temperature"),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, "thinking-tool-choice"),
    ],
)
def test_what_does_not_go_with_thinking(change: dict[str, Any], rule: str) -> None:
    assert (faults(THINKING), faults({**THINKING, **change})) == ([], [rule])


def test_headers_and_path() -> None:
    assert faults(VALID, {}) == ["auth-missing", "version-missing"]
    assert faults(VALID, {"authorization": "Bearer x", "anthropic-version": "2023-06-01"}) == []
    assert faults(VALID, path="/v1/chat/completions") == ["path-unknown"]


@pytest.mark.parametrize(
    "body",
    [
        VALID,
        {**VALID, "max_tokens": 0},
        {**VALID, "system": ""},
        {**VALID, "messages": [*VALID["messages"], *VALID["messages"]]},
        {**VALID, "messages": [*VALID["messages"], {"role": "system", "content": "Be kind."}]},
        {**VALID, "messages": [*VALID["messages"], {"role": "assistant", "content": ""}]},
        {**VALID, "messages": [*VALID["messages"], {"role": "assistant", "content": "Sure"}]},
        {**VALID, "tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {**VALID, "tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        {**VALID, "some_new_field": 1},
        said(text("x"), {"type": "some_new_block"}),
        said({"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}}),
        said(text(" "), USE, role="assistant", more=({"role": "user", "content": [RESULT]},)),
    ],
)
def test_accepted(body: Any) -> None:
    assert faults(body) == []


def test_a_budget_may_exceed_the_limit_where_thinking_is_interleaved() -> None:
    body = {**VALID, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    assert faults(body, {**HEADERS, "anthropic-beta": "interleaved-thinking-2025-05-14"}) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"\xff", b'{"messages": [[], {"content": [[], 7]}], "tools": [7]}']
)
def test_nonsense_is_refused_and_never_raises(body: bytes) -> None:
    assert validate("/v1/messages", HEADERS, body)


def test_faults_name_their_place() -> None:
    (fault,) = validate("/v1/messages", HEADERS, json.dumps(said(text("a"), text(""))).encode())
    assert (fault.rule, fault.where) == ("text-empty", "messages.0.content.1")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"system": "Be terse.", "tools": [WEATHER], "tool_choice": "required", "parallel_tool_calls": False},
        {"messages": TOOL_ROUND, "tools": [WEATHER], "reasoning": {"effort": "medium"}},
        {"temperature": 0, "top_p": 0.5, "stop": ["END"], "max_output_tokens": 1},
    ],
)
def test_what_we_build_is_accepted(changes: dict[str, Any]) -> None:
    http = build_request(request(**changes), "key")
    assert validate(http.path, http.headers, http.body) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"system": [text("Be terse.")], "tools": [TOOL], "tool_choice": {"type": "any"}},
        {"max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 2000}},
        {
            "messages": [
                *VALID["messages"],
                {"role": "assistant", "content": [USE]},
                {"role": "user", "content": [RESULT]},
            ]
        },
        {"extra_headers": {"anthropic-beta": "x"}, "extra_query": {"beta": "true"}},
    ],
)
def test_what_the_sdk_sends_is_accepted(changes: dict[str, Any]) -> None:
    http = sent(**changes)
    path = http.url.raw_path.decode()
    assert validate(path, {name.lower(): value for name, value in http.headers.items()}, http.content) == []
