from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import UnknownDialect
from harness.fuzz.places import INSIDE, describe, places
from harness.fuzz.spans import SORTS, spans

SSE = 'data: {"é":"a\\u00e9 😀</think>\\ud83d\\ude00"}\r\n\r\n: hi\nevent: ping\ndata:12.5\n\ndata: [DONE]\n\n'.encode()


def at(needle: bytes, inside: int, body: bytes = SSE, dialect: str = "openai-chat") -> str:
    return describe(dialect, body, body.index(needle) + inside)


@pytest.mark.parametrize(
    ("needle", "inside", "words"),
    [
        (b"data", 1, "inside the field name 'data'"),
        (b"data", 4, "between 'data' and its colon"),
        (b"data:", 5, "between 'data:' and its space"),
        (b'data: {"', 6, "between the name of an SSE field and its value"),
        (b'{"', 1, "between '{' and the name 'é'"),
        ("é".encode(), 1, "inside é, before its second byte"),
        (b'":"', 1, "between the name 'é' and ':'"),
        (b'"a', 1, "inside the string 'a\\\\u00e9 😀</think>\\\\ud83d…'"),
        (b"\\u00e9", 3, "inside the escape \\u00e9"),
        ("😀".encode(), 3, "inside 😀, before its fourth byte"),
        (b"</think>", 7, "inside the tag </think>"),
        (b"\\ud83d", 5, "inside the escape \\ud83d"),
        (b"\\ud83d", 6, "between the two halves of \\ud83d\\ude00"),
        (b"}\r\n", 1, "before the end of a line"),
        (b"\r\n\r\n", 1, "between CR and LF"),
        (b"\r\n\r\n", 2, "between the two line ends of the frame delimiter"),
        (b"\r\n\r\n", 4, "between two frames"),
        (b": hi", 2, "inside a comment"),
        (b"hi\n", 3, "between two lines of a frame"),
        (b"ping", 2, "inside the value 'ping'"),
        (b"12.5", 2, "inside the value '12.5'"),
        (b"[DONE]", 3, "inside the end marker [DONE]"),
        (b"\n\ndata: [", 1, "between the two line ends of the frame delimiter"),
    ],
)
def test_every_place_of_an_sse_body_is_said_in_words(needle: bytes, inside: int, words: str) -> None:
    assert at(needle, inside) == words


@pytest.mark.parametrize(
    ("needle", "inside", "words"),
    [
        (b'{"b"', 0, "between two frames"),
        (b'"b"', 1, "inside the name 'b'"),
        (b"12", 1, "inside 12"),
        (b"tru", 2, "inside true"),
        (b":12", 1, "between ':' and 12"),
        (b"\r\n", 0, "before the end of a line"),
        (b"\r\n", 1, "between CR and LF"),
    ],
)
def test_lines_of_json_are_frames(needle: bytes, inside: int, words: str) -> None:
    assert at(needle, inside, b'{"a":12}\r\n{"b": true}\n', "ollama") == words


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (1, "between two frames"),
        (2, "between '{' and the name 'a'"),
        (4, "inside the name 'a'"),
        (8, "inside the string '[}'"),
        (11, "between two frames"),
        (12, "between white space and ','"),
        (14, "between CR and LF"),
        (15, "between two frames"),
    ],
)
def test_elements_of_an_array_are_frames(offset: int, words: str) -> None:
    assert describe("gemini", b'[{"a":"[}"}\n,\r\n{}]', offset) == words


def test_binary_frames_and_the_byte_order_mark_are_known() -> None:
    assert describe("anthropic-messages", b"\0\0\0\x10abc", 3) == "inside the binary frames"
    marked = b"\xef\xbb\xbfdata: 1\n\n"
    words = [describe("openai-chat", marked, offset) for offset in (2, 3, 4)]
    assert words == ["inside the byte order mark", "between two frames", "inside the field name 'data'"]


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("\u2028", "inside U+2028, before its second byte"),
        ("\u202e", "inside U+202E, before its second byte"),
        ("\x1b[31m<a\x1b[0m>", "inside the string '\\x1b[31m<a\\x1b[0m>'"),
        ("<\x1b[0m>", "inside the tag '<\\x1b[0m>'"),
        ("\\\x1b", "inside the escape '\\\\\\x1b'"),
    ],
)
def test_nothing_reaches_a_terminal_that_it_would_obey(inside: str, words: str) -> None:
    body = f'data: {{"a":"{inside}"}}\n\n'.encode()
    assert describe("openai-chat", body, body.index(inside.encode()) + 1) == words


def test_no_words_hold_control_characters() -> None:
    body = "".join(f"{chr(code)}<{chr(code)}>\\{chr(code)}" for code in range(0x20)).encode()
    assert all(describe("openai-chat", body, offset).isprintable() for offset in range(1, len(body)))


@pytest.mark.parametrize("offset", [-1, 0, len(SSE), len(SSE) + 1])
def test_there_is_no_place_outside_the_body(offset: int) -> None:
    with pytest.raises(ValueError, match=f"no place at offset {offset} "):
        describe("openai-chat", SSE, offset)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownDialect):
        places("smoke-signals", SSE)


def test_places_are_told_by_sort_the_simplest_first() -> None:
    found = places("openai-chat", 'data: {"a":"é"}\r\n\r\ndata: [DONE]\n\n'.encode())
    assert found == {
        "frame": (20,),
        "line-end": (16, 32),
        "delimiter": (18, 33),
        "token": (7, 10, 11, 15),
        "text": (12, 14),
        "name": (8, 9),
        "field": (1, 2, 3, 4, 5, 6, 21, 22, 23, 24, 25, 26),
        "marker": (27, 28, 29, 30, 31),
        "crlf": (17, 19),
        "character": (13,),
    }


def test_every_sort_has_words() -> None:
    assert set(INSIDE) == set(SORTS)


PIECES = st.sampled_from(
    [b"data: ", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u00", b"\xc3", b"\xa9", b"\r", b"\n", b":", b",", b"<", b">"]
)


@given(st.lists(PIECES | st.binary(max_size=3)).map(b"".join), st.sampled_from(["openai-chat", "ollama", "gemini"]))
def test_any_bytes_have_words_at_every_place(body: bytes, dialect: str) -> None:
    found = places(dialect, body)
    assert sorted(offset for offsets in found.values() for offset in offsets) == [*range(1, len(body))]
    assert all(describe(dialect, body, offset) for offset in range(1, len(body)))


@given(st.lists(PIECES | st.binary(max_size=3)).map(b"".join))
def test_spans_hold_bytes_of_the_body(body: bytes) -> None:
    found = spans(body)
    assert all(0 <= span.start < span.end <= len(body) for span in found)
