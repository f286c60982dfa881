"""Output items: which events belong to which, and what their own data says."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_responses.items import Items, words

MESSAGE = {"type": "message", "id": "msg_1"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1"}


@pytest.mark.parametrize(
    "names",
    [
        {"item_id": "fc_1"},
        {"item_id": "call_1"},
        {"call_id": "call_1"},
        {"id": "fc_1"},
        {"output_index": 4},
        {"output_index": 4, "item_id": "another"},
        {},
    ],
)
def test_an_event_finds_its_item_by_any_name(names: dict[str, Any]) -> None:
    items = Items()
    item = items.announced(CALL, 4)
    assert items.of_event(names, "call") is item


def test_an_event_of_another_family_makes_an_item_of_its_own() -> None:
    items = Items()
    reasoning = items.announced({"type": "reasoning", "id": "rs_1"}, 0)
    assert items.of_event({"output_index": 0}, "message") is not reasoning


def test_an_event_under_another_id_and_without_a_place_makes_an_item_of_its_own() -> None:
    items = Items()
    item = items.announced(CALL, None)
    assert items.of_event({"item_id": "fc_2"}, "call") is not item


def test_a_second_announcement_at_a_place_is_another_item() -> None:
    items = Items()
    first = items.announced(MESSAGE, 0)
    assert items.announced({**MESSAGE, "id": "msg_2"}, 0) is not first
    assert items.done(MESSAGE, 0) is first


def test_an_announcement_after_its_deltas_finds_them() -> None:
    items = Items()
    item = items.of_event({"output_index": 0, "item_id": "fc_1"}, "call")
    assert items.announced(CALL, 0) is item


def test_calls_are_numbered_as_they_appear() -> None:
    items = Items()
    numbers = [
        items.announced(data, place).call
        for place, data in enumerate([CALL, MESSAGE, {**CALL, "id": "x", "call_id": "y"}])
    ]
    assert (numbers, items.call_count) == ([0, -1, 1], 2)


def test_pieces_are_kept_by_part() -> None:
    item = Items().new(MESSAGE)
    item.pieces("text", 0).append("a")
    item.pieces("text", 2).append("c")
    item.pieces("text", 0).append("b")
    assert (item.said("text"), item.said("text", 0), item.said("refusal"), item.last_part("text")) == (
        "abc",
        "ab",
        "",
        2,
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"type": "message", "content": [{"type": "output_text", "text": text} for text in "ab"]}, {"text": "ab"}),
        ({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}, {"refusal": "No."}),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]}, {"summary": "a"}),
        ({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "a"}]}, {"reasoning": "a"}),
        ({"type": "function_call", "arguments": "{}"}, {"arguments": "{}"}),
        ({"type": "function_call", "arguments": {"a": 1}}, {"arguments": '{"a":1}'}),
        ({"type": "custom_tool_call", "input": "x"}, {"arguments": "x"}),
        ({"type": "message", "content": None}, {}),
        ({"type": "message", "content": [7, {"type": "image"}]}, {}),
    ],
)  # fmt: skip
def test_words_of_an_item(data: dict[str, Any], said: dict[str, str]) -> None:
    assert words(data) == said
