from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.neutral.made import changed, made

BODY = b'data: {"a":1}\n\ndata: [DONE]\n\n'
NAMED = b'event: x\r\ndata: {"a":"b c"}\r\n\r\n'


@pytest.mark.parametrize(
    ("name", "step", "expected"),
    [
        ("comment", {}, b':\n\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
        ("comment", {"form": "words", "at": 1}, b'data: {"a":1}\n\n: keep-alive\n\ndata: [DONE]\n\n'),
        ("comment", {"at": 1, "pick": 1}, b'data: {"a":1}\n\ndata: [DONE]\n\n:\n\n'),
        ("comment-inside", {}, b':\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
        ("comment-inside", {"pick": 1}, b'data: {"a":1}\n:\n\ndata: [DONE]\n\n'),
        ("blank-line", {"at": 1}, b'data: {"a":1}\n\n\ndata: [DONE]\n\n'),
        ("id-line", {}, b'id: 7\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
        ("id-line", {"form": "empty", "pick": 1}, b'data: {"a":1}\nid\n\ndata: [DONE]\n\n'),
        ("retry-line", {"at": 1}, b'data: {"a":1}\n\nretry: 3000\ndata: [DONE]\n\n'),
        ("unknown-line", {"form": "like-data"}, b'data-harness: 1\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
        ("retry-alone", {}, b'retry: 3000\n\ndata: {"a":1}\n\ndata: [DONE]\n\n'),
        ("multi-line-data", {"pick": 1}, b'data: {"a"\ndata: :1}\n\ndata: [DONE]\n\n'),
        ("multi-line-data", {"form": "all"}, b'data: {\ndata: "a"\ndata: :\ndata: 1\ndata: }\n\ndata: [DONE]\n\n'),
        ("no-space", {"form": "all"}, b'data:{"a":1}\n\ndata:[DONE]\n\n'),
        ("no-space", {"at": 1}, b'data: {"a":1}\n\ndata:[DONE]\n\n'),
        ("line-ends", {}, b'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n'),
        ("bare-cr", {}, b'data: {"a":1}\r\rdata: [DONE]\r\r'),
        ("bare-cr", {"form": "mixed"}, b'data: {"a":1}\r\n\r\ndata: [DONE]\r\r'),
        ("byte-order-mark", {}, b'\xef\xbb\xbfdata: {"a":1}\n\ndata: [DONE]\n\n'),
    ],
)
def test_a_line_is_where_it_was_put(name: str, step: dict[str, Any], expected: bytes) -> None:
    assert changed(BODY, "openai-chat", name, **step) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("comment", b':\r\n\r\nevent: x\r\ndata: {"a":"b c"}\r\n\r\n'),
        ("comment-inside", b'event: x\r\n:\r\ndata: {"a":"b c"}\r\n\r\n'),
        ("multi-line-data", b'event: x\r\ndata: {\r\ndata: "a":"b c"}\r\n\r\n'),
        ("no-space", b'event:x\r\ndata:{"a":"b c"}\r\n\r\n'),
    ],
)
def test_what_is_put_in_ends_its_lines_like_the_rest(name: str, expected: bytes) -> None:
    assert changed(NAMED, "anthropic-messages", name) == expected


def test_nothing_is_put_behind_an_event_that_was_never_ended() -> None:
    body = b"data: 1\n\ndata: 2"
    assert changed(body, "openai-chat", "comment", at=1, pick=1) == b"data: 1\n\n:\n\ndata: 2"


def test_a_space_that_belongs_to_the_data_stays() -> None:
    assert changed(b'data:  {"a":1}\n\ndata: {}\n\n', "openai-chat", "no-space", form="all") == (
        b'data:  {"a":1}\n\ndata:{}\n\n'
    )


def test_lines_of_json_may_be_empty_and_end_in_crlf() -> None:
    body = b'{"a":1}\n{"b":2}\n'
    assert changed(body, "ollama", "blank-line", at=1, pick=1) == b'{"a":1}\n{"b":2}\n\n'
    assert changed(body, "ollama", "crlf") == b'{"a":1}\r\n{"b":2}\r\n'


def test_words_name_the_frame() -> None:
    assert made(BODY, "openai-chat", {"name": "comment", "at": 1}).words == "a comment before frame 2"
    assert made(BODY, "openai-chat", {"name": "id-line"}).words == "the line 'id: 7' within frame 1, before its data"
