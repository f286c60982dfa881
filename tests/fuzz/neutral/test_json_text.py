from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.fuzz.neutral.json_text import Number, parse, spell, tokens

values = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(codec=None)) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_what_is_parsed_is_spelled_as_it_was_but_for_white_space() -> None:
    text = '{"b": 1.0, "a": [1e5, -0, true, null, "é\\n\\"\\\\"], "": {}}'
    assert spell(parse(text)) == '{"b":1.0,"a":[1e5,-0,true,null,"é\\n\\"\\\\"],"":{}}'


def test_half_a_surrogate_pair_is_spelled_as_an_escape() -> None:
    assert spell(parse(r'"\ud83d x \ude00"')) == r'"\ud83d x \ude00"'
    assert spell(parse(r'"\ud83d\ude00"')) == '"😀"'


def test_numbers_are_no_strings() -> None:
    assert parse('{"a": 1, "b": "1"}') == {"a": "1", "b": "1"}
    assert [type(value) for value in parse('[1, 2.5, "1"]')] == [Number, Number, str]


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '[{"x": {"a": 1, "a": 1}}]', "NaN", "[Infinity]", "{", "", "[DONE]"]
)
def test_what_could_not_be_spelled_the_same_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@given(values)
def test_any_value_is_spelled_as_another_reader_reads_it(value: Any) -> None:
    assert json.loads(spell(parse(json.dumps(value)))) == value


@given(values)
def test_the_tokens_are_the_text_without_its_white_space(value: Any) -> None:
    assert "".join(tokens(json.dumps(value, indent=1))) == json.dumps(value, separators=(",", ":"))


def test_white_space_within_strings_belongs_to_them() -> None:
    assert tokens(' {"a b" :\t[ -1.5e3 , "\\" ,"]\n}') == ["{", '"a b"', ":", "[", "-1.5e3", ",", '"\\" ,"', "]", "}"]
