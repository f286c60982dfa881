"""Texts that were read out of others know where in the first one they stand."""

from __future__ import annotations

from harness.recording.secrets.encodings import readings, unpacked
from harness.recording.secrets.views import Joined, Piece, Whole


def test_the_whole_text_stands_where_it_stands() -> None:
    assert Whole(b"abcd").spans(1, 3) == [(1, 3)]
    assert Whole(b"abcd").spans(2, 2) == []


def test_pieces_are_found_each_in_its_place() -> None:
    view = Joined(Whole(b"..abc..def.."), [Piece(b"abc", 2, 5), Piece(b"def", 7, 10)], b"-")
    assert view.data == b"abc-def"
    assert view.spans(1, 6) == [(3, 5), (7, 9)]
    assert view.spans(3, 4) == []


def test_base64_stands_in_the_letters_that_hold_its_bits() -> None:
    text = b'"aGVsbG8sIHdvcmxkLCBoZWxsbw=="'
    texts = unpacked(Whole(text), ()).texts
    assert texts is not None
    at = texts.data.index(b"world")
    ((start, end),) = texts.spans(at, at + 5)
    # bytes 7 to 11 of 19 are in letters 9 to 15 of the run, which begins behind the quotation mark
    assert (start, end) == (10, 17)
    assert text[start:end] == b"Hdvcmxk"


def test_an_escape_is_one_thing_and_stands_whole() -> None:
    (view,) = readings(Whole(b'"a\\u0062c"'))
    assert view.data == b'"abc"'
    assert view.spans(2, 3) == [(2, 8)]


def test_a_run_that_stands_there_twice_is_masked_twice() -> None:
    text = b"0102030405060708090a0b0c0d0e0f10 0102030405060708090a0b0c0d0e0f10"
    rest = unpacked(Whole(text), ()).rest
    assert rest is not None
    at = rest.data.index(bytes([1, 2, 3, 4]))
    assert (0, 8) in rest.spans(at, at + 4)
    assert (33, 41) in rest.spans(at, at + 4)


def test_what_is_known_to_hold_nothing_is_not_unpacked() -> None:
    text = b"0102030405060708090a0b0c0d0e0f10"
    held = unpacked(Whole(text), {text})
    assert (held.texts, held.rest) == (None, None)
