"""Strict validation: what the vendor refuses is named, what it accepts is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.openai_responses.request import build_request
from harness.dialects.openai_responses.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request
from .sdk import sent

HEADERS = {"authorization": "Bearer key"}
VALID: dict[str, Any] = {"model": "m", "input": "Hi"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
TOOL = {"type": "function", "name": "f", "parameters": {}}


def faults(body: Any, headers: dict[str, str] | None = None, path: str = "/v1/responses") -> list[str]:
    found = validate(path, HEADERS if headers is None else headers, json.dumps(body).encode())
    return [fault.rule for fault in found]


def given(*items: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "input": list(items), **fields}


def said(role: str, *parts: Any) -> dict[str, Any]:
    return given({"role": role, "content": list(parts)})


def text(kind: str, words: Any = "x") -> dict[str, Any]:
    return {"type": kind, "text": words}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body-not-object"),
        ({"input": "x"}, "model-missing"),
        ({"model": "m"}, "input-missing"),
        ({**VALID, "input": 7}, "input-invalid"),
        ({**VALID, "messages": []}, "field-unknown"),
        ({**VALID, "max_tokens": 5}, "field-unknown"),
        ({**VALID, "type": "response.create"}, "field-unknown"),
        ({**VALID, "stop": ["x"]}, "field-unknown"),
        ({**VALID, "max_output_tokens": 5}, "max-output-tokens-invalid"),
        ({**VALID, "temperature": 3}, "sampling-invalid"),
        ({**VALID, "stream": "yes"}, "flag-invalid"),
        ({**VALID, "instructions": 7}, "instructions-invalid"),
        ({**VALID, "reasoning": "high"}, "reasoning-invalid"),
        (given("Hi"), "item-invalid"),
        (given({"type": "tool_use"}), "item-unknown"),
        (given({"role": "tool", "content": "x"}), "role-unknown"),
        (given({"role": "user"}), "content-invalid"),
        (said("user", text("text")), "part-unknown"),
        (said("user", {"type": "image_url", "image_url": {}}), "part-unknown"),
        (said("user", text("output_text")), "part-unknown"),
        (said("assistant", text("input_text")), "part-unknown"),
        (said("user", {}), "part-invalid"),
        (said("user", text("input_text", None)), "part-field"),
        (said("user", {"type": "input_image"}), "part-field"),
        (said("user", {"type": "input_image", "image_url": {"url": "x"}}), "part-field"),
        (given({**CALL, "arguments": {}}, OUTPUT), "item-field"),
        (given({**CALL, "name": "a b"}, OUTPUT), "tool-name-invalid"),
        (given({**CALL, "id": "call_1"}, OUTPUT), "item-id-prefix"),
        (given({**CALL, "call_id": "c" * 65}, {**OUTPUT, "call_id": "c" * 65}), "id-too-long"),
        (given(CALL, {"type": "function_call_output", "call_id": "call_1"}), "item-field"),
        (given({"type": "reasoning", "encrypted_content": "x"}), "item-field"),
        (given(CALL), "tool-output-missing"),
        (given(OUTPUT), "tool-output-orphan"),
        ({**VALID, "tools": {}}, "tools-invalid"),
        ({**VALID, "tools": [{"name": "f"}]}, "tool-invalid"),
        ({**VALID, "tools": [{"type": "function", "function": {"name": "f"}}]}, "tool-name-missing"),
        ({**VALID, "tools": [{**TOOL, "name": "a b"}]}, "tool-name-invalid"),
        ({**VALID, "tools": [{**TOOL, "parameters": "x"}]}, "tool-schema-invalid"),
        ({**VALID, "tool_choice": "required"}, "tool-choice-without-tools"),
        ({**VALID, "tool_choice": "any"}, "tool-choice-invalid"),
        ({**VALID, "tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool-choice-invalid"),
        ({**VALID, "tools": [TOOL], "tool_choice": {"type": "function", "name": "g"}}, "tool-choice-unknown"),
    ],
)  # fmt: skip
def test_refused(body: Any, rule: str) -> None:
    assert rule in faults(body)


@pytest.mark.parametrize(
    "body",
    [
        VALID,
        {"prompt": {"id": "pmpt_1"}},
        {"model": "m", "previous_response_id": "resp_1"},
        given(OUTPUT, previous_response_id="resp_1"),
        given({"type": "item_reference", "id": "fc_1"}, OUTPUT),
        given({"type": "some_new_item"}),
        given({"role": "assistant", "content": ""}),
        said("user", text("input_text", "")),
        said("user", {"type": "some_new_part"}),
        said("assistant", text("output_text"), {"type": "refusal", "refusal": "No."}),
        {**VALID, "tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}},
        {**VALID, "tools": [TOOL], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
        {**VALID, "some_new_field": 1, "user": "u", "metadata": {}},
    ],
)
def test_accepted(body: Any) -> None:
    assert faults(body) == []


def test_headers_and_path() -> None:
    assert faults(VALID, {}) == ["auth-missing"]
    assert faults(VALID, {"api-key": "x"}) == []
    assert faults(VALID, path="/v1/messages") == ["path-unknown"]


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"\xff", b'{"input": [[], {"content": [[], 7]}], "tools": [7]}'])
def test_nonsense_is_refused_and_never_raises(body: bytes) -> None:
    assert validate("/v1/responses", HEADERS, body)


def test_faults_name_their_place() -> None:
    (fault,) = validate("/v1/responses", HEADERS, json.dumps(said("user", text("input_text"), text("text"))).encode())
    assert (fault.rule, fault.where) == ("part-unknown", "input[0].content[1].type")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"system": "Be terse.", "tools": [WEATHER], "tool_choice": "required", "parallel_tool_calls": False},
        {"messages": TOOL_ROUND, "tools": [WEATHER], "reasoning": {"effort": "medium"}},
        {"temperature": 0, "top_p": 0.5, "max_output_tokens": 16},
    ],
)
def test_what_we_build_is_accepted(changes: dict[str, Any]) -> None:
    http = build_request(request(**changes), "key")
    assert validate(http.path, http.headers, http.body) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"input": [{"role": "user", "content": "x"}], "instructions": "Be terse.", "max_output_tokens": 100},
        {"input": [{"role": "user", "content": "x"}, CALL, OUTPUT], "tools": [TOOL], "tool_choice": "required"},
        {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"], "store": False},
    ],
)
def test_what_the_sdk_sends_is_accepted(changes: dict[str, Any]) -> None:
    http = sent(**changes)
    path = http.url.raw_path.decode()
    assert validate(path, {name.lower(): value for name, value in http.headers.items()}, http.content) == []
