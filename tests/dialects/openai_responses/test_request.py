"""Building requests: what the vendor would take, and what is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.dialects.openai_responses.request import build_request, matches
from harness.dialects.openai_responses.validate import validate

from ..canonical import TOOL_ROUND, WEATHER, request


def built(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(build_request(request(**changes), "key").body)
    return body


def lost(**changes: Any) -> list[str]:
    return [loss.what for loss in build_request(request(**changes), "key").losses]


def test_the_plainest_request() -> None:
    http = build_request(request(), "key")
    assert (http.method, http.path) == ("POST", "/v1/responses")
    assert dict(http.headers) == {"content-type": "application/json", "authorization": "Bearer key"}
    assert json.loads(http.body) == {
        "model": "test-model",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
        "store": False,
        "stream": True,
    }


def test_a_round_of_tools_is_a_list_of_items() -> None:
    items = built(messages=TOOL_ROUND)["input"]
    assert [(item["type"], item.get("call_id")) for item in items] == [
        ("message", None),
        ("message", None),
        ("function_call", "call_1"),
        ("function_call", "call_2"),
        ("function_call_output", "call_1"),
        ("function_call_output", "call_2"),
    ]
    assert items[1] == {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Let me look."}],
    }
    assert items[2]["arguments"] == '{"city": "Oslo"}'
    assert items[5]["output"] == "no answer"


def test_encrypted_reasoning_goes_back_before_what_it_led_to() -> None:
    content = [
        {"type": "reasoning", "text": "Hm", "encrypted": "ENC", "id": "rs_1"},
        {"type": "text", "text": "Yes"},
    ]
    items = built(messages=[{"role": "assistant", "content": content}])["input"]
    assert items[0] == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "ENC",
    }
    assert items[1]["role"] == "assistant"


def test_system_text_and_messages_of_every_role_stay_where_they_are() -> None:
    messages = [{"role": role, "content": "x"} for role in ("developer", "user", "assistant", "system")]
    body = built(system="Be terse.", messages=messages)
    assert body["instructions"] == "Be terse."
    assert [item["role"] for item in body["input"]] == ["developer", "user", "assistant", "system"]


def test_images_are_data_urls() -> None:
    content = [{"type": "text", "text": "x"}, {"type": "image", "media_type": "image/png", "data": "QQ=="}]
    (item,) = built(messages=[{"role": "user", "content": content}])["input"]
    assert item["content"][1] == {
        "type": "input_image",
        "detail": "auto",
        "image_url": "data:image/png;base64,QQ==",
    }


def test_tools_and_settings() -> None:
    body = built(
        tools=[WEATHER, {"name": "now"}],
        tool_choice={"name": "now"},
        parallel_tool_calls=False,
        temperature=0,
        top_p=0.5,
        max_output_tokens=100,
        reasoning={"effort": "low"},
    )
    assert body["tools"][0]["name"] == "get_weather"
    assert body["tools"][1] == {
        "type": "function",
        "name": "now",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }
    assert body["tool_choice"] == {"type": "function", "name": "now"}
    assert (body["parallel_tool_calls"], body["temperature"], body["top_p"]) == (False, 0, 0.5)
    assert (body["max_output_tokens"], body["reasoning"]) == (100, {"effort": "low", "summary": "auto"})
    assert body["include"] == ["reasoning.encrypted_content"]


@pytest.mark.parametrize(("word", "sent"), [("auto", "auto"), ("required", "required"), ("none", "none")])
def test_tool_choice(word: str, sent: str) -> None:
    assert built(tools=[WEATHER], tool_choice=word)["tool_choice"] == sent


@pytest.mark.parametrize(("budget", "effort"), [(0, "none"), (1024, "low"), (4096, "medium"), (50000, "high")])
def test_a_budget_becomes_an_effort(budget: int, effort: str) -> None:
    assert built(reasoning={"budget_tokens": budget})["reasoning"]["effort"] == effort


CALL = {"type": "tool_call", "id": "call_1", "name": "f", "arguments": "{}"}
RESULT = {"type": "tool_result", "tool_call_id": "call_1", "content": "x", "is_error": True}


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"stop": ["END"]}, "stop"),
        ({"max_output_tokens": 5}, "max-output-tokens"),
        ({"reasoning": {"budget_tokens": 1024}}, "reasoning-budget"),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "reasoning", "text": "x"}]}]},
            "reasoning-unencrypted",
        ),
        (
            {"messages": [{"role": "assistant", "content": [CALL]}, {"role": "tool", "content": [RESULT]}]},
            "tool-result-error",
        ),
    ],
)
def test_what_cannot_be_asked_is_a_loss_and_the_rest_is_valid(asked: dict[str, Any], what: str) -> None:
    http = build_request(request(**asked), "key")
    assert [loss.what for loss in http.losses] == [what]
    assert validate(http.path, http.headers, http.body) == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/responses", True),
        ("POST", "/v1/responses?x=y", True),
        ("GET", "/v1/responses", False),
        ("POST", "/v1/responses/compact", False),
        ("POST", "/v1/chat/completions", False),
    ],
)
def test_which_paths_are_the_endpoint(method: str, path: str, expected: bool) -> None:
    assert matches(method, path) is expected
