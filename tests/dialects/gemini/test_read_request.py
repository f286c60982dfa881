"""A streamGenerateContent request, as clients send it, in canonical form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.gemini.read_request import read_request
from harness.request import to_dict

from .sdk import genai, sent

PATH = "/v1beta/models/m:streamGenerateContent?alt=sse"


def read(path: str = PATH, **body: Any) -> dict[str, Any]:
    return to_dict(read_request(path, {}, json.dumps(body).encode()))


def parts(*contents: dict[str, Any]) -> list[Any]:
    """Role and parts of each message that is read."""
    return [(said["role"], said["content"]) for said in read(contents=list(contents))["messages"]]


def test_what_the_vendors_sdk_sends_is_read() -> None:
    types = genai.types
    http = sent(
        model="m",
        contents=[
            types.Content(role="user", parts=[types.Part.from_bytes(data=b"hi", mime_type="image/png")]),
            types.Content(
                role="model",
                parts=[
                    types.Part(text="hm", thought=True, thought_signature=b"sig"),
                    types.Part(
                        function_call=types.FunctionCall(id="a", name="f", args={"n": 9007199254740993}),
                        thought_signature=b"s",
                    ),
                ],
            ),
            types.Content(role="user", parts=[types.Part.from_function_response(name="f", response={"result": "3"})]),
        ],
        config=types.GenerateContentConfig(
            system_instruction="Be terse.",
            temperature=0.5,
            max_output_tokens=10,
            stop_sequences=["END"],
            thinking_config=types.ThinkingConfig(thinking_budget=512),
            tools=[
                types.Tool(
                    function_declarations=[
                        types.FunctionDeclaration(
                            name="f",
                            parameters=types.Schema(type="OBJECT", properties={"n": types.Schema(type="INTEGER")}),
                        )
                    ]
                )
            ],
            tool_config=types.ToolConfig(
                function_calling_config=types.FunctionCallingConfig(mode="ANY", allowed_function_names=["f"])
            ),
        ),
    )
    seen = to_dict(read_request(http.url.raw_path.decode(), dict(http.headers), http.content))
    call = seen["messages"][1]["content"][1]
    assert seen == {
        "model": "m",
        "system": "Be terse.",
        "stream": True,
        "messages": [
            {"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "reasoning", "text": "hm", "signature": "c2ln"},
                    {
                        "type": "tool_call",
                        "id": call["id"],
                        "name": "f",
                        "arguments": '{"n":9007199254740993}',
                        "signature": "cw==",
                    },
                ],
            },
            {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": call["id"], "content": "3"}]},
        ],
        "tools": [{"name": "f", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}}],
        "tool_choice": {"name": "f"},
        "max_output_tokens": 10,
        "temperature": 0.5,
        "stop": ["END"],
        "reasoning": {"budget_tokens": 512},
    }


def test_fields_may_be_in_snake_case_and_alone() -> None:
    data = read(
        contents={"parts": {"inline_data": {"mime_type": "image/png", "data": "aGk="}}},
        system_instruction={"parts": [{"text": "a"}, {"text": "b"}]},
        generation_config={"max_output_tokens": "7", "top_p": "0.5"},
        tools={"function_declarations": [{"name": "f", "parameters_json_schema": {"type": "object", "$defs": {}}}]},
        tool_config={"function_calling_config": {"mode": "none"}},
    )
    assert data == {
        "model": "m",
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "image", "media_type": "image/png", "data": "aGk="}]}],
        "system": "a\n\nb",
        "max_output_tokens": 7,
        "top_p": 0.5,
        "tools": [{"name": "f", "parameters": {"type": "object", "$defs": {}}}],
        "tool_choice": "none",
    }


@pytest.mark.parametrize(
    ("response", "said"),
    [
        ({"output": "a"}, {"content": "a"}),
        ({"result": {"n": 1}}, {"content": '{"n":1}'}),
        ({"name": "f", "content": "a"}, {"content": "a"}),
        ({"name": "f", "error": "a"}, {"content": "a", "is_error": True}),
        ({"name": "another", "content": "a"}, {"content": '{"name":"another","content":"a"}'}),
        ({"error": "a"}, {"content": "a", "is_error": True}),
        ({"temperature": 3, "unit": "C"}, {"content": '{"temperature":3,"unit":"C"}'}),
        ({}, {"content": ""}),
    ],
)
def test_what_a_tool_said(response: dict[str, Any], said: dict[str, Any]) -> None:
    part = {"functionResponse": {"id": "c1", "name": "f", "response": response}}
    assert parts({"role": "user", "parts": [part]}) == [
        ("tool", [{"type": "tool_result", "tool_call_id": "c1", **said}])
    ]


def test_a_picture_may_stand_in_what_a_tool_said() -> None:
    blob = {"inlineData": {"mimeType": "image/png", "data": "aQ=="}}
    answer = {"id": "c1", "name": "f", "response": {"output": "a"}, "parts": [blob]}
    ((_, (result,)),) = parts({"role": "user", "parts": [{"functionResponse": answer}]})
    assert result["media"] == [{"type": "image", "media_type": "image/png", "data": "aQ=="}]


def test_results_without_ids_belong_to_the_calls_of_their_name_in_turn() -> None:
    calls = [{"functionCall": {"name": name}} for name in ("f", "g", "f")]
    answers = [
        {"functionResponse": {"name": name, "response": {"output": said}}}
        for name, said in (("f", "1"), ("f", "2"), ("g", "3"))
    ]
    _, (_, results) = parts({"role": "model", "parts": calls}, {"role": "function", "parts": answers})
    assert [(result["tool_call_id"], result["content"]) for result in results] == [
        ("call_made_0", "1"),
        ("call_made_2", "2"),
        ("call_made_1", "3"),
    ]


def test_a_signature_on_a_text_stands_after_it() -> None:
    assert parts({"role": "model", "parts": [{"text": "a", "thoughtSignature": "cw=="}, {"text": "b"}]}) == [
        (
            "assistant",
            [
                {"type": "text", "text": "a"},
                {"type": "reasoning", "signature": "cw=="},
                {"type": "text", "text": "b"},
            ],
        )
    ]


def test_text_beside_a_result_is_the_users() -> None:
    answer = {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "a"}}}
    assert [role for role, _ in parts({"role": "user", "parts": [answer, {"text": "b"}]})] == ["tool", "user"]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", "gemini-2.5-flash"),
        ("/v1beta/tunedModels/mine:streamGenerateContent", "tunedModels/mine"),
        ("/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent?alt=sse", "g"),
        ("/v1beta/models/a%20b:generateContent", "a b"),
    ],
)
def test_the_model_stands_in_the_path(path: str, model: str) -> None:
    data = read(path)
    assert (data["model"], data["stream"]) == (model, "streamGenerate" in path)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"thinkingLevel": "LOW"}, {"effort": "low"}),
        ({"thinkingBudget": 0}, {"effort": "none"}),
        ({"thinkingBudget": -1}, None),
        ({"includeThoughts": True}, None),
    ],
)
def test_thinking(config: dict[str, Any], expected: Any) -> None:
    assert read(generationConfig={"thinkingConfig": config}).get("reasoning") == expected
