from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.fuzz.neutral.document import Block, read

SSE = b': hi\r\n\r\nevent: a\r\ndata: {"a":\r\ndata: 1}\r\nid: 7\r\n\r\ndata:[DONE]\n\n'


def test_each_event_is_a_block_with_the_blank_line_behind_it() -> None:
    document = read("sse", SSE)
    assert document.blocks == (
        Block(b": hi\r\n\r\n"),
        Block(b"event: a\r\n", b'{"a":\n1}', b"\r\nid: 7\r\n\r\n", prefix=b"data: ", end=b"\r\n"),
        Block(b"", b"[DONE]", b"\n\n", prefix=b"data:", end=b"\n"),
    )
    assert b"".join(document.pieces) == SSE


@pytest.mark.parametrize(
    "raw",
    [b"data: 1\nid: 7\ndata: 2\n\n", b"data: 1\ndata:2\n\n", b"data: 1\r\ndata: 2\ndata: 3\n\n", b"data\n\n"],
    ids=["lines between", "two manners", "two line ends", "no colon"],
)
def test_an_event_in_an_odd_form_is_kept_as_it_is(raw: bytes) -> None:
    assert read("sse", raw).blocks == (Block(raw),)


def test_an_event_that_was_never_ended_has_no_payload() -> None:
    document = read("sse", b'data: {"a":1}\n\ndata: {"b":2}\n')
    assert [(block.payload, block.whole) for block in document.blocks] == [(b'{"a":1}', True), (None, False)]


def test_a_byte_order_mark_stands_before_the_blocks() -> None:
    document = read("sse", b"\xef\xbb\xbfdata: 1\n\ndata: 2\n\n")
    assert (document.bom, document.blocks[0].payload) == (b"\xef\xbb\xbf", b"1")
    assert document.pieces == (b"\xef\xbb\xbfdata: 1\n\n", b"data: 2\n\n")


def test_lines_of_json_are_blocks() -> None:
    document = read("ndjson", b'{"a":1}\n\n \t{"b":2} \r\n{"c":')
    assert document.blocks == (
        Block(b"", b'{"a":1}', b"\n"),
        Block(b"\n"),
        Block(b" \t", b'{"b":2}', b" \r\n"),
        Block(b'{"c":', whole=False),
    )


def test_elements_of_an_array_are_blocks_with_what_stands_before_them() -> None:
    document = read("sse-or-array", b'[{"a":"]"}\r\n,\r\n{"b":2}]\n')
    assert document.framing == "array"
    assert document.blocks == (Block(b"[", b'{"a":"]"}'), Block(b"\r\n,\r\n", b'{"b":2}'), Block(b"]\n"))


def test_an_array_that_is_cut_off_has_no_end() -> None:
    document = read("sse-or-array", b'[{"a":1},{"b"')
    assert [(block.payload, block.whole) for block in document.blocks] == [(b'{"a":1}', True), (None, False)]


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("sse", b'{"error":1}'),
        ("sse", b"\0\0\0\x8e"),
        ("ndjson", b"<html>"),
        ("sse-or-array", b'[{"\xff'),
        ("none", SSE),
    ],
)
def test_a_body_in_no_such_framing_is_one_block_that_is_left_alone(framing: str, body: bytes) -> None:
    document = read(framing, body)
    assert (document.framing, document.blocks) == ("none", (Block(body, whole=False),))


@given(
    st.sampled_from(["sse", "ndjson", "sse-or-array"]),
    st.lists(
        st.sampled_from([b"data: {}", b"data:x", b"{}", b"[", b"]", b",", b":", b"id", b"\n", b"\r", b"\xff", b" "])
    ),
)
def test_any_body_is_its_blocks(framing: str, parts: list[bytes]) -> None:
    body = b"".join(parts)
    assert b"".join(read(framing, body).pieces) == body
