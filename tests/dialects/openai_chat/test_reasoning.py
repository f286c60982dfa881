"""Reasoning in chat deltas, under all its names."""

from __future__ import annotations

from typing import Any

import pytest

from harness.events import Reasoning, Signature

from .chunks import chunk, read, rules, said


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_both_names_are_read(name: str) -> None:
    assert said(chunk({name: "Let"}), chunk({name: " me"}), chunk({name: None})) == [Reasoning("Let"), Reasoning(" me")]


def test_a_text_under_several_names_is_read_once() -> None:
    details = [{"type": "reasoning.text", "text": "The", "index": 0}]
    mirrored = {"reasoning": "The", "reasoning_content": "The", "reasoning_details": details}
    assert read(chunk(mirrored), chunk({"content": "a"})).reasoning == "The"


def test_details_are_read_where_there_is_no_other_text() -> None:
    details = [{"type": "reasoning.text", "text": "The"}, {"type": "reasoning.text", "text": " end"}]
    assert said(chunk({"reasoning": None, "reasoning_details": details})) == [Reasoning("The"), Reasoning(" end")]


def test_summaries_are_marked() -> None:
    details = [{"type": "reasoning.summary", "summary": "I think"}]
    assert said(chunk({"reasoning_details": details})) == [Reasoning("I think", summary=True)]
    both = {"reasoning": "I think", "reasoning_details": details}
    assert said(chunk(both)) == [Reasoning("I think", summary=True)]


def test_signatures_and_encrypted_reasoning_are_kept_once() -> None:
    signed = chunk({"reasoning_details": [{"type": "reasoning.text", "text": "", "signature": "Et8B"}]})
    hidden = chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1"}]})
    assert said(signed, signed, hidden, hidden) == [
        Signature("Et8B"),
        Signature("gAAA", "encrypted", id="rs_1"),
    ]


@pytest.mark.parametrize("value", [{"content": "hm"}, [{"text": "hm"}], [{"type": "reasoning.text", "text": "hm"}]])
def test_an_object_in_the_place_of_the_text_is_read(value: Any) -> None:
    assert said(chunk({"reasoning": value})) == [Reasoning("hm")]
    assert said(chunk({"reasoning_details": value})) == [Reasoning("hm")]


def test_details_that_are_no_objects_are_a_warning() -> None:
    result = read(chunk({"reasoning_details": ["hm", {"type": "reasoning.text", "text": "ok"}]}), chunk(finish="stop"))
    assert (result.reasoning, rules(result)) == ("ok", ["payload-malformed"])


def test_choices_keep_their_own_reasoning() -> None:
    details = [{"type": "reasoning.text", "text": "b", "signature": "s"}]
    assert said(chunk({"reasoning": "a"}), chunk({"reasoning_details": details}, index=1)) == [
        Reasoning("a"),
        Reasoning("b", 1),
        Signature("s", choice=1),
    ]
