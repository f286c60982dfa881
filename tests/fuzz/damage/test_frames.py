"""The splitter of the damage room: where frames and their payloads lie, in every framing."""

from __future__ import annotations

import pytest

from harness.fuzz.damage.frames import parsed, split
from tests.fuzz.damage.bodies import CHAT, GEMINI_ARRAY, OLLAMA


def test_an_event_ends_behind_its_empty_line_and_is_whole_before_its_line_end() -> None:
    places = [(frame.start, frame.data_start, frame.whole_at, frame.end) for frame in split("sse", CHAT)]
    assert places[0] == (0, 6, 94, 96)
    assert places[-1] == (326, 332, 338, 340)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_in_any_of_three_ways(line_end: bytes) -> None:
    body = line_end.join([b": hello", b"", b"event: e", b'data: {"a":', b"data: 1}", b"", b"data:2", b"", b""])
    first, second = split("sse", body)
    assert (first.name, first.data, first.payload) == ("e", b'{"a":\n1}', {"a": 1})
    assert (first.start, second.data, second.end) == (0, b"2", len(body))


def test_a_byte_order_mark_belongs_to_no_frame() -> None:
    assert [frame.start for frame in split("sse", b"\xef\xbb\xbfdata: 1\n\n")] == [3]


def test_an_event_that_nothing_ended_counts() -> None:
    assert [(frame.data, frame.end) for frame in split("sse", b"data: 1\n\ndata: 2")] == [(b"1", 9), (b"2", 16)]


def test_events_without_data_are_no_frames() -> None:
    assert split("sse", b"event: e\n\n: x\n\nretry: 3\n\n") == ()


def test_lines_are_frames_unless_they_are_blank() -> None:
    frames = split("ndjson", b"\r\n" + OLLAMA)
    assert [(frame.start, frame.data_start, frame.whole_at, frame.end) for frame in frames] == [
        (2, 2, 65, 66),
        (66, 66, 128, 129),
        (129, 129, 207, 208),
    ]


def test_elements_of_an_array_are_frames_whatever_their_texts_hold() -> None:
    first, second = split("sse", GEMINI_ARRAY)
    assert (first.start, first.data_start, first.end) == (0, 1, 72)
    assert second.data.startswith(b'{"candidates"')
    assert second.payload is not None and second.payload["candidates"][0]["finishReason"] == "STOP"


def test_a_payload_is_an_object_even_with_bytes_that_are_no_utf8() -> None:
    assert parsed(b'{"a": "\xff"}') == {"a": "\ufffd"}
    assert parsed(b'{"a": "\n"}') == {"a": "\n"}


@pytest.mark.parametrize("data", [b"[1]", b"[DONE]", b'{"a": ', b"{" * 100_000, b""])
def test_nothing_else_is_a_payload(data: bytes) -> None:
    assert parsed(data) is None


def test_strictly_no_control_character_is_let_pass() -> None:
    assert parsed(b'{"a": "\n"}', strict=True) is None
