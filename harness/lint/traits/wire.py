"""Traits of the bytes, whatever they say: line ends, comments, fields, escapes, long lines, reads, headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from harness.lint.traits.noted import Note

LONG = 64 * 1024
"""Bytes of a line beyond which readers with the usual limit of 64 KiB fail."""
VERY_LONG = 1024 * 1024

FRAMING: Mapping[str, str] = {
    "lines-crlf": "lines end in CRLF",
    "lines-cr": "lines end in CR alone",
    "byte-order-mark": "the body begins with a byte-order mark",
    "comment-first": "a comment stands before the first event",
    "comment-between": "comments stand between events",
    "comment-glued": "a comment stands on the line before or behind the data of an event",
    "comment-after-id": "a comment follows an event that had an id",
    "no-space-after-colon": "there is no space behind the colon of a field",
    "no-space-before-done": "there is no space before the end marker [DONE]",
    "blank-lines": "there are empty lines that end no event",
    "id-line": "events have an id line",
    "retry-line": "events have a retry line",
    "unknown-line": "events have lines of a field that the standard does not know",
    "event-without-data": "there are events without data",
    "data-in-several-lines": "the data of an event comes in several lines",
    "json-array": "the body is one JSON array, and no server-sent events",
}
TEXT: Mapping[str, str] = {
    "long-line": "a line is longer than 64 KiB",
    "very-long-line": "a line is longer than a megabyte",
    "line-separators": "text holds U+2028, U+2029 or U+0085 as they are",
    "null-character": "text holds a null character",
    "surrogate-escapes": "a character is written as two escapes",
    "escapes": "characters are written as escapes",
    "non-ascii": "text holds characters beyond ASCII",
    "long-number": "a number in a call's arguments has more digits than a double can hold",
}
TRANSPORT: Mapping[str, str] = {
    "content-type-missing": "there is no content type",
    "content-type-json": "the content type says JSON",
    "content-type-charset": "the content type names UTF-8 as its charset",
    "content-type-other-charset": "the content type names another charset than UTF-8",
    "content-type-other": "the content type is none of a stream",
    "content-type-capitals": "the content type is written with capitals",
    "content-coding": "the body is packed",
    "read-inside-character": "a read ends inside a character",
    "read-inside-line-end": "a read ends between CR and LF",
    "read-inside-event": "a read ends inside an event",
    "pause": "the server is silent for two seconds or more",
}
NOTHING: Mapping[str, str] = {"nothing-said": "the body says nothing at all"}
WORDS: Mapping[str, str] = {**FRAMING, **TEXT, **TRANSPORT, **NOTHING}

_FIELDS = frozenset({b"data", b"event", b"id", b"retry"})
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_SURROGATES = re.compile(rb"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])")
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*(\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})")
_NULL = re.compile(rb"(?<!\\)(?:\\\\)*(\\u0000)")
_SEPARATOR = re.compile(b"\xe2\x80[\xa8\xa9]|\xc2\x85")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_LONG_NUMBER = re.compile(rb'\\": ?-?(\d{17,}|\d+\.\d{17,})(?![\d\w])')
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_MARK = b"\xef\xbb\xbf"


def text_traits(body: bytes, note: Note) -> None:
    """How characters are written, and how long lines are."""
    rest = body[3:] if body.startswith(_MARK) else body
    for trait, pattern in (
        ("surrogate-escapes", _SURROGATES),
        ("escapes", _ESCAPE),
        ("null-character", _NULL),
        ("line-separators", _SEPARATOR),
        ("non-ascii", _BEYOND_ASCII),
        ("long-number", _LONG_NUMBER),
    ):
        if found := pattern.search(rest):
            note(trait, found.start(found.lastindex or 0) + len(body) - len(rest))
    if len(body) > LONG:
        _long_lines(body, note)


def _long_lines(body: bytes, note: Note) -> None:
    offset = 0
    for line in body.splitlines(keepends=True):
        for trait, size in (("long-line", LONG), ("very-long-line", VERY_LONG)):
            if len(line) > size:
                note(trait, offset)
        offset += len(line)


def event_traits(body: bytes, note: Note) -> None:
    """How server-sent events are written: line ends, comments, fields."""
    if body.startswith(_MARK):
        note("byte-order-mark", 0)
    if (at := body.find(b"\r\n")) >= 0:
        note("lines-crlf", at)
    if found := _BARE_CR.search(body):
        note("lines-cr", found.start())
    _Events(note).read(body)


class _Events:
    """Goes through the lines of a body, event by event."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._names: list[bytes] = []  # of the fields of this event; a comment is an empty one
        self._begins = 0
        self._had_event = False
        self._had_id = False

    def read(self, body: bytes) -> None:
        start = len(_MARK) if body.startswith(_MARK) else 0
        for found in _LINE.finditer(body, start):
            line, at = found[1], found.start()
            if at == len(body):
                break
            self._line(line, at) if line else self._end(at)
        if self._names:
            self._event()

    def _line(self, line: bytes, at: int) -> None:
        if not self._names:
            self._begins = at
        name, colon, value = line.partition(b":")
        self._names.append(name)
        if name and name not in _FIELDS:
            self._note("unknown-line", at)
        if name in (b"data", b"event") and colon and value and not value.startswith(b" "):
            self._note("no-space-after-colon", at)
            if value == b"[DONE]":
                self._note("no-space-before-done", at)
        if name == b"id":
            self._note("id-line", at)
        if name == b"retry":
            self._note("retry-line", at)

    def _end(self, at: int) -> None:
        if self._names:
            self._event()
        else:
            self._note("blank-lines", at)

    def _event(self) -> None:
        names, at = self._names, self._begins
        self._names = []
        has_comment, has_fields = b"" in names, any(names)
        if has_comment:
            self._comment(has_fields, at)
        if not has_fields:
            return
        if b"data" not in names:
            self._note("event-without-data", at)
        elif names.count(b"data") > 1:
            self._note("data-in-several-lines", at)
        self._had_event = True
        self._had_id = self._had_id or b"id" in names

    def _comment(self, has_fields: bool, at: int) -> None:
        if has_fields:
            self._note("comment-glued", at)
        elif self._had_event:
            self._note("comment-between", at)
        else:
            self._note("comment-first", at)
        if self._had_id:
            self._note("comment-after-id", at)


