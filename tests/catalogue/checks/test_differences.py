"""How texts differ: every kind with a case that has it and a near miss that has not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.checks.differences import compare, difference, excerpt
from harness.catalogue.models import AnyValue, PartialText

ANSWER = "The weather in Oslo is fine."


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        ("", "loss"),
        ("The weather in Oslo", "loss"),
        ("The weather is fine.", "loss"),
        ("weather in Oslo is fine.", "loss"),
        ("<think>The weather in Oslo is fine.", "leak"),
        ("The weather</think> in Oslo is fine.", "leak"),
        ("nk>The weather in Oslo is fine.", "leak"),
        ("The weather in Oslo is fine.[DONE]", "leak"),
        ("data: The weather in Oslo is fine.", "leak"),
        ('{"choices": [{"delta": {"content": "The weather in Oslo is fine."}}]}', "leak"),
        ("\ufeffThe weather in Oslo is fine.", "leak"),
        ("<|channel|>The weather in Oslo is fine.", "leak"),
        ("The weather The weather in Oslo is fine.", "duplicate"),
        (ANSWER + ANSWER, "duplicate"),
        ("in Oslo is fine.The weather ", "order"),
        ("The w\ufffdather in Oslo is fine.", "corruption"),
        ("The weather in Bergen is fine.", "corruption"),
        (ANSWER + " Anything else?", "corruption"),
    ],
)
def test_a_difference_has_its_kind(seen: str, kind: str) -> None:
    assert difference(ANSWER, seen).kind == kind


def test_the_reasoning_in_the_text_is_a_leak() -> None:
    found = difference("Fine.", "I must look it up. Fine.", hidden="I must look it up. Then I answer.")
    assert (found.kind, found.what) == ("leak", "reasoning is in it")


def test_words_that_the_reasoning_has_not_are_no_leak() -> None:
    assert difference("Fine.", "Hello. Fine.", hidden="I must look it up.").kind == "corruption"


def test_markers_that_were_sent_are_no_leak() -> None:
    sent = "Use <think> and data: [DONE] with care."
    assert difference(sent, sent[:-5]).kind == "loss"
    assert compare(sent, sent) is None


def test_replacement_characters_that_were_sent_are_no_corruption() -> None:
    assert difference("a \ufffd b c", "a \ufffd b").kind == "loss"


def test_text_where_none_was_sent_is_a_corruption() -> None:
    assert difference("", "Hello").kind == "corruption"


def test_a_difference_says_where_it_begins() -> None:
    assert difference("0123456789", "01234x6789").at == 5


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        ("Hel", None),
        ("Hello wor", None),
        ("Hello world", None),
        ("He", "loss"),
        ("", "loss"),
        ("Hello world!", "corruption"),
        ("HelHello", "duplicate"),
        ("Hell\ufffd", "corruption"),
        ("Helo", "loss"),
        ("Hello wor[DONE]", "leak"),
    ],
)
def test_partial_text_may_end_early_but_not_differ(seen: str, kind: str | None) -> None:
    found = compare(PartialText(prefix_of="Hello world", at_least="Hel"), seen)
    assert (found.kind if found else None) == kind


def test_any_value_fits_anything() -> None:
    assert compare(AnyValue(any=True), "<think>") is None


def test_long_texts_are_compared_quickly() -> None:
    assert difference("ab" * 200_000, "ba" * 200_000 + "x").kind == "corruption"


@given(st.text(), st.text())
def test_texts_that_differ_have_a_difference(one: str, other: str) -> None:
    found = compare(one, other)
    assert (found is None) == (one == other)


def test_an_excerpt_shows_the_place_and_says_that_there_is_more() -> None:
    shown = excerpt("a" * 100 + "b" * 300, 100)
    assert shown.startswith("…a")
    assert shown.endswith("b…")
    assert len(shown) < 200


def test_an_excerpt_of_a_short_text_is_the_text() -> None:
    assert excerpt("Hello", 3) == "Hello"
