"""Newline-delimited JSON."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.wire.frame import Frame
from harness.wire.ndjson import Framer, frame, split, unbroken

from .framing import assert_cuts_do_not_matter, frames, payloads

BODIES = st.lists(st.sampled_from([b"{}", b"\n", b"\r\n", b" ", b"\r", b"x"]), max_size=12).map(b"".join)


def test_each_line_is_a_frame_as_soon_as_it_ends() -> None:
    framer = Framer()
    assert framer.feed(b'{"a": 1}\n{"b"') == [Frame(b'{"a": 1}', 0)]
    assert framer.feed(b": 2}\n") == [Frame(b'{"b": 2}', 9)]
    assert framer.close() == []


def test_blank_lines_and_white_space_around_a_line_do_not_count() -> None:
    assert payloads(Framer(), b'\n \r\n {"a": 1}\t\r\n\r\n') == [b'{"a": 1}']


def test_only_a_line_feed_ends_a_line() -> None:
    body = '{"a": "\u2028"}\r{"b": 1}\n'.encode()
    assert payloads(Framer(), body) == [body[:-1]]


def test_the_last_line_may_lack_its_end() -> None:
    assert frames(Framer(), b"{}\n{}") == [Frame(b"{}", 0), Frame(b"{}", 3, complete=False)]


def test_a_line_over_the_limit_ends_the_framing() -> None:
    body = b"{}\n12345\n123456\n{}\n"
    first, second, third = frames(Framer(limit=5), body)
    assert (first.data, second.data, third.too_long, third.offset) == (b"{}", b"12345", True, 9)
    assert_cuts_do_not_matter(lambda: Framer(limit=5), body)


@given(BODIES)
def test_cuts_do_not_matter(body: bytes) -> None:
    assert_cuts_do_not_matter(Framer, body)
    assert_cuts_do_not_matter(lambda: Framer(limit=3), body)


@given(st.binary(max_size=40))
def test_any_bytes_can_be_split(body: bytes) -> None:
    parts = split(body)
    assert b"".join(parts) == body
    assert len(parts) == max(len(frames(Framer(), body)), 1 if body else 0)


def test_a_written_line_is_read_back() -> None:
    assert frame(b'{"a":\n1}') == b'{"a": 1}\n'
    assert payloads(Framer(), frame(b"{}") + frame(b"[]")) == [b"{}", b"[]"]


def test_a_line_can_be_kept_from_readers_that_cut_text_into_lines() -> None:
    line = '{"a": "x\u2028y\u2029z\u0085é\u00a0"}\n'.encode()
    assert unbroken(line) == b'{"a": "x\\u2028y\\u2029z\\u0085\xc3\xa9\xc2\xa0"}\n'
    assert len(unbroken(line).decode().splitlines()) == 1
    assert unbroken(b'{"a": 1}\n') == b'{"a": 1}\n'
