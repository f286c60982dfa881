"""What Gemini would refuse, and above all what it would not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.gemini.validate import validate

from ..recorded import recordings
from .sdk import genai, sent

PATH = "/v1beta/models/m:streamGenerateContent?alt=sse"
KEY = {"x-goog-api-key": "k"}
USER = {"role": "user", "parts": [{"text": "Hi"}]}
CALL = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
TWO_CALLS = {"role": "model", "parts": [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "g"}}]}
ANSWER = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "x"}}}]}


def faults(body: Any, path: str = PATH, headers: dict[str, str] = KEY) -> list[str]:
    return [fault.rule for fault in validate(path, headers, json.dumps(body).encode())]


def part(value: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [value]}]}


def with_tool(**declaration: Any) -> dict[str, Any]:
    return {"contents": [USER], "tools": [{"functionDeclarations": [{"name": "f", **declaration}]}]}


def with_config(**config: Any) -> dict[str, Any]:
    return {"contents": [USER], "generationConfig": config}


@pytest.mark.parametrize(
    "body",
    [
        {"contents": [USER]},
        {"contents": [{"parts": [{"text": "Hi"}]}]},
        {"contents": [USER, CALL, ANSWER]},
        {"contents": [USER, CALL, ANSWER, CALL, ANSWER, {"role": "model", "parts": [{"text": "done"}]}, USER]},
        {"contents": [USER, CALL, CALL, {"role": "user", "parts": ANSWER["parts"] * 2}]},
        {"contents": [USER, CALL, {"role": "function", "parts": ANSWER["parts"]}]},
        {"contents": [USER, CALL]},
        {"contents": [USER, USER]},
        {"contents": [USER], "systemInstruction": {"parts": [{"text": "s"}]}},
        {"contents": [USER], "system_instruction": {"role": "user", "parts": [{"text": "s"}]}},
        {"contents": [USER], "systemInstruction": None, "generationConfig": None, "tools": None, "toolConfig": None},
        {"contents": [USER], "safetySettings": [{"category": 7, "threshold": 3}], "cachedContent": "cachedContents/x"},
        {"contents": [USER], "tools": [{"googleSearch": {}}, {"codeExecution": {}}, {"google_search": {}}]},
        part({"inlineData": {"mimeType": "image/png", "data": "aGk="}}),
        part({"inline_data": {"mime_type": "image/png", "data": "aG-_"}}),
        part({"fileData": {"fileUri": "gs://x"}}),
        part({"text": "", "thoughtSignature": "YQ=="}),
        part({"thoughtSignature": "YQ=="}),
        part({"text": "x", "thought": False, "functionCall": None}),
        with_tool(parameters={"type": "OBJECT", "properties": {"a": {"type": "string", "enum": ["x"]}}}),
        with_tool(parametersJsonSchema={"$schema": "x", "additionalProperties": False}),
        with_tool(parameters_json_schema={"$schema": "x"}),
        with_config(temperature=0, topP=1, topK=40, maxOutputTokens=1, candidateCount=1, stopSequences=["a"]),
        with_config(max_output_tokens="256", temperature=2.0, response_mime_type="application/json"),
        with_config(thinkingConfig={"thinkingBudget": -1, "includeThoughts": True}),
        with_config(thinkingConfig={"thinkingLevel": "high"}),
        {"contents": [USER], "toolConfig": {"functionCallingConfig": {"mode": "any", "allowedFunctionNames": ["f"]}}},
        {"contents": [USER], "tool_config": {"function_calling_config": {"mode": 1}}},
    ],
)
def test_what_the_api_takes_is_not_refused(body: Any) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body-not-object"),
        ({}, "contents-missing"),
        ({"contents": []}, "contents-missing"),
        ({"contents": "Hi"}, "contents-type"),
        ({"contents": ["Hi"]}, "content-type"),
        ({"contents": [{"role": "user"}]}, "parts-empty"),
        ({"contents": [{"role": "user", "parts": []}]}, "parts-empty"),
        ({"contents": [{"role": "user", "parts": "Hi"}]}, "parts-type"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "role-unknown"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "role-unknown"),
        ({"contents": [{"role": "user", "content": "x", "parts": [{"text": "x"}]}]}, "field-unknown"),
        (part("Hi"), "part-type"),
        (part({}), "part-empty"),
        (part({"text": 3}), "text-type"),
        (part({"type": "text", "text": "x"}), "field-unknown"),
        (part({"text": "x", "inlineData": {"mimeType": "image/png", "data": "aGk="}}), "part-ambiguous"),
        (part({"inlineData": "aGk="}), "part-type"),
        (part({"inlineData": {"data": "aGk="}}), "mime-type-missing"),
        (part({"inlineData": {"mimeType": "image/png"}}), "data-missing"),
        (part({"inlineData": {"mimeType": "image/png", "data": "not base64!"}}), "data-not-base64"),
        ({"contents": [USER, {"role": "model", "parts": [{"functionCall": {"args": {}}}]}]}, "function-name-empty"),
        (
            {"contents": [USER, {"role": "model", "parts": [{"functionCall": {"name": "f", "args": "{}"}}]}]},
            "function-payload-type",
        ),
        (
            {"contents": [USER, CALL, {"role": "user", "parts": [{"functionResponse": {"name": "", "response": {}}}]}]},
            "function-name-empty",
        ),
        (
            {
                "contents": [
                    USER,
                    CALL,
                    {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": "text"}}]},
                ]
            },
            "function-payload-type",
        ),
        ({"contents": [ANSWER]}, "response-without-call"),
        ({"contents": [USER, ANSWER]}, "response-without-call"),
        ({"contents": [CALL]}, "call-without-user"),
        ({"contents": [USER, CALL, USER]}, "response-count"),
        ({"contents": [USER, TWO_CALLS, ANSWER]}, "response-count"),
        ({"contents": [USER], "systemInstruction": "s"}, "system-type"),
        ({"contents": [USER], "systemInstruction": {"parts": []}}, "parts-empty"),
        ({"contents": [USER], "messages": []}, "field-unknown"),
        ({"contents": [USER], "stream": True}, "field-unknown"),
        ({"contents": [USER], "tools": "f"}, "tools-type"),
        ({"contents": [USER], "tools": ["f"]}, "tools-type"),
        ({"contents": [USER], "tools": [{"type": "function"}]}, "field-unknown"),
        (with_tool(name="9f"), "function-name"),
        (with_tool(name="has space"), "function-name"),
        (with_tool(name=""), "function-name"),
        (with_tool(name="x" * 129), "function-name"),
        (with_tool(name=None), "function-name"),
        ({"contents": [USER], "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "f"}]}]},
         "function-name-repeated"),
        (with_tool(parameters="x"), "schema-type"),
        (with_tool(parameters={"type": "object"}, parametersJsonSchema={}), "parameters-twice"),
        (with_tool(parameters={"$schema": "x"}), "schema-keyword"),
        (with_tool(parameters={"type": "object", "properties": {"a": {"const": 1}}}), "schema-keyword"),
        (with_tool(parameters={"type": "array", "items": {"exclusiveMinimum": 1}}), "schema-keyword"),
        (with_tool(parameters={"type": ["object", "null"]}), "schema-keyword"),
        ({"contents": [USER], "toolConfig": {"functionCallingConfig": {"mode": "required"}}}, "mode-unknown"),
        (
            {
                "contents": [USER],
                "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}},
            },
            "allowed-names-mode",
        ),
        ({"contents": [USER], "generationConfig": []}, "generation-config-type"),
        (with_config(max_tokens=3), "field-unknown"),
        (with_config(temperature=2.5), "number-range"),
        (with_config(temperature="warm"), "number-type"),
        (with_config(temperature=True), "number-type"),
        (with_config(maxOutputTokens=-1), "number-range"),
        (with_config(stopSequences="END"), "stop-type"),
        (with_config(stopSequences=["a", "b", "c", "d", "e", "f"]), "stop-too-many"),
        (with_config(thinkingConfig="high"), "thinking-type"),
        (with_config(thinkingConfig={"thinkingLevel": "extreme"}), "thinking-level"),
        (with_config(thinkingConfig={"thinkingBudget": 1, "thinkingLevel": "LOW"}), "thinking-twice"),
        (with_config(thinkingConfig={"thinkingBudget": -2}), "number-range"),
    ],
)  # fmt: skip
def test_what_the_api_refuses_has_one_fault(body: Any, rule: str) -> None:
    assert faults(body) == [rule]


def test_responses_in_contents_of_their_own_are_refused() -> None:
    assert faults({"contents": [USER, TWO_CALLS, ANSWER, ANSWER]}) == ["response-count", "response-without-call"]


def test_a_key_is_needed_in_any_of_three_places() -> None:
    body = {"contents": [USER]}
    assert faults(body, headers={}) == ["auth-missing"]
    assert faults(body, headers={"x-goog-api-key": ""}) == ["auth-missing"]
    assert faults(body, headers={"authorization": "Bearer t"}) == []
    assert faults(body, path=PATH + "&key=k", headers={}) == []


def test_a_foreign_path_is_refused() -> None:
    assert faults({"contents": [USER]}, path="/v1/chat/completions") == ["path-unknown"]


def test_a_fault_says_where_and_why() -> None:
    (fault,) = validate(PATH, KEY, json.dumps(part({"text": 3})).encode())
    assert (fault.where, fault.message) == ("contents[0].parts[0].text", "text is not a string")


def test_a_body_that_is_no_json_is_refused() -> None:
    assert [fault.rule for fault in validate(PATH, KEY, b"{")] == ["body-not-object"]


TOO_DEEP = ["body-not-object"]


@pytest.mark.parametrize(
    ("depth", "possible"),
    [(100, [[]]), (300, [[], TOO_DEEP]), (500, [[], TOO_DEEP]), (900, [[], TOO_DEEP]), (2000, [TOO_DEEP])],
)
def test_a_body_that_nests_too_deep_to_be_read_is_refused(depth: int, possible: list[list[str]]) -> None:
    schema = '{"type":"array","items":' * depth + "{}" + "}" * depth
    body = '{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":'
    found = validate(PATH, KEY, (body + schema + "}]}]}").encode())
    assert [fault.rule for fault in found] in possible  # in between, the interpreter's own limit decides


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["contents", "parts", "role", "text", "functionCall", "functionResponse", "inlineData", "name", "args", "tools",
         "functionDeclarations", "parameters", "generationConfig", "thinkingConfig", "toolConfig", "mode",
         "functionCallingConfig", "systemInstruction", "stopSequences", "temperature", "properties", "items"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_body_is_judged_without_raising(body: Any) -> None:
    found = validate(PATH, KEY, json.dumps(body).encode())
    assert [fault.rule for fault in found if fault.rule == "body-not-object"] == ["body-not-object"] * (
        type(body) is not dict
    )
    assert all(fault.rule and fault.message for fault in found)


def test_every_recorded_request_that_was_answered_is_accepted() -> None:
    checked = 0
    for recording in recordings("gemini", "stream"):
        text = json.dumps(recording.request)
        if recording.request is None or '"b64"' in text:
            continue
        found = validate(PATH, KEY, text.encode())  # the recorder cut long media short
        assert [fault for fault in found if fault.rule != "data-not-base64"] == [], recording.id
        checked += 1
    assert checked > 250


def test_everything_that_the_vendors_sdk_sends_is_accepted() -> None:
    types = genai.types
    calls = [
        types.Content(role="user", parts=[
            types.Part(text="Hi"), types.Part.from_bytes(data=b"x", mime_type="image/png"),
        ]),
        types.Content(role="model", parts=[
            types.Part(text="hm", thought=True, thought_signature=b"sig"),
            types.Part(function_call=types.FunctionCall(id="a", name="f", args={"x": 1}), thought_signature=b"s"),
            types.Part(function_call=types.FunctionCall(name="g", args={})),
        ]),
        types.Content(role="user", parts=[
            types.Part.from_function_response(name="f", response={"result": 1}),
            types.Part.from_function_response(name="g", response={"error": "x"}),
        ]),
    ]  # fmt: skip
    config = types.GenerateContentConfig(
        system_instruction="Be terse.",
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        candidate_count=1,
        max_output_tokens=10,
        stop_sequences=["END"],
        seed=4,
        response_modalities=["TEXT"],
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=512),
        safety_settings=[
            types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_NONE"),
        ],
        tools=[
            types.Tool(function_declarations=[
                types.FunctionDeclaration(name="f", description="d", parameters=types.Schema(
                    type="OBJECT", properties={"x": types.Schema(type="INTEGER")})),
                types.FunctionDeclaration(name="g", parameters_json_schema={"type": "object", "$defs": {}}),
            ]),
        ],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(mode="ANY", allowed_function_names=["f"])
        ),
    )  # fmt: skip
    for request in (sent(contents=calls, config=config), sent(contents="Hi"), sent(contents=["a", "b"])):
        path = request.url.raw_path.decode()
        assert validate(path, dict(request.headers), request.content) == []


def test_a_schema_that_the_vendors_sdk_makes_of_a_python_type_is_accepted() -> None:
    def get_weather(city: str, days: int = 3) -> str:
        """The weather."""
        return city * days

    config = genai.types.GenerateContentConfig(
        tools=[get_weather],
        automatic_function_calling=genai.types.AutomaticFunctionCallingConfig(disable=True),
    )
    request = sent(contents="Hi", config=config)
    assert validate(request.url.raw_path.decode(), dict(request.headers), request.content) == []