def line_traits(body: bytes, note: Note) -> None:
    """How lines of JSON are written."""
    if (at := body.find(b"\r\n")) >= 0:
        note("lines-crlf", at)
    offset = 0
    for line in body.splitlines(keepends=True):
        if not line.strip():
            note("blank-lines", offset)
            return
        offset += len(line)


def header_traits(headers: Iterable[tuple[str, str]], spoken: str, note: Note) -> None:
    """What the response's head says of its body; `spoken` is the dialect's own content type."""
    given = {name.lower(): value for name, value in headers}
    media, _, parameters = given.get("content-type", "").partition(";")
    kind = media.strip()
    if not kind:
        note("content-type-missing", 0)
    elif kind.lower() == "application/json":
        note("content-type-json", 0)
    elif kind.lower() != spoken.partition(";")[0].strip().lower():
        note("content-type-other", 0)
    if kind != kind.lower():
        note("content-type-capitals", 0)
    if found := _CHARSET.search(parameters):
        note("content-type-charset" if found[1].lower() in ("utf-8", "utf8") else "content-type-other-charset", 0)
    if given.get("content-encoding", "identity").lower() not in ("", "identity"):
        note("content-coding", 0)


def read_traits(body: bytes, sizes: Sequence[int], note: Note) -> None:
    """Where the reads end, of these sizes in bytes; the end of the body is no such place."""
    for at in accumulate(sizes):
        if not 0 < at < len(body):
            continue
        if body[at] & 0xC0 == 0x80:
            note("read-inside-character", at)
        if body[at - 1 : at + 1] == b"\r\n":
            note("read-inside-line-end", at)
        if body[at - 1] not in b"\r\n":
            note("read-inside-event", at)
