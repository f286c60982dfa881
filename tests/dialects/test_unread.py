"""What of a request nobody reads is named, once, and what is read is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect, dialect_names
from harness.dialects.unread import READ, Each, Kinds, Only, unread_of

from .canonical import TOOL_ROUND, WEATHER, request
from .odd_values import ODD_VALUES, places

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PNG = {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="}
FULL = request(
    system="s",
    tools=[WEATHER],
    tool_choice={"name": "get_weather"},
    parallel_tool_calls=True,
    max_output_tokens=9000,
    temperature=0.5,
    top_p=0.5,
    stop=["a"],
    reasoning={"effort": "low"},
    response_format={"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
    top_k=5,
    seed=1,
    presence_penalty=0.5,
    frequency_penalty=0.5,
    choices=2,
    user="u",
    metadata={"a": "b"},
    messages=[
        *TOOL_ROUND,
        {"role": "user", "content": [PNG, {"type": "image", "url": "https://example.org/a.png"}]},
        {"role": "user", "content": [{"type": "file", "media_type": "application/pdf", "data": "aGk=", "name": "a"}]},
        {"role": "user", "content": [{"type": "file", "media_type": "audio/wav", "data": "aGk="}]},
    ],
)
BODIES: dict[str, tuple[Any, list[str]]] = {
    "openai-chat": (
        {
            "messages": [
                {"role": "user", "name": "bob", "content": [{"type": "text", "text": "x", "cache_control": {"a": 1}}]},
                {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}, {"type": "video_url"}]},
                {"role": "narrator", "content": "x"},
            ],
            "logit_bias": {"1": 2},
            "logprobs": True,
            "tools": [{"type": "web_search"}, {"type": "custom", "custom": {"name": "sh"}}],
            "service_tier": "flex",
            "n": 1,
            "store": False,
            "prediction": None,
        },
        ["name", "cache_control", "file_id", "video_url", "narrator", "logit_bias", "logprobs", "web_search", "custom",
         "service_tier"],
    ),
    "openai-responses": (
        {
            "input": [
                {"type": "item_reference", "id": "x"},
                {"role": "user", "content": [{"type": "input_image", "file_id": "f"}]},
            ],
            "previous_response_id": "r",
            "store": True,
            "tools": [{"type": "file_search"}],
            "truncation": "disabled",
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"summary": "detailed"},
        },
        ["item_reference", "file_id", "previous_response_id", "store", "file_search", "summary"],
    ),
    "anthropic-messages": (
        {
            "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": [{"type": "compaction"}]}],
            "tools": [{"type": "web_search_20250305", "name": "web_search"}],
            "thinking": {"type": "adaptive"},
            "context_management": {"edits": [1]},
            "container": "c",
        },
        ["compaction", "web_search_20250305", "type", "context_management", "container"],
    ),
    "gemini": (
        {
            "contents": [{"role": "user", "parts": [{"text": "x"}, {"executableCode": {}}, {"videoMetadata": {}}]}],
            "tools": [{"googleSearch": {}}],
            "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["a", "b"]}},
            "generation_config": {"max_output_tokens": 5, "response_logprobs": True},
            "safetySettings": [{"category": "x"}],
        },
        ["executableCode", "videoMetadata", "googleSearch", "response_logprobs", "safetySettings",
         "allowedFunctionNames"],
    ),
    "ollama": (
        {"messages": [{"role": "user", "content": "x"}], "keep_alive": "5m", "options": {"num_ctx": 8, "seed": 1}},
        ["keep_alive", "num_ctx"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", dialect_names())
def test_what_is_written_is_read(name: str) -> None:
    built = dialect(name).build_request(FULL, "sk-test")
    assert dialect(name).unread(built.path, built.headers, built.body) == ()


@pytest.mark.parametrize("name", dialect_names())
def test_what_has_no_word_is_named(name: str) -> None:
    body, expected = BODIES[name]
    found = dialect(name).unread("/", {}, json.dumps({"model": "m", **body}).encode())
    assert sorted(loss.what for loss in found) == sorted(f"unread-{each}" for each in expected)


def test_betas_in_a_header_are_named() -> None:
    (loss,) = dialect("anthropic-messages").unread("/", {"anthropic-beta": "x-2025"}, b"{}")
    assert (loss.what, loss.detail) == ("unread-anthropic-beta", "x-2025")


@pytest.mark.parametrize("name", dialect_names())
@EXAMPLES
@given(data=st.data())
def test_nothing_raises_whatever_a_request_holds(name: str, data: st.DataObject) -> None:
    built = dialect(name).build_request(FULL, "k")
    body = json.loads(built.body)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(body)))
        holder[key] = data.draw(ODD_VALUES)
    found = dialect(name).unread(built.path, {}, json.dumps(body).encode())
    assert all(loss.what.startswith("unread-") for loss in found)
    assert dialect(name).unread("", {}, b"[[") == ()


def test_a_thing_is_named_once_and_with_its_first_place() -> None:
    grammar = {"list": Each({"known": READ}), "word": Only(("a",)), "kind": Kinds({"x": {"type": READ}})}
    value = {"list": [{"known": 1}, {"odd": 2}, {"odd": 3}], "word": "A", "kind": {"type": "y"}, "no": None, "zero": 0}
    assert [(loss.what, loss.detail) for loss in unread_of(value, grammar)] == [
        ("unread-odd", "list[1].odd"),
        ("unread-y", "kind"),
    ]


def test_a_name_that_is_no_plain_word_is_not_repeated() -> None:
    (loss,) = unread_of({"x\r\nset-cookie: a": 1}, {})
    assert loss.what == "unread-field"
