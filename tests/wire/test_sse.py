"""Server-sent events, as the WHATWG standard frames them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.frame import Frame
from harness.wire.sse import Framer, comment, frame, split

from .framing import assert_cuts_do_not_matter, frames, payloads

PIECES = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"data", b"data:", b"data: x", b"event: e", b":c", b" ", b"\xef\xbb\xbf"])
    | st.binary(max_size=3),
    max_size=14,
)


def by_the_book(body: bytes) -> list[tuple[bytes, str | None, bool]]:
    """The standard's algorithm, written plainly over a whole body; an event left open counts as not complete."""
    lines = re.split(rb"\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf"))
    found, data, event = [], [], None
    for number, line in enumerate([*lines, b""]):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line and number != len(lines) - 1:  # the last piece is no line, though it may be empty
            if data:
                found.append((b"\n".join(data), event, number < len(lines)))
            data, event = [], None
        elif name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace") or None
    return found


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["lf", "cr", "crlf"])
def test_any_line_end_will_do(end: bytes) -> None:
    body = end.join([b"data: a", b"", b"event: e", b"data: b", b"data: c", b"", b""])
    second = len(b"data: a") + 2 * len(end)
    assert frames(Framer(), body) == [Frame(b"a", 0), Frame(b"b\nc", second, "e")]
    assert_cuts_do_not_matter(Framer, body)


def test_line_ends_may_be_mixed() -> None:
    body = b"data: a\r\n\ndata: b\r\rdata: c\n\r\ndata: d\r\n\r"
    assert payloads(Framer(), body) == [b"a", b"b", b"c", b"d"]
    assert_cuts_do_not_matter(Framer, body)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_nothing_else_ends_a_line(separator: str) -> None:
    text = f'{{"content": "a{separator}b"}}'.encode()
    assert payloads(Framer(), b"data: " + text + b"\n\n") == [text]


def test_an_event_is_given_with_its_blank_line_and_not_before() -> None:
    framer = Framer()
    assert framer.feed(b"data: a\n") == []
    assert framer.feed(b"\n") == [Frame(b"a", 0)]


def test_a_cr_ends_an_event_at_once_and_the_lf_after_it_belongs_to_it() -> None:
    framer = Framer()
    assert framer.feed(b"data: a\r\n\r") == [Frame(b"a", 0)]
    assert framer.feed(b"\ndata: b\r\n\r\n") == [Frame(b"b", 11)]


def test_a_byte_order_mark_is_dropped_at_the_very_start_alone() -> None:
    assert frames(Framer(), b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [Frame(b"a", 3)]
    assert_cuts_do_not_matter(Framer, b"\xef\xbb\xbfdata: a\n\n")


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (b"data:a", [b"a"]),
        (b"data:  a", [b" a"]),
        (b"data: ", [b""]),
        (b"data", [b""]),
        (b"data\ndata", [b"\n"]),
        (b"data: {\ndata: }", [b"{\n}"]),
        (b": keep-alive\ndata: a", [b"a"]),
        (b"data: a\n:", [b"a"]),
        (b":", []),
        (b": data: a", []),
        (b" data: a", []),
        (b"Data: a", []),
        (b"unknown: a", []),
        (b"event: e", []),
        (b"retry: 10\nid: 7", []),
    ],
)
def test_fields(block: bytes, data: list[bytes]) -> None:
    assert payloads(Framer(), block + b"\n\n") == data


def test_the_last_event_name_stands_and_is_forgotten_with_its_event() -> None:
    body = b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\nevent: c\n\ndata: 3\n\nevent:\ndata: 4\n\n"
    assert [one.event for one in frames(Framer(), body)] == ["b", None, None, None]


def test_a_long_or_odd_event_name_is_kept_as_it_is() -> None:
    name = "n" * 200
    body = f"event: {name}\ndata: 1\n\n".encode() + b"event: \xff\ndata: 2\n\nevent:x\ndata: 3\n\n"
    assert [one.event for one in frames(Framer(), body)] == [name, "\ufffd", "x"]


