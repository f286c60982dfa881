"""A canonical request as Gemini's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.base import HttpRequest
from harness.dialects.gemini.request import build_request, matches
from harness.dialects.gemini.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request
from .sdk import genai


def body(built: HttpRequest) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(built.body)
    assert validate(built.path, built.headers, built.body) == []
    return data


def build(**changes: Any) -> dict[str, Any]:
    return body(build_request(request(**changes), "key"))


def losses(**changes: Any) -> list[str]:
    return [loss.what for loss in build_request(request(**changes), "key").losses]


def test_a_minimal_request() -> None:
    built = build_request(request(), "key")
    assert (built.method, built.path) == ("POST", "/v1beta/models/test-model:streamGenerateContent?alt=sse")
    assert built.headers == {"content-type": "application/json", "x-goog-api-key": "key"}
    assert body(built) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    assert built.losses == ()


def test_without_a_key_there_is_no_key_header() -> None:
    assert "x-goog-api-key" not in build_request(request(), None).headers


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("models/gemini-x", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"),
        ("tunedModels/mine", "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse"),
        ("odd:name?x", "/v1beta/models/odd%3Aname%3Fx:streamGenerateContent?alt=sse"),
    ],
)
def test_the_model_is_in_the_path(model: str, path: str) -> None:
    built = build_request(request(model=model), "key")
    assert built.path == path
    assert matches("POST", path)


def test_a_request_that_does_not_stream_has_another_path() -> None:
    assert build_request(request(stream=False), None).path == "/v1beta/models/test-model:generateContent"


def test_a_tool_round_answers_all_calls_in_one_content() -> None:
    assert build(messages=TOOL_ROUND, tools=[WEATHER])["contents"] == [
        {"role": "user", "parts": [{"text": "Weather in Oslo and Rome?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Two calls.", "thought": True, "thoughtSignature": "c2ln"},
                {"text": "Let me look."},
                {"functionCall": {"id": "call_1", "name": "get_weather", "args": {"city": "Oslo"}}},
                {"functionCall": {"id": "call_2", "name": "get_weather", "args": {"city": "Rome"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "call_1", "name": "get_weather", "response": {"output": "3 °C"}}},
                {"functionResponse": {"id": "call_2", "name": "get_weather", "response": {"error": "no answer"}}},
            ],
        },
    ]


def test_ids_that_we_made_are_not_sent_back() -> None:
    call = {"type": "tool_call", "id": "call_made_0", "name": "f", "arguments": "{}", "signature": "YQ=="}
    result = {"type": "tool_result", "tool_call_id": "call_made_0", "content": "x"}
    contents = build(
        messages=[
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [call]},
            {"role": "tool", "content": [result]},
        ]
    )["contents"]
    assert contents[1]["parts"] == [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "YQ=="}]
    assert contents[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "x"}}}]


def test_system_text_comes_from_everywhere() -> None:
    messages = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    data = build(system="Be terse.", messages=messages)
    assert data["systemInstruction"] == {"parts": [{"text": "Be terse."}, {"text": "Be kind."}]}
    assert len(data["contents"]) == 1
    assert losses(system="Be terse.", messages=messages) == []


def test_a_system_message_within_the_talk_is_moved_and_said_so() -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "system", "content": "Now in French."}]
    assert losses(messages=messages) == ["system-position"]


def test_images_are_inline_data() -> None:
    image = {"type": "image", "media_type": "image/png", "data": "aGk="}
    (content,) = build(messages=[{"role": "user", "content": [image]}])["contents"]
    assert content["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]


def test_a_signature_without_text_rides_on_an_empty_text_part() -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "reasoning", "signature": "YQ=="}]},
        {"role": "user", "content": "And?"},
    ]
    assert build(messages=messages)["contents"][1]["parts"] == [{"text": "", "thoughtSignature": "YQ=="}]


def test_settings() -> None:
    data = build(max_output_tokens=256, temperature=0, top_p=0.5, stop=["END"], reasoning={"budget_tokens": 1024})
    assert data["generationConfig"] == {
        "maxOutputTokens": 256,
        "temperature": 0,
        "topP": 0.5,
        "stopSequences": ["END"],
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024},
    }


@pytest.mark.parametrize(
    ("model", "reasoning", "config"),
    [
        ("gemini-3-pro", {"effort": "low"}, {"includeThoughts": True, "thinkingLevel": "LOW"}),
        ("gemini-3-pro", {"effort": "high"}, {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        ("gemini-2.5-flash", {"effort": "medium"}, {"includeThoughts": True, "thinkingBudget": 8192}),
        ("gemini-3-pro", {"effort": "none"}, {"includeThoughts": False, "thinkingBudget": 0}),
        ("gemini-3-pro", {"effort": "low", "budget_tokens": 5}, {"includeThoughts": True, "thinkingBudget": 5}),
        ("gemini-3-pro", {"budget_tokens": 0}, {"includeThoughts": False, "thinkingBudget": 0}),
    ],
)
def test_thinking_is_a_level_or_a_budget_never_both(model: str, reasoning: dict[str, Any], config: Any) -> None:
    assert build(model=model, reasoning=reasoning)["generationConfig"] == {"thinkingConfig": config}


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("required", {"mode": "ANY"}),
        ("none", {"mode": "NONE"}),
        ({"name": "get_weather"}, {"mode": "ANY", "allowedFunctionNames": ["get_weather"]}),
    ],
)
def test_tool_choice_is_a_mode(choice: Any, config: dict[str, Any]) -> None:
    data = build(tools=[WEATHER], tool_choice=choice)
    assert data["toolConfig"] == {"functionCallingConfig": config}


def test_a_plain_schema_is_sent_as_parameters_and_a_richer_one_as_json_schema() -> None:
    rich = {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}, "additionalProperties": False}
    (tool,) = build(tools=[WEATHER, {"name": "g", "parameters": rich}, {"name": "h"}])["tools"]
    assert tool["functionDeclarations"] == [
        {"name": "get_weather", "description": "The weather in a city", "parameters": WEATHER["parameters"]},
        {"name": "g", "parametersJsonSchema": rich},
        {"name": "h"},
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$schema": "x"},
        {"type": "object", "properties": {"a": {"const": 1}}},
        {"type": "object", "properties": {"a": {"type": "integer", "enum": [1, 2]}}},
        {"type": "array", "items": {"oneOf": []}},
        {"anyOf": [{"type": "string", "format": "email"}]},
        {"type": "object", "properties": {"a": True}},
    ],
)
def test_schemas_that_the_vendors_type_cannot_hold_go_as_json_schema(schema: dict[str, Any]) -> None:
    (tool,) = build(tools=[{"name": "f", "parameters": schema}])["tools"]
    assert list(tool["functionDeclarations"][0]) == ["name", "parametersJsonSchema"]


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        ({"parallel_tool_calls": False}, ["parallel-tool-calls"]),
        ({"parallel_tool_calls": True}, []),
        ({"stop": list("abcdef")}, ["stop"]),
        ({"reasoning": {"effort": "max"}}, ["reasoning-effort"]),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "reasoning", "redacted": "x"}]}]},
            ["reasoning-redacted"],
        ),
    ],
)
def test_what_gemini_cannot_say_is_a_loss(changes: dict[str, Any], lost: list[str]) -> None:
    assert losses(**changes) == lost


def test_big_integers_in_arguments_stay_exact() -> None:
    call = {"type": "tool_call", "id": "x", "name": "f", "arguments": '{"n": 123456789012345678901234567890}'}
    messages = [{"role": "user", "content": "go"}, {"role": "assistant", "content": [call]}]
    assert b"123456789012345678901234567890" in build_request(request(messages=messages), None).body


def test_the_vendors_types_take_all_of_it() -> None:
    data = build(
        messages=TOOL_ROUND,
        tools=[WEATHER],
        tool_choice="auto",
        system="s",
        max_output_tokens=5,
        reasoning={"effort": "low"},
    )
    assert [genai.types.Content.model_validate(content).role for content in data["contents"]] == [
        "user",
        "model",
        "user",
    ]
    assert genai.types.Tool.model_validate(data["tools"][0]).function_declarations[0].name == "get_weather"
    genai.types.ToolConfig.model_validate(data["toolConfig"])
    genai.types.GenerationConfig.model_validate(data["generationConfig"])


@pytest.mark.parametrize(
    ("method", "path", "is_ours"),
    [
        ("POST", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse", True),
        ("POST", "/v1beta/models/gemini-x:streamGenerateContent", True),
        ("POST", "/v1/models/gemini-x:streamGenerateContent?key=k&alt=sse", True),
        ("POST", "/v1/projects/p/locations/l/publishers/google/models/x:streamGenerateContent", True),
        ("POST", "/v1beta1/publishers/google/models/x:streamGenerateContent?alt=sse", True),
        ("GET", "/v1beta/models/gemini-x:streamGenerateContent", False),
        ("POST", "/v1beta/models/gemini-x:generateContent", True),
        ("POST", "/v1beta/models/:streamGenerateContent", False),
        ("POST", "/v1/chat/completions", False),
        ("POST", "/api/chat", False),
    ],
)
def test_only_the_endpoint_matches_for_streams_and_whole_answers(method: str, path: str, is_ours: bool) -> None:
    assert matches(method, path) is is_ours


def test_arguments_that_are_no_object_become_the_value_of_one() -> None:
    call = {"type": "tool_call", "id": "x", "name": "f", "arguments": "[1"}
    sent = build_request(request(messages=[{"role": "assistant", "content": [call]}]), None)
    assert b'{"arguments":"[1"}' in sent.body
