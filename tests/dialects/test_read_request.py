"""What holds for every dialect's reading of requests: what was built is read back, and nothing raises."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dialects import dialect
from harness.request import Request, read_request, to_dict

from .canonical import TOOL_ROUND, WEATHER, request
from .odd_values import ODD_VALUES, places
from .said import DIALECTS

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
every_dialect = pytest.mark.parametrize("name", DIALECTS)

IMAGE = {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="}
HIGH_TURN = [
    {"role": "user", "content": "Weather in Oslo?"},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_call", "id": "call_1", "name": "get_weather", "arguments": '{"n":9007199254740993}'},
            {"type": "tool_call", "id": "call_2", "name": "get_time", "arguments": "{}"},
        ],
    },
    {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_1", "content": "3 °C\n☃"}]},
    {"role": "tool", "content": [{"type": "tool_result", "tool_call_id": "call_2", "content": ""}]},
    {"role": "assistant", "content": "It is cold."},
    {"role": "user", "content": "Thanks \U0001f600"},
]
ASKED: list[Request] = [
    request(),
    request(system="Be terse.", max_output_tokens=256, temperature=0, top_p=0.5),
    request(tools=[WEATHER], tool_choice="required"),
    request(tools=[WEATHER], tool_choice={"name": "get_weather"}),
    request(tools=[WEATHER], tool_choice="none"),
    request(tools=[WEATHER], tool_choice="auto"),
    request(tools=[WEATHER, {**WEATHER, "name": "get_time", "description": None}], messages=HIGH_TURN),
    request(messages=[{"role": "user", "content": [{"type": "text", "text": "What?"}, IMAGE]}]),
    request(messages=[{"role": "user", "content": [IMAGE, {"type": "text", "text": "What?"}]}]),
    request(tools=[WEATHER], parallel_tool_calls=False),
    request(stop=["END", "STOP"]),
    request(reasoning={"effort": "high"}),
    request(reasoning={"effort": "none"}),
    request(reasoning={"budget_tokens": 2048}, max_output_tokens=9000),
]

SAID_OTHERWISE = {
    "openai-responses": ("reasoning",),
    "anthropic-messages": ("max_output_tokens", "reasoning", "tool_choice"),
    "gemini": ("parallel_tool_calls",),
    "ollama": ("tool_choice", "tools"),
}
"""Settings that a dialect says in words of its own: an effort as a budget, no tools where none may be chosen."""


def whole(asked: Request) -> dict[str, Any]:
    """The JSON form, with calls and results by position, texts of one message joined, results a message each."""
    data = to_dict(asked)
    data["messages"] = [
        {"role": said["role"], "content": [part]} for said in data["messages"] for part in said.get("content", [])
    ]
    return data


def read_back(name: str, asked: Request) -> tuple[Request, tuple[Any, ...]]:
    built = dialect(name).build_request(asked, "sk-test")
    assert dialect(name).validate(built.path, built.headers, built.body) == []
    return dialect(name).read_request(built.path, built.headers, built.body), built.losses


@every_dialect
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: json.dumps(to_dict(asked))[40:90])
def test_what_is_built_is_read_back(name: str, asked: Request) -> None:
    read, losses = read_back(name, asked)
    excused = SAID_OTHERWISE.get(name, ())
    if losses:
        assert dialect(name).build_request(read, "sk-test").losses in ((), losses)
        return
    expected, seen = whole(asked), whole(read)
    if name == "ollama" and any(
        part.get("type") == "image" for said in expected["messages"] for part in said["content"]
    ):
        for form in (expected, seen):  # images have no place among the texts
            form["messages"].sort(key=lambda said: said["content"][0]["type"])
    assert {key: value for key, value in seen.items() if key not in excused} == {
        key: value for key, value in expected.items() if key not in excused
    }


@every_dialect
def test_settings_said_in_other_words_mean_the_same(name: str) -> None:
    for asked in ASKED:
        built = dialect(name).build_request(asked, "sk-test")
        read = dialect(name).read_request(built.path, built.headers, built.body)
        again = dialect(name).build_request(read, "sk-test")
        if not built.losses:
            assert (again.path, again.body) == (built.path, built.body)


@every_dialect
def test_a_whole_tool_round_is_read_back(name: str) -> None:
    read, losses = read_back(name, request(tools=[WEATHER], messages=TOOL_ROUND))
    parts = [part for said in read.messages for part in to_dict(request(messages=[said]))["messages"][0]["content"]]
    calls = [part for part in parts if part["type"] == "tool_call"]
    results = [part for part in parts if part["type"] == "tool_result"]
    assert [(call["id"], json.loads(call["arguments"])) for call in calls] == [
        ("call_1", {"city": "Oslo"}),
        ("call_2", {"city": "Rome"}),
    ]
    assert [(result["tool_call_id"], result["content"]) for result in results] == [
        ("call_1", "3 °C"),
        ("call_2", "no answer"),
    ]
    flagged = name in ("anthropic-messages", "gemini")
    assert [result.get("is_error", False) for result in results] == [False, flagged]
    kept = [part for part in parts if part["type"] == "reasoning"]
    signed = {"type": "reasoning", "text": "Two calls.", "signature": "c2ln"}
    assert kept == {"openai-responses": [], "anthropic-messages": [signed], "gemini": [signed]}.get(
        name, [{"type": "reasoning", "text": "Two calls."}]
    )
    assert bool(losses) == (name not in ("anthropic-messages", "gemini"))


TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text)
NUMBERS = st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)


@st.composite
def talks(draw: st.DrawFn) -> Request:
    """A talk of some turns, each with a text or with calls that are all answered."""
    messages: list[dict[str, Any]] = []
    for turn in range(draw(st.integers(1, 3))):
        messages.append({"role": "user", "content": draw(TEXTS)})
        calls = draw(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=3))
        said = [{"type": "text", "text": draw(TEXTS)}] if not calls or draw(st.booleans()) else []
        ids = [f"call_{turn}_{position}" for position in range(len(calls))]
        made = [
            {"type": "tool_call", "id": id, "name": "f", "arguments": json.dumps(given, separators=(",", ":"))}
            for id, given in zip(ids, calls, strict=True)
        ]
        messages.append({"role": "assistant", "content": [*said, *made]})
        for id in ids:
            answer = {"type": "tool_result", "tool_call_id": id, "content": draw(st.text(max_size=9))}
            messages.append({"role": "tool", "content": [answer]})
    messages.append({"role": "user", "content": draw(TEXTS)})
    return read_request({"model": "m", "system": draw(TEXTS), "messages": messages, "tools": [{"name": "f"}]})


def spoken(asked: Request) -> list[Any]:
    """Who said what, arguments by value."""
    return [
        (said.role, part.id, json.loads(part.arguments)) if hasattr(part, "arguments") else (said.role, part)
        for said in asked.messages
        for part in said.content
    ]


@every_dialect
@EXAMPLES
@given(asked=talks())
def test_any_talk_is_read_back(name: str, asked: Request) -> None:
    built = dialect(name).build_request(asked, "sk-test")
    read = dialect(name).read_request(built.path, built.headers, built.body)
    assert built.losses == ()
    assert (read.system, spoken(read)) == (asked.system, spoken(asked))


@every_dialect
@EXAMPLES
@given(data=st.data())
def test_a_request_with_values_of_another_type_is_read_without_raising(name: str, data: st.DataObject) -> None:
    asked = request(
        system="s",
        tools=[WEATHER],
        tool_choice={"name": "get_weather"},
        stop=["a"],
        reasoning={"effort": "low"},
        messages=[*TOOL_ROUND, {"role": "user", "content": [IMAGE]}],
    )
    built = dialect(name).build_request(asked, "k")
    body = json.loads(built.body)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(body)))
        holder[key] = deepcopy(data.draw(ODD_VALUES))
    read = dialect(name).read_request(built.path, {}, json.dumps(body).encode())
    assert msgspec.convert(msgspec.to_builtins(read), Request) == read  # every value has the type that it should have
    assert isinstance(json.loads(dialect(name).build_request(read, "k").body), dict)


@every_dialect
@EXAMPLES
@given(st.text(max_size=30), st.binary(max_size=40))
def test_any_path_and_body_are_read_without_raising(name: str, path: str, body: bytes) -> None:
    assert dialect(name).read_request(path, {}, body).messages == []
