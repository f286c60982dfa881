"""Requests as each provider takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.endpoints.asking import changed, dialect_at
from harness.endpoints.providers import Changes, where
from harness.request import Request, read_request

REQUEST: Request = read_request({"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_output_tokens": 9})


def built(provider: str, dialect: str, *changes: Changes) -> tuple[str, dict[str, str], Any]:
    place = where(provider, dialect, base_url="http://h", model="m")
    wire = dialect_at(place, changes).build_request(REQUEST, "k")
    return wire.path, dict(wire.headers), json.loads(wire.body)


def test_a_provider_without_changes_is_asked_as_the_vendor_is() -> None:
    path, headers, body = built("openai", "openai-chat")
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer k"
    assert body["max_completion_tokens"] == 9
    assert body["stream_options"] == {"include_usage": True}


def test_answers_are_asked_for_unpacked_so_that_recordings_can_be_read() -> None:
    _, headers, _ = built("anthropic", "anthropic-messages")
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("provider", ["mistral", "perplexity", "llama-cpp-python"])
def test_older_names_are_used_where_the_newer_are_not_known(provider: str) -> None:
    _, _, body = built(provider, "openai-chat")
    assert body["max_tokens"] == 9
    assert not {"max_completion_tokens", "stream_options"} & body.keys()


def test_a_path_and_a_key_header_of_ones_own() -> None:
    path, headers, _ = built("azure", "openai-responses")
    assert path == "/openai/v1/responses"
    assert headers["api-key"] == "k"
    assert "authorization" not in headers


def test_a_bearer_token_in_place_of_the_dialects_header() -> None:
    _, headers, _ = built("openrouter", "anthropic-messages")
    assert headers["authorization"] == "Bearer k"
    assert "x-api-key" not in headers


def test_no_key_is_no_header() -> None:
    place = where("azure", "openai-chat", base_url="http://h", model="m")
    headers = dialect_at(place).build_request(REQUEST, "").headers
    assert not {"api-key", "authorization"} & headers.keys()


def test_a_probes_changes_come_last() -> None:
    _, _, body = built("mistral", "openai-chat", Changes(put={"max_tokens": 3}))
    assert body["max_tokens"] == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rename": {"a": "z"}}, {"z": 1, "b": {"c": [2]}}),
        ({"rename": {"b.c": "x.y"}}, {"a": 1, "b": {}, "x": {"y": [2]}}),
        ({"rename": {"none": "z"}}, {"a": 1, "b": {"c": [2]}}),
        ({"drop": ["a", "b.c", "b.none", "a.none"]}, {"b": {}}),
        ({"put": {"b": {"d": 3}, "a": [4]}}, {"a": [4], "b": {"c": [2], "d": 3}}),
        ({"put": {"b": 5}}, {"a": 1, "b": 5}),
    ],
)
def test_what_changes_do(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    body = changed(b'{"a":1,"b":{"c":[2]}}', [Changes.model_validate(changes)])
    assert json.loads(body) == expected


@pytest.mark.parametrize("body", [b"no JSON", b"[1]", b""])
def test_what_is_no_object_is_left_alone(body: bytes) -> None:
    assert changed(body, [Changes(drop=("a",))]) == body
