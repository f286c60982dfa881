"""How each dialect says what not all of them can: the form of the answer, sampling, images by address, files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects import dialect
from harness.request import to_dict

from .canonical import request

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
FORMAT = {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}
CAT = {"type": "image", "url": "https://example.org/cat.png"}
PDF = {"type": "file", "media_type": "application/pdf", "data": "aGk=", "name": "a.pdf"}
NOTE = {"type": "file", "media_type": "text/plain", "data": "aGk=", "name": "a.txt"}
SOUND = {"type": "file", "media_type": "audio/wav", "data": "aGk="}
PNG = {"type": "image", "media_type": "image/png", "data": "aGk="}


def sent(name: str, **changes: Any) -> tuple[dict[str, Any], list[str]]:
    built = dialect(name).build_request(request(**changes), "sk-test")
    assert dialect(name).validate(built.path, built.headers, built.body) == []
    return json.loads(built.body), [loss.what for loss in built.losses]


def read(name: str, **changes: Any) -> dict[str, Any]:
    built = dialect(name).build_request(request(**changes), "sk-test")
    return to_dict(dialect(name).read_request(built.path, built.headers, built.body))


@pytest.mark.parametrize(
    ("name", "place", "form"),
    [
        ("openai-chat", ["response_format"],
         {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}),
        ("openai-responses", ["text", "format"],
         {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}),
        ("anthropic-messages", ["output_config", "format"], {"type": "json_schema", "schema": SCHEMA}),
        ("gemini", ["generationConfig"], {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}),
        ("ollama", ["format"], SCHEMA),
    ],
)  # fmt: skip
def test_an_answer_by_a_schema(name: str, place: list[str], form: Any) -> None:
    body, losses = sent(name, response_format=FORMAT)
    for key in place:
        body = body[key]
    assert (body, losses) == (form, [])
    assert read(name, response_format=FORMAT)["response_format"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("name", "place", "form"),
    [
        ("openai-chat", ["response_format"], {"type": "json_object"}),
        ("openai-responses", ["text", "format"], {"type": "json_object"}),
        ("gemini", ["generationConfig"], {"responseMimeType": "application/json"}),
        ("ollama", ["format"], "json"),
    ],
)
def test_an_answer_in_any_json(name: str, place: list[str], form: Any) -> None:
    body, losses = sent(name, response_format={"type": "json"})
    for key in place:
        body = body[key]
    assert (body, losses) == (form, [])
    assert read(name, response_format={"type": "json"})["response_format"] == {"type": "json"}


def test_any_json_is_a_loss_where_there_must_be_a_schema() -> None:
    body, losses = sent("anthropic-messages", response_format={"type": "json"})
    assert ("output_config" in body, losses) == (False, ["response-format"])


SAMPLING = {"top_k": 5, "seed": 1, "presence_penalty": 0.5, "frequency_penalty": 0.25, "choices": 2}


@pytest.mark.parametrize(
    ("name", "kept", "lost"),
    [
        ("openai-chat", {"seed", "presence_penalty", "frequency_penalty", "choices"}, ["top-k"]),
        ("openai-responses", set[str](),
         ["top-k", "seed", "presence-penalty", "frequency-penalty", "choices"]),
        ("anthropic-messages", {"top_k"}, ["seed", "presence-penalty", "frequency-penalty", "choices"]),
        ("gemini", {*SAMPLING}, []),
        ("ollama", {"top_k", "seed", "presence_penalty", "frequency_penalty"}, ["choices"]),
    ],
)  # fmt: skip
def test_sampling_settings_are_said_or_named(name: str, kept: set[str], lost: list[str]) -> None:
    _, losses = sent(name, **SAMPLING)
    assert losses == lost
    assert {key: value for key, value in read(name, **SAMPLING).items() if key in SAMPLING} == {
        key: SAMPLING[key] for key in kept
    }


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("openai-chat", []),
        ("openai-responses", []),
        ("anthropic-messages", ["metadata"]),
        ("gemini", ["user", "metadata"]),
        ("ollama", ["user", "metadata"]),
    ],
)
def test_who_asks_and_what_for(name: str, lost: list[str]) -> None:
    _, losses = sent(name, user="u1", metadata={"a": "b"})
    seen = read(name, user="u1", metadata={"a": "b"})
    assert losses == lost
    assert ("user" in seen, "metadata" in seen) == ("user" not in lost, "metadata" not in lost)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("openai-chat", {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}),
        ("openai-responses", {"type": "input_image", "detail": "auto", "image_url": "https://example.org/cat.png"}),
        ("anthropic-messages", {"type": "image", "source": {"type": "url", "url": "https://example.org/cat.png"}}),
    ],
)
def test_an_image_by_its_address(name: str, form: Any) -> None:
    body, losses = sent(name, messages=[{"role": "user", "content": [CAT]}])
    (message,) = body.get("messages") or body["input"]
    assert (message["content"], losses) == ([form], [])
    assert read(name, messages=[{"role": "user", "content": [CAT]}])["messages"][0]["content"] == [CAT]


def test_gemini_takes_files_of_its_own_at_an_address() -> None:
    own = {"type": "image", "media_type": "image/png", "url": "gs://bucket/cat.png"}
    body, losses = sent("gemini", messages=[{"role": "user", "content": [own]}])
    assert body["contents"][0]["parts"] == [{"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/cat.png"}}]
    assert (losses, read("gemini", messages=[{"role": "user", "content": [own]}])["messages"][0]["content"]) == (
        *([], [own]),
    )


@pytest.mark.parametrize(
    ("name", "part", "form"),
    [
        ("openai-chat", PDF,
         {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}}),
        ("openai-chat", SOUND, {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}),
        ("openai-responses", PDF,
         {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}),
        ("anthropic-messages", PDF,
         {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
          "title": "a.pdf"}),
        ("anthropic-messages", NOTE,
         {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}, "title": "a.txt"}),
        ("gemini", PDF, {"inlineData": {"mimeType": "application/pdf", "data": "aGk=", "displayName": "a.pdf"}}),
        ("gemini", SOUND, {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}}),
    ],
)  # fmt: skip
def test_a_file_in_the_request(name: str, part: Any, form: Any) -> None:
    talk = [{"role": "user", "content": [part]}]
    body, losses = sent(name, messages=talk)
    (message,) = body.get("messages") or body.get("input") or body["contents"]
    assert (message.get("content") or message["parts"], losses) == ([form], [])
    assert read(name, messages=talk)["messages"] == talk


@pytest.mark.parametrize("name", ["openai-responses", "anthropic-messages"])
def test_a_tool_gives_an_image_and_a_file_with_its_words(name: str) -> None:
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "Look."}]},
        {"role": "assistant", "content": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": "{}"}]},
        {"role": "tool", "content": [
            {"type": "tool_result", "tool_call_id": "c1", "content": "Here.", "media": [PNG, PDF]}]},
    ]  # fmt: skip
    _, losses = sent(name, messages=talk)
    assert (losses, read(name, messages=talk)["messages"]) == ([], talk)


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic-messages"])
def test_a_tool_whose_arguments_must_keep_to_the_schema(name: str) -> None:
    tool = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}, "strict": True}
    assert read(name, tools=[tool])["tools"] == [tool]


@pytest.mark.parametrize("name", ["gemini", "ollama"])
def test_a_strict_tool_is_a_loss_elsewhere(name: str) -> None:
    assert sent(name, tools=[{"name": "f", "strict": True}])[1] == ["strict-tools"]


def test_what_an_answer_kept_of_its_vendors_reasoning_is_read_in_a_chat_message() -> None:
    details = [
        {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln", "index": 0},
        {"type": "reasoning.encrypted", "data": "ZW5j", "id": "rs_1", "index": 1},
    ]
    body = {"model": "m", "messages": [{"role": "assistant", "content": "Hi", "reasoning_details": details}]}
    seen = dialect("openai-chat").read_request("/v1/chat/completions", {}, json.dumps(body).encode())
    assert to_dict(seen)["messages"][0]["content"] == [
        {"type": "reasoning", "text": "Hm.", "signature": "c2ln", "encrypted": "ZW5j", "id": "rs_1"},
        {"type": "text", "text": "Hi"},
    ]
