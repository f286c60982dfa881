"""What a body is made of, from frames down to the bytes of a character: spans, found without any decoder of ours.

The scanner knows framing and the tokens of JSON, and nothing of what a frame means. It takes any bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias, get_args

Sort: TypeAlias = Literal[
    "frame",
    "line",
    "line-end",
    "delimiter",
    "token",
    "text",
    "name",
    "literal",
    "field",
    "value",
    "marker",
    "comment",
    "tag",
    "crlf",
    "escape",
    "surrogates",
    "character",
    "bom",
    "binary",
    "coded",
]
"""Sorts of places, the simplest first: between frames, lines or tokens, and inside of everything that is one thing."""
SORTS: tuple[Sort, ...] = get_args(Sort)

_OUTER_FIRST: tuple[Sort, ...] = (
    *("binary", "coded", "frame", "line", "delimiter", "token", "comment", "field", "value", "marker"),
    *("literal", "name", "text", "tag", "surrogates", "escape", "character", "crlf", "bom"),
)
_LAYER = {sort: layer for layer, sort in enumerate(_OUTER_FIRST)}
HOLLOW: frozenset[Sort] = frozenset({"frame", "line", "token"})
"""Spans that are made of others: a place inside one of them, and of nothing smaller, is an edge between its parts."""

BOM = b"\xef\xbb\xbf"
BINARY_START = 0
"""The first byte of a body in AWS's binary framing, which begins with a length of four bytes."""
_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_FIELD = re.compile(rb"([^:]*): ?")
_TOKEN = re.compile(rb'("(?:[^"\\\r\n]|\\.)*"?)(?=([ \t\r\n]*:)?)|([^\s"{}\[\]:,]+)')
_TAG = re.compile(rb'(?:<|\\u003[cC])[^<>"\\\s]{1,40}(?:>|\\u003[eE])')
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")
_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CRLF = re.compile(rb"\r\n")
_BLANK = b" \t\r\n"


class Span(NamedTuple):
    """One thing in a body: of these sorts, the bytes from `start` up to `end`."""

    start: int
    end: int
    sort: Sort


def spans(body: bytes, *, ndjson: bool = False, coded: bool = False) -> list[Span]:
    """Every span of that body, outer ones before those inside them. `token`: a whole JSON text.

    `coded`: the bytes are those of a content coding, of which nothing is known.
    """
    if coded:
        return [Span(0, len(body), "coded")]
    if body[:1] == bytes([BINARY_START]):
        return [Span(0, len(body), "binary")]
    found = [Span(0, len(BOM), "bom")] if body.startswith(BOM) else []
    first = body.lstrip(BOM + _BLANK)[:1]
    if ndjson:
        found += _ndjson(body)
    elif first in (b"[", b"{"):
        found += _json_values(body)
    else:
        found += _sse(body, len(BOM) if found else 0)
    found += _small(body)
    return sorted(found, key=lambda span: _LAYER[span.sort])


def _sse(body: bytes, at: int) -> Iterator[Span]:
    start, last_end = at, None  # of the block of lines; of its last line, where its line end begins
    for line in _LINE.finditer(body, at):
        if line.start(1) < line.end(1):
            yield from _sse_line(body, line.start(1), line.end(1), line.end())
            last_end = line.end(1)
        elif line.end() > line.start():
            if last_end is not None:
                yield Span(start, line.end(), "frame")
                yield Span(last_end, line.end(), "delimiter")
            start, last_end = line.end(), None
    if last_end is not None:
        yield Span(start, len(body), "frame")


def _sse_line(body: bytes, start: int, content_end: int, end: int) -> Iterator[Span]:
    yield Span(start, end, "line")
    if body[start : start + 1] == b":":
        yield Span(start, content_end, "comment")
    elif body[start:content_end].lstrip(_BLANK)[:1] in (b"{", b"["):
        yield from _json(body, start, content_end)
    elif field := _FIELD.match(body, start, content_end):
        yield Span(start, field.end(), "field")
        yield from _sse_value(body, field.end(), content_end)
    else:
        yield Span(start, content_end, "field")


def _sse_value(body: bytes, start: int, end: int) -> Iterator[Span]:
    value = body[start:end].strip()
    if value[:1] in (b"{", b"["):
        if value == b"[DONE]":
            yield Span(start, end, "marker")
        else:
            yield from _json(body, start, end)
    elif value:
        yield Span(start, end, "value")


def _ndjson(body: bytes) -> Iterator[Span]:
    for line in _LINE.finditer(body):
        if line.start(1) < line.end(1):
            yield Span(line.start(), line.end(), "frame")
            yield Span(line.start(), line.end(), "line")
            yield from _json(body, line.start(1), line.end(1))


def _json(body: bytes, start: int, end: int) -> Iterator[Span]:
    yield Span(start, end, "token")
    for token in _TOKEN.finditer(body, start, end):
        sort: Sort = "literal" if token[3] else "name" if token[2] else "text"
        yield Span(token.start(), token.end(1) if token[1] else token.end(3), sort)


def _json_values(body: bytes) -> Iterator[Span]:
    """One JSON text, or an array whose elements are the frames."""
    yield from _json(body, 0, len(body))
    depth, start = 0, 0
    within = 1 if body.lstrip(BOM + _BLANK)[:1] == b"[" else 0  # the depth at which a frame begins
    strings = re.finditer(rb'"(?:[^"\\]|\\.)*"?|[{}\[\]]', body, re.DOTALL)
    for found in strings:
        if found[0] in (b"{", b"["):
            if depth == within:
                start = found.start()
            depth += 1
        elif found[0] in (b"}", b"]"):
            depth -= 1
            if depth == within:
                yield Span(start, found.end(), "frame")


def _small(body: bytes) -> Iterator[Span]:
    """What may lie anywhere: characters of several bytes, escapes, tags, CRLF."""
    for pattern, sort in _SMALL:
        for found in pattern.finditer(body):
            yield Span(found.start(), found.end(), sort)


_SMALL: tuple[tuple[re.Pattern[bytes], Sort], ...] = (
    (_TAG, "tag"),
    (_PAIR, "surrogates"),
    (_ESCAPE, "escape"),
    (_CHARACTER, "character"),
    (_CRLF, "crlf"),
)
