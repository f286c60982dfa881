from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.neutral.made import changed


def payload(text: str, name: str, **step: Any) -> str:
    """One line of JSON after one mutation."""
    return changed(f"{text}\n".encode(), "ollama", name, **step).decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("reversed", '{"c":[{"e":2,"d":1}],"b":{"y":0,"z":1},"a":1}'),
        ("sorted", '{"a":1,"b":{"y":0,"z":1},"c":[{"d":1,"e":2}]}'),
        ("turned", '{"b":{"y":0,"z":1},"c":[{"e":2,"d":1}],"a":1}'),
    ],
)
def test_members_change_their_order_at_every_depth(form: str, expected: str) -> None:
    text = '{"a":1,"b":{"z":1,"y":0},"c":[{"d":1,"e":2}]}'
    assert payload(text, "key-order", form=form) == expected


def test_the_order_within_arguments_is_the_models_own() -> None:
    text = '{"name":"f","arguments":{"z":{"b":1,"a":2},"y":3}}'
    assert payload(text, "key-order") == '{"arguments":{"z":{"b":1,"a":2},"y":3},"name":"f"}'


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("usual", '{"a": [1, "x y"], "b": {}}'),
        ("none", '{"a":[1,"x y"],"b":{}}'),
        ("around", ' {"a":[1,"x y"],"b":{}}  '),
        ("tabs", '\t{"a"\t:\t[1\t,\t"x y"]\t,\t"b"\t:\t{}}\t'),
    ],
)
def test_white_space_stands_between_tokens_alone(form: str, expected: str) -> None:
    assert payload('{"a":[1, "x y"],"b":{}}', "white-space", form=form) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({}, r'{"\u0061":"é😀\n"}'),
        ({"pick": 1}, r'{"a":"\u00e9😀\n"}'),
        ({"pick": 2}, r'{"a":"é\ud83d\ude00\n"}'),
        ({"pick": 3}, r'{"a":"é😀\n"}'),
        ({"form": "all"}, r'{"\u0061":"\u00e9\ud83d\ude00\n"}'),
    ],
)
def test_any_character_can_be_an_escape(step: dict[str, Any], expected: str) -> None:
    assert payload(r'{"a":"é😀\n"}', "escapes", **step) == expected


def test_escapes_that_nobody_needs_are_undone() -> None:
    text = r'{"a":"\u00e9\ud83d\ude00\/\u003c","b":"\n\"\\\u0000\u2028\ud83d\u0022"}'
    assert payload(text, "raw-characters") == r'{"a":"é😀/<","b":"\n\"\\\u0000\u2028\ud83d\u0022"}'


def test_elements_of_an_array_are_apart_in_other_ways() -> None:
    body = b'[{"a":1}\r\n,\r\n{"b":2}]\n'
    assert changed(body, "gemini", "element-space") == b'[{"a":1},{"b":2}]'
    assert (
        changed(body, "gemini", "element-space", form="all")
        == b' \t\r\n[ \t\r\n{"a":1} \t\r\n, \t\r\n{"b":2} \t\r\n] \t\r\n'
    )


@given(
    st.dictionaries(st.text(st.characters(codec=None), max_size=4), st.text(st.characters(codec=None)), min_size=1),
    st.sampled_from(["escapes", "raw-characters", "white-space", "key-order"]),
    st.integers(0, 99),
    st.booleans(),
)
def test_the_value_is_what_it_was(value: dict[str, str], name: str, pick: int, ascii_only: bool) -> None:
    text = json.dumps({**value, "z": 'x"', "y": "é"}, ensure_ascii=ascii_only)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        text = json.dumps({**value, "z": 'x"', "y": "é"})
    try:
        spelled = payload(text, name, pick=pick)
    except ValueError:
        spelled = text  # no escape to undo
    assert json.loads(spelled) == json.loads(text)
