"""Traits of the bytes: line ends, comments, fields, escapes, long lines, reads and headers."""

from __future__ import annotations

import pytest

from harness.lint.finding import Finding
from harness.lint.linter import lint
from harness.lint.traits import matter, rule_trait, stream_traits, trait_words, wire

from .bodies import chat, chunk, gemini, ollama

BODY = chat(chunk({"content": "Hi"}))
SSE = [("content-type", "text/event-stream")]


def found(body: bytes, dialect: str = "openai-chat", **known: object) -> dict[str, int]:
    return stream_traits(dialect, body, lint(dialect, body), **known)  # type: ignore[arg-type]


def head(**headers: str) -> dict[str, int]:
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return found(BODY, headers=given)


FRAMING = {
    "lines-crlf": BODY.replace(b"\n", b"\r\n"),
    "lines-cr": BODY.replace(b"\n", b"\r"),
    "byte-order-mark": b"\xef\xbb\xbf" + BODY,
    "comment-first": b": hello\n\n" + BODY,
    "comment-between": BODY.replace(b"\n\n", b"\n\n: hello\n\n", 1),
    "comment-glued": BODY.replace(b"\n\n", b"\n\n: hello\n", 1),
    "comment-after-id": b"id: 7\n" + BODY.replace(b"\n\n", b"\n\n: hello\n\n", 1),
    "no-space-after-colon": BODY.replace(b"data: {", b"data:{", 1),
    "no-space-before-done": BODY.replace(b"data: [DONE]", b"data:[DONE]"),
    "blank-lines": b"\n" + BODY,
    "id-line": b"id: 7\n" + BODY,
    "retry-line": b"retry: 7\n" + BODY,
    "unknown-line": b"mood: calm\n" + BODY,
    "event-without-data": b"retry: 7\n\n" + BODY,
    "data-in-several-lines": BODY.replace(b'data: {"id"', b'data: {\ndata: "id"', 1),
}
TEXT = {
    "long-line": chat(chunk({"content": "x" * 70_000})),
    "very-long-line": chat(chunk({"content": "x" * 1_100_000})),
    "line-separators": chat(chunk({"content": "a\u2028b"})),
    "null-character": chat(chunk({"content": "a\0b"})),
    "surrogate-escapes": BODY.replace(b"Hi", rb"\ud83d\ude00"),
    "escapes": BODY.replace(b"Hi", rb"\u0041"),
    "non-ascii": chat(chunk({"content": "é"})),
    "long-number": chat(
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 12345678901234567890}'}}]})
    ),
}


@pytest.mark.parametrize("trait", sorted(FRAMING))
def test_how_events_are_written(trait: str) -> None:
    assert trait in found(FRAMING[trait])
    assert set(found(BODY)) == {"usage-own-chunk"}


@pytest.mark.parametrize("trait", sorted(TEXT))
def test_how_text_is_written(trait: str) -> None:
    assert trait in found(TEXT[trait])


def test_every_trait_of_the_wire_is_tried_here() -> None:
    assert set(wire.FRAMING) == {*FRAMING, "json-array"}
    assert set(wire.TEXT) == set(TEXT)


def test_an_array_is_no_event_stream() -> None:
    body = b"[" + gemini().removeprefix(b"data: ").strip() + b"]"
    assert found(body, "gemini") == {"json-array": 0, "one-event": 0}


def test_empty_lines_between_lines_of_json() -> None:
    assert "blank-lines" in found(ollama({"content": "Hi"}).replace(b"\n", b"\n\n", 1), "ollama")
    assert found(ollama({"content": "Hi"}), "ollama") == {}


@pytest.mark.parametrize(
    ("headers", "traits"),
    [
        ({"content_type": "text/event-stream"}, set()),
        ({}, {"content-type-missing"}),
        ({"content_type": "application/json"}, {"content-type-json"}),
        ({"content_type": "text/plain"}, {"content-type-other"}),
        ({"content_type": "text/event-stream; charset=utf-8"}, {"content-type-charset"}),
        ({"content_type": 'text/event-stream;charset="UTF-8"'}, {"content-type-charset"}),
        ({"content_type": "text/event-stream; charset=iso-8859-1"}, {"content-type-other-charset"}),
        ({"content_type": "Text/Event-Stream"}, {"content-type-capitals"}),
        ({"content_type": "text/event-stream", "content_encoding": "gzip"}, {"content-coding"}),
    ],
)
def test_what_the_head_says(headers: dict[str, str], traits: set[str]) -> None:
    assert set(head(**headers)) - {"usage-own-chunk"} == traits


