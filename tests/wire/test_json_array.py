"""The elements of one streamed JSON array."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.frame import Frame
from harness.wire.json_array import CLOSING, Framer, frame, split

from .framing import assert_cuts_do_not_matter, frames, payloads

TOKENS = [b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"x", b" ", b"\n", b'{"a": "]\\""}', b"[1, [2]]", b"null"]
BODIES = st.lists(st.sampled_from(TOKENS), max_size=12).map(b"".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def test_an_element_is_given_at_its_closing_bracket() -> None:
    framer = Framer()
    assert framer.feed(b'[{"a": 1') == []
    assert framer.feed(b"}") == [Frame(b'{"a": 1}', 1)]
    assert framer.feed(b'\n,\r\n{"b": 2}]\n') == [Frame(b'{"b": 2}', 13)]
    assert framer.close() == []


def test_brackets_and_quotes_in_strings_do_not_count() -> None:
    element = b'{"a": "}],[{\\"\\\\", "\\\\": ["]"]}'
    assert payloads(Framer(), b"[" + element + b"," + element + b"]") == [element, element]


def test_elements_that_are_no_objects_are_given_at_the_comma() -> None:
    assert payloads(Framer(), b'[1, "a,b" , null,[2,[3]]]') == [b"1", b'"a,b"', b"null", b"[2,[3]]"]


@pytest.mark.parametrize("body", [b"", b"  ", b"[]", b"[ ]\n", b"[\n"])
def test_an_empty_array_has_no_frames(body: bytes) -> None:
    assert frames(Framer(), body) == []


def test_a_body_that_is_no_array_gives_its_top_level_values() -> None:
    assert payloads(Framer(), b'{"error": {"code": 429}}\n') == [b'{"error": {"code": 429}}']
    assert payloads(Framer(), b'{"a": 1}\n{"b": 2}') == [b'{"a": 1}', b'{"b": 2}']


def test_what_follows_the_array_is_not_lost() -> None:
    assert payloads(Framer(), b'[{}]\n{"error": 1} x') == [b"{}", b'{"error": 1}', b"x"]


def test_an_element_that_was_not_ended_is_incomplete() -> None:
    assert frames(Framer(), b'[{"a": 1}, {"b": "') == [
        Frame(b'{"a": 1}', 1),
        Frame(b'{"b": "', 11, complete=False),
    ]


def test_an_element_over_the_limit_ends_the_framing() -> None:
    body = b'[{"a":1},{"ab":12},{"c":1}]'
    first, second = frames(Framer(limit=8), body)
    assert (first.data, second.too_long, second.offset) == (b'{"a":1}', True, 9)
    assert_cuts_do_not_matter(lambda: Framer(limit=8), body)


def test_white_space_without_end_is_not_one_long_element() -> None:
    assert payloads(Framer(limit=8), b"[" + b" " * 50 + b"{}," + b"\n" * 50 + b"{}]") == [b"{}", b"{}"]


@given(BODIES)
def test_cuts_do_not_matter(body: bytes) -> None:
    assert_cuts_do_not_matter(Framer, body)
    assert_cuts_do_not_matter(lambda: Framer(limit=4), body)


@given(st.lists(JSON, max_size=4), st.sampled_from([None, 2]))
def test_any_array_is_read_element_by_element(values: list[Any], indent: int | None) -> None:
    body = json.dumps(values, indent=indent).encode()
    assert [json.loads(data) for data in payloads(Framer(), body)] == values


@given(st.binary(max_size=40) | BODIES)
def test_any_bytes_can_be_split(body: bytes) -> None:
    parts = split(body)
    assert b"".join(parts) == body
    assert len(parts) == max(len(frames(Framer(), body)), 1 if body else 0)


def test_a_written_array_is_read_back() -> None:
    body = frame(b'{"a":1}', 0) + frame(b'{"b":2}', 1) + CLOSING
    assert json.loads(body) == [{"a": 1}, {"b": 2}]
    assert payloads(Framer(), body) == [b'{"a":1}', b'{"b":2}']
