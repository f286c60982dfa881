"""What the readers of requests share."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import reading
from harness.request import ImagePart, Message, ReasoningSettings, TextPart, Tool


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("data:image/png;base64,aGk=", ImagePart("image/png", "aGk=")),
        ("data:IMAGE/PNG;charset=x;BASE64,aGk=", ImagePart("image/png", "aGk=")),
        ("https://example.org/cat.png", ImagePart(url="https://example.org/cat.png")),
        ("data:image/svg+xml,<svg/>", ImagePart(url="data:image/svg+xml,<svg/>")),
        (" ", None),
        (None, None),
    ],
)
def test_an_image_is_in_the_request_itself_or_elsewhere(url: Any, expected: ImagePart | None) -> None:
    assert reading.image(url) == expected


@pytest.mark.parametrize(
    ("word", "budget", "expected"),
    [
        ("low", None, ReasoningSettings("low")),
        ("HIGH", None, ReasoningSettings("high")),
        ("whatever", None, None),
        ("whatever", 5, ReasoningSettings(None, 5)),
        (3, None, None),
    ],
)
def test_effort_words_are_known_ones(word: Any, budget: int | None, expected: ReasoningSettings | None) -> None:
    assert reading.effort(word, budget) == expected


def test_numbers_are_no_booleans_and_no_texts() -> None:
    assert [reading.number(value) for value in (0, 0.5, True, "1", None)] == [0, 0.5, None, None, None]
    assert [reading.whole(value) for value in (7, 9.0, 9.5, True, "1")] == [7, 9, None, None, None]
    assert [reading.flag(value) for value in (True, False, 1, "true")] == [True, False, None, None]


def test_texts_may_come_alone() -> None:
    assert [reading.texts(value) for value in ("a", ["a", 1, "b"], [], None)] == [["a"], ["a", "b"], None, None]


def test_arguments_keep_their_text_and_their_numbers() -> None:
    assert reading.arguments('{"a": 1}') == '{"a": 1}'
    assert reading.arguments({"n": 9007199254740993, "m": 12345678901234567890123}) == (
        '{"n":9007199254740993,"m":12345678901234567890123}'
    )
    assert reading.arguments(None) == "{}"


def test_what_a_tool_said_is_a_text_or_json() -> None:
    assert [reading.content_text(value) for value in ("a", None, {"a": 1}, [1])] == ["a", "", '{"a":1}', "[1]"]


def test_a_tool_has_a_name() -> None:
    assert reading.function({"name": "f", "description": "", "parameters": {}}) == Tool("f")
    assert reading.function({"description": "d"}) is None


def test_parts_join_the_last_message_of_their_role() -> None:
    messages: list[Message] = []
    for role, text in (("user", "a"), ("user", "b"), ("assistant", "c")):
        reading.add(messages, role, [TextPart(text)])
    reading.add(messages, "user", [])
    assert messages == [Message("user", [TextPart("a"), TextPart("b")]), Message("assistant", [TextPart("c")])]


def test_a_result_without_an_id_belongs_to_the_first_open_call_of_its_tool() -> None:
    pairs = reading.Pairs()
    calls = [pairs.call(None, "f"), pairs.call("own", "g"), pairs.call(None, "f")]
    assert calls == ["call_made_0", "own", "call_made_1"]
    assert [pairs.result(None, "g"), pairs.result(None, "f"), pairs.result(None, "")] == [
        "own",
        "call_made_0",
        "call_made_1",
    ]
    assert (pairs.result(None, "f"), pairs.result("x", "f")) == ("f", "x")


def test_an_id_that_no_call_has_is_that_of_a_call_without_one() -> None:
    pairs = reading.Pairs()
    assert [pairs.call(None, "f"), pairs.call("own", "f")] == ["call_made_0", "own"]
    assert [pairs.result("other", "f"), pairs.result("other", "f"), pairs.result("own", "g")] == [
        "call_made_0",
        "other",
        "own",
    ]