def test_ids_and_retry_times_are_kept() -> None:
    framer = Framer()
    framer.feed(b"id: 1\nretry: 1500\ndata: a\n\nid: 2\0\nretry: soon\n\n")
    assert (framer.last_event_id, framer.retry_ms) == ("1", 1500)
    framer.feed(b"id\nretry: 9999999999999999999999\n\n")
    assert (framer.last_event_id, framer.retry_ms) == ("", 1500)


@pytest.mark.parametrize("rest", [b"data: a", b"data: a\n", b"event: e\ndata: a\ndat"])
def test_an_event_that_was_not_ended_is_given_at_the_close_as_incomplete(rest: bytes) -> None:
    framer = Framer()
    assert framer.feed(b"data: x\n\n" + rest) == [Frame(b"x", 0)]
    (last,) = framer.close()
    assert (last.data, last.offset, last.complete) == (b"a", 9, False)


@pytest.mark.parametrize("rest", [b"", b"\n", b": comment", b"event: e", b"dat", b"\xef\xbb"])
def test_what_holds_no_data_is_no_last_event(rest: bytes) -> None:
    assert frames(Framer(), rest) == []


def test_offsets_count_bytes_of_the_body() -> None:
    body = b": hello\n\n\ndata: \xc3\xa9\n\nevent: e\ndata: b\n\n"
    assert [one.offset for one in frames(Framer(), body)] == [10, 20]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_a_frame_may_be_as_long_as_the_limit_and_no_longer(end: bytes) -> None:
    def make() -> Framer:
        return Framer(limit=20)

    fits = b"data: 34567890123456" + end + end
    assert payloads(make(), fits * 2) == [b"34567890123456"] * 2
    body = b"data: a" + end + end + b"data: 345678901234567" + end + end + b"data: b" + end + end
    first, second = frames(make(), body)
    assert (first.data, second.too_long, second.offset) == (b"a", True, len(b"data: a" + end + end))
    assert_cuts_do_not_matter(make, body)


def test_many_short_data_lines_are_one_long_frame() -> None:
    body = b"data:\n" * 30 + b"\n"
    assert frames(Framer(limit=20), body) == [Frame(b"", 0, too_long=True)]
    assert_cuts_do_not_matter(lambda: Framer(limit=20), body)


def test_comments_without_end_are_not_one_long_frame() -> None:
    assert payloads(Framer(limit=20), b": keep-alive\n" * 30 + b"data: a\n\n") == [b"a"]


def test_a_dead_framer_gives_nothing_more() -> None:
    framer = Framer(limit=10)
    assert [one.too_long for one in framer.feed(b"data: 1234567890")] == [True]
    assert framer.feed(b"\n\ndata: a\n\n") == []
    assert framer.close() == []


@given(PIECES)
def test_any_bytes_are_framed_by_the_book_however_they_are_cut(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    whole = frames(Framer(), body)
    assert [(one.data, one.event, one.complete) for one in whole] == by_the_book(body)
    assert frames(Framer(), pieces) == whole
    assert_cuts_do_not_matter(Framer, body)


@given(PIECES)
def test_any_bytes_are_limited_alike_however_they_are_cut(pieces: list[bytes]) -> None:
    assert_cuts_do_not_matter(lambda: Framer(limit=8), b"".join(pieces))


@given(st.binary(max_size=60), st.sampled_from([None, "delta"]))
def test_a_written_frame_is_read_back(data: bytes, event: str | None) -> None:
    (read,) = frames(Framer(), frame(data, event))
    assert (read.data, read.event, read.complete) == (re.sub(rb"\r\n?", b"\n", data), event, True)


def test_a_comment_is_no_frame() -> None:
    assert comment("keep-alive") == b": keep-alive\n\n"
    assert frames(Framer(), comment("keep-alive")) == []


@given(PIECES)
def test_a_split_body_is_the_body_with_one_piece_for_each_frame(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    parts = split(body)
    assert b"".join(parts) == body
    assert len(parts) == max(len(frames(Framer(), body)), 1 if body else 0)


def test_comments_go_with_the_frame_before_them() -> None:
    body = b": first\n\ndata: a\n\n: second\n\ndata: b\n\n"
    assert split(body) == [b": first\n\ndata: a\n\n: second\n\n", b"data: b\n\n"]
