from hypothesis import given
from hypothesis import strategies as st

from harness.report.case.difference import as_text, compare, pair, value


@given(st.text("ab \n"), st.text("ab \n"))
def test_the_stretches_spell_both_texts_and_agree_on_what_is_the_same(expected: str, seen: str) -> None:
    left, right = compare(expected, seen)
    assert "".join(stretch.text for stretch in left) == expected
    assert "".join(stretch.text for stretch in right) == seen
    same = ["".join(stretch.text for stretch in side if stretch.same) for side in (left, right)]
    assert same[0] == same[1]


def test_a_missing_stretch_is_marked_where_it_was_expected() -> None:
    both = pair("light snow and wind", "light snow")
    assert both.expected == "light snow<del> and wind</del>"
    assert both.seen == "light snow"
    assert not both.equal


def test_a_replaced_character_is_marked_on_both_sides() -> None:
    both = pair("snow \u2744 wind", "snow \ufffd wind")
    assert both.expected == "snow <del>\u2744</del> wind"
    assert both.seen == "snow <ins>\ufffd</ins> wind"


def test_texts_that_have_little_in_common_are_marked_whole() -> None:
    both = pair("abcdefgh", "qrsatuvw")
    assert both.expected == "<del>abcdefgh</del>"
    assert both.seen == "<ins>qrsatuvw</ins>"


def test_equal_values_are_equal_and_a_number_is_not_its_text() -> None:
    assert pair("3", "3").equal
    assert pair([1, {"a": None}], [1, {"a": None}]).equal
    assert not pair("3", 3).equal


def test_short_json_stays_in_one_line_unless_the_other_side_is_long() -> None:
    assert as_text({"city": "Oslo"}) == '{"city": "Oslo"}'
    both = pair({"city": "Oslo"}, {"city": "Oslo", "more": "x" * 100})
    assert both.expected.startswith("{\n")
    assert "\\n" not in both.expected


def test_agreement_far_from_the_difference_is_left_out() -> None:
    both = pair("a" * 5000 + "x", "a" * 5000 + "y")
    assert "equal characters left out" in both.expected
    assert both.expected.endswith("<del>x</del>")
    assert len(both.seen) < 1000


def test_large_texts_are_compared_without_delay() -> None:
    both = pair("ab" * 100_000 + "x", "y" + "ab" * 100_000)
    assert "left out" in both.expected


def test_markup_in_values_stays_text() -> None:
    both = pair("<b>&", "<i>&")
    assert both.expected == "&lt;<del>b</del>&gt;&amp;"
    assert both.seen == "&lt;<ins>i</ins>&gt;&amp;"


def test_an_empty_value_is_called_nothing() -> None:
    for nothing in (None, "", [], {}):
        assert value(nothing) == "<em>nothing</em>"
    assert value(0) == "0"
    assert value(False) == "false"
