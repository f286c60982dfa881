"""Which framing a body has, and the odd frames."""

from __future__ import annotations

import pytest

from harness.dialects.gemini.framing import Framer, elements, split
from harness.wire.frame import Frame

from ..decoded import every_cut, single_bytes


def frames(chunks: list[bytes]) -> list[tuple[bytes, int, bool]]:
    framer = Framer()
    seen = [frame for chunk in chunks for frame in framer.feed(chunk)] + framer.close()
    return [(frame.data, frame.offset, frame.complete) for frame in seen]


@pytest.mark.parametrize(
    ("body", "payloads"),
    [
        (b'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n', [b'{"a":1}', b'{"b":2}']),
        (b'\r\n\r\ndata: {"a":1}\n\n', [b'{"a":1}']),
        (b'[{"a":1}\n,\r\n{"b":2}]\n', [b'{"a":1}', b'{"b":2}']),
        (b' \r\n[{"a":1}]', [b'{"a":1}']),
        (b'{"error":{}}', [b'{"error":{}}']),
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'data: [{"a":1},{"b":2}]\n\n', [b'{"a":1}', b'{"b":2}']),
        (b'data: {"a":1}\n\n{\n  "error": {}\n}', [b'{"a":1}', b'{\n  "error": {}\n}']),
        (b'data: {"a":1}\n\n[{\n"error":1}]\n\n', [b'{"a":1}', b'{\n"error":1}']),
        (b'data: {"a":1}\n{"error":\n1}\n\ndata: {"b":2}\n\n', [b'{"a":1}\n{"error":\n1}', b'{"b":2}']),
        (b': keep-alive\n\nevent: x\ndata: {"a":1}\n\n', [b'{"a":1}']),
        (b"data: []\n\n", []),
        (b"", []),
        (b"  \r\n ", []),
        (b'data: {"a":1}{"b":2}\n\ndata: [{"c":3}]\n\n', [b'{"a":1}{"b":2}', b'{"c":3}']),
    ],
)
def test_the_payloads_are_the_same_however_the_body_is_cut(body: bytes, payloads: list[bytes]) -> None:
    whole = frames([body])
    assert [data for data, _, _ in whole] == payloads
    assert frames(single_bytes(body)) == whole
    assert all(frames(pieces) == whole for pieces in every_cut(body))
    assert b"".join(split(body)) == body


def test_offsets_point_into_the_body() -> None:
    body = b'data: {"a":1}\n\n{"error":1}\n\n'
    assert [(data, offset) for data, offset, _ in frames([body])] == [(b'{"a":1}', 0), (b'{"error":1}', 15)]


def test_an_element_that_does_not_end_is_incomplete() -> None:
    assert frames([b'[{"a":1},{"b"']) == [(b'{"a":1}', 1, True), (b'{"b"', 9, False)]


def test_glued_objects_are_elements() -> None:
    found = elements(Frame(b'{"a":1}{"b":2}', 100))
    assert [(one.data, one.offset) for one in found] == [(b'{"a":1}', 100), (b'{"b":2}', 107)]


def test_what_holds_no_json_is_one_element() -> None:
    frame = Frame(b"words", 3)
    assert elements(frame) == [frame]


def test_blank_bytes_without_end_are_bounded() -> None:
    framer = Framer(limit=10)
    assert framer.feed(b" " * 10) == []
    assert framer.feed(b" ") == [Frame(b"", 0, too_long=True)]


def test_a_body_is_split_where_its_frames_begin() -> None:
    assert split(b'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n') == [b'data: {"a":1}\r\n\r\n', b'data: {"b":2}\r\n\r\n']
    assert split(b'[{"a":1}\n,{"b":2}]') == [b'[{"a":1}\n,', b'{"b":2}]']