def test_nothing_is_said_of_headers_that_were_not_kept() -> None:
    assert "content-type-missing" not in found(BODY, headers=None)


def test_where_reads_end() -> None:
    body = chat(chunk({"content": "é"})).replace(b"\n", b"\r\n")
    letter, line_end = body.index("é".encode()) + 1, body.index(b"\r\n") + 1
    assert found(body, reads=[letter, len(body) - letter])["read-inside-character"] == letter
    assert found(body, reads=[line_end, len(body) - line_end])["read-inside-line-end"] == line_end
    assert found(body, reads=[10, len(body) - 10])["read-inside-event"] == 10
    event = body.index(b"\r\n\r\n") + 4
    assert not {trait for trait in found(body, reads=[event, len(body) - event]) if trait.startswith("read-")}


def test_payloads_alone_say_nothing_of_how_they_were_written() -> None:
    assert set(found(FRAMING["lines-crlf"], framed=False)) == {"usage-own-chunk"}


def test_a_stream_whose_recorder_left_says_nothing_of_its_end() -> None:
    begun = BODY[: BODY.index(b"\n\n") + 2]
    assert "finish-never" in found(begun)
    assert not {"finish-never", "usage-missing"} & set(stream_traits("openai-chat", begun, [], whole=False))


def test_a_broken_rule_is_a_trait_and_names_the_field() -> None:
    missing = Finding("field-missing", "must", 7, "chunk: choices[2].delta.tool_calls[0].index is missing")
    assert rule_trait(missing) == "rule:field-missing choices[].delta.tool_calls[].index"
    assert rule_trait(Finding("done-missing", "must", 9, "the stream ends after chunk")) == "rule:done-missing"
    assert stream_traits("openai-chat", b"", [missing])["rule:field-missing choices[].delta.tool_calls[].index"] == 7


@pytest.mark.parametrize(
    ("trait", "words"),
    [
        ("lines-crlf", "lines end in CRLF"),
        ("usage-own-chunk", "the counts come in a chunk of their own, without choices"),
        ("rule:field-missing choices[].index", "choices[].index is missing"),
        ("rule:no-such-rule", "no-such-rule"),
        ("no-such-trait", "no-such-trait"),
    ],
)
def test_traits_in_words(trait: str, words: str) -> None:
    assert trait_words("openai-chat", trait) == words


def test_a_broken_rule_in_its_own_words() -> None:
    assert trait_words("openai-chat", "rule:done-missing").startswith("a rule is broken: “A stream ends with [DONE]")


@pytest.mark.parametrize(
    ("trait", "about"),
    [
        ("tool-calls-parallel", "tools"),
        ("rule:field-missing choices[].delta.tool_calls[].index", "tools"),
        ("reasoning-content", "reasoning"),
        ("think-tag-cut", "reasoning"),
        ("usage-running", "counts"),
        ("rule:finish-twice", "end"),
        ("stop-never", "end"),
        ("lines-crlf", "wire 0"),
        ("non-ascii", "wire 1"),
        ("read-inside-event", "wire 2"),
        ("refusal", "refusal"),
    ],
)
def test_what_a_trait_is_about(trait: str, about: str) -> None:
    assert matter(trait) == about


@pytest.mark.parametrize("body", [b"", b": hello\n\n", b"data: [DONE]\n\n"])
def test_a_body_that_says_nothing(body: bytes) -> None:
    assert "nothing-said" in found(body)
    assert "nothing-said" not in found(BODY)


def test_hostile_bytes_are_read_without_an_error() -> None:
    for body in (
        b"",
        b"\xff\xfe",
        b"data: [[[[",
        b"data: {}\n\n",
        b'data: {"choices": [1, {"delta": 3}]}\n\n',
        b"\0" * 50,
    ):
        assert isinstance(found(body), dict)
