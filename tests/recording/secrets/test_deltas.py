"""What belongs to one text is joined, and what merely stands in the same list is not."""

from __future__ import annotations

import json

import pytest

from harness.recording.secrets.deltas import joined_deltas
from harness.recording.secrets.search import Search
from harness.recording.secrets.views import Whole
from tests.recording.secrets.canaries import SHAPED, chat, in_pieces


def joined(text: bytes) -> bytes:
    return b"|".join(view.data for view in joined_deltas(Whole(text)))


def hits(text: bytes) -> list[str]:
    return [hit.rule for hit in Search().hits(text)]


def test_the_deltas_of_one_choice_are_joined_and_those_of_another_are_not() -> None:
    def frame(index: int, text: str) -> bytes:
        return b"data: " + json.dumps({"choices": [{"index": index, "delta": {"content": text}}]}).encode() + b"\n\n"

    text = joined(frame(0, "ab") + frame(1, "vw") + frame(0, "cd") + frame(1, "xy"))
    assert b"abcd" in text
    assert b"vwxy" in text


def test_a_document_is_read_as_one_where_it_is_no_list_of_lines() -> None:
    text = json.dumps([{"delta": {"text": "ab"}}, {"delta": {"text": "cd"}}], indent=1).encode()
    assert b"abcd" in joined(text)


def test_what_is_always_the_same_is_not_joined() -> None:
    assert joined(b'{"id": "r-1"}\n{"id": "r-1"}\n') == b""


def test_a_frame_that_was_cut_off_does_not_hide_the_others() -> None:
    body = b"".join(chat(text) for text in ["Key: ", *in_pieces(SHAPED, 4), " end"])
    assert hits(body[:-30]) == ["sk-key"]


def test_a_long_text_is_joined_at_its_ends_only() -> None:
    long = "word " * 2000
    body = chat(long + SHAPED[:10]) + chat(SHAPED[10:] + " " + long)
    assert hits(body) == ["sk-key"]


@pytest.mark.parametrize(
    "pairs",
    [
        [["authorization", "Bearer sk-test-0123456789"], ["content-type", "application/json"]],
        [["x-api-key", "sk-test-0123456789"], ["content-length", "295"], ["accept", "text/event-stream"]],
    ],
)
def test_pairs_in_a_list_are_not_read_as_one_text(pairs: list[list[str]]) -> None:
    lines = b"".join(json.dumps({"headers": pairs, "n": number}).encode() + b"\n" for number in range(3))
    assert hits(lines) == []


def test_what_is_no_json_once_it_is_unescaped_is_not_read_as_json() -> None:
    """A line of results holds bodies as text: unescaped, quotation marks stand where no string begins or ends."""
    inner = json.dumps({"messages": [{"content": 'he said "hi"'}]})
    row = {"asked": inner, "headers": [["authorization", "Bearer sk-test-0123456789"], ["n", "application/json"]]}
    unescaped = json.dumps(row).encode().replace(b'\\"', b'"').replace(b"}]}", b"}}]")
    assert hits(unescaped) == []
    assert b"sk-test-0123456789application" not in joined(unescaped)


def test_a_list_of_frames_as_texts_is_joined() -> None:
    frames = [chat(text).decode() for text in ["Key: ", *in_pieces(SHAPED, 5), " end"]]
    assert hits(json.dumps(frames).encode()) == ["sk-key"]
    assert hits(json.dumps(in_pieces(SHAPED, 6)).encode()) == ["sk-key"]


def test_nesting_without_end_is_left_alone() -> None:
    assert joined(b'{"a":' * 80 + b'"b"' + b"}" * 80) == b""
