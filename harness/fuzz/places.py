"""The weak places of a body: what lies at every offset, in words, and where each sort of place is.

A place is an offset: the place between the bytes before it and the byte at it, where a read may end.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from functools import cached_property, lru_cache
from itertools import groupby

from harness.dialects import dialect as dialect_record
from harness.fuzz.spans import HOLLOW, SORTS, Sort, Span, spans

INSIDE: Mapping[Sort, str] = {
    "frame": "between two frames",
    "line": "between two lines of a frame",
    "line-end": "before the end of a line",
    "delimiter": "between the two line ends of the frame delimiter",
    "token": "between two tokens of JSON",
    "text": "inside a string",
    "name": "inside the name of a JSON member",
    "literal": "inside a number or another literal",
    "field": "inside the name of an SSE field",
    "value": "inside the value of an SSE field",
    "marker": "inside the end marker",
    "comment": "inside a comment",
    "tag": "inside a tag",
    "crlf": "between CR and LF",
    "escape": "inside an escape",
    "surrogates": "between the two halves of an escaped pair",
    "character": "inside a character of several bytes",
    "bom": "inside the byte order mark",
    "binary": "inside the binary frames",
    "coded": "inside the bytes of a content coding",
}
"""Each sort of place in words."""

_ORDINALS = ("first", "second", "third", "fourth")
_SHOWN = 24  # characters of a string that words show
_TOKENS = frozenset({"name", "text", "literal"})
_BLANK = (b" ", b"\t", b"\r", b"\n")
_CACHED = 32  # bodies whose anatomy is kept


class Anatomy:
    """What lies where in one body. `len(body) - 1` places, at the offsets from 1."""

    def __init__(self, body: bytes, *, ndjson: bool = False, coded: bool = False) -> None:
        self.body = body
        self.spans = spans(body, ndjson=ndjson, coded=coded)
        self._frame_edges = {edge for span in self.spans if span.sort == "frame" for edge in span[:2]}
        self._owner = array("i", [-1]) * (len(body) + 1)  # of each offset, the innermost span that it lies inside
        for number, span in enumerate(self.spans):
            if span.end - span.start > 1:
                self._owner[span.start + 1 : span.end] = array("i", [number]) * (span.end - span.start - 1)

    def sort(self, offset: int) -> Sort:
        """Which sort of place it is."""
        span = self._inside(offset)
        if span is not None and span.sort not in HOLLOW:
            return span.sort
        if offset in self._frame_edges or span is None:
            return "frame"
        if span.sort == "line":
            return "line-end" if self.body[offset : offset + 1] in (b"\r", b"\n") else "field"
        return "line" if span.sort == "frame" else "token"

    def words(self, offset: int) -> str:
        """What a cut there separates: `inside the name 'finish_reason'`."""
        sort = self.sort(offset)
        span = self._inside(offset)
        if span is None or span.sort in HOLLOW:
            return self._edge(offset, sort)
        return _inside_words(self.body[span.start : span.end], offset - span.start, sort)

    @cached_property
    def places(self) -> dict[Sort, tuple[int, ...]]:
        """The offsets of every sort that is there, ascending, the simplest sort first; of `text` too."""
        found: dict[Sort, list[int]] = {}
        start = 1
        for number, run in groupby(self._owner[1 : len(self.body)]):
            end = start + sum(1 for _ in run)
            if number >= 0 and (sort := self.spans[number].sort) not in HOLLOW:
                found.setdefault(sort, []).extend(range(start, end))
            else:
                for offset in range(start, end):
                    found.setdefault(self.sort(offset), []).append(offset)
            start = end
        return {sort: tuple(found[sort]) for sort in SORTS if sort in found}

    def _inside(self, offset: int) -> Span | None:
        number = self._owner[offset]
        return self.spans[number] if number >= 0 else None

    def _edge(self, offset: int, sort: Sort) -> str:
        if sort == "field":
            return "between the name of an SSE field and its value"
        if sort != "token":
            return INSIDE[sort]
        return f"between {self._token(self._ends, offset, -1)} and {self._token(self._starts, offset, 0)}"

    def _token(self, edges: Mapping[int, Span], offset: int, at: int) -> str:
        """The token of JSON, or the byte, that has an edge there; `at`: where its byte lies, counted from the place."""
        if span := edges.get(offset):
            return _token_words(self.body[span.start : span.end], span.sort)
        byte = self.body[offset + at : offset + at + 1]
        return "white space" if byte in _BLANK else f"{byte.decode('utf-8', 'replace')!r}"

    @cached_property
    def _starts(self) -> dict[int, Span]:
        return {span.start: span for span in self.spans if span.sort in _TOKENS}

    @cached_property
    def _ends(self) -> dict[int, Span]:
        return {span.end: span for span in self.spans if span.sort in _TOKENS}


def anatomy(dialect: str, body: bytes, *, coded: bool = False) -> Anatomy:
    """The anatomy of a body of that dialect, or of its bytes in a content coding. Raises UnknownDialect."""
    return _anatomy(body, "ndjson" in dialect_record(dialect).content_type, coded)


@lru_cache(maxsize=_CACHED)
def _anatomy(body: bytes, ndjson: bool, coded: bool) -> Anatomy:
    return Anatomy(body, ndjson=ndjson, coded=coded)


def describe(dialect: str, body: bytes, offset: int) -> str:
    """What lies at that offset, in words. Raises ValueError for an offset that is not inside the body."""
    if not 0 < offset < len(body):
        raise ValueError(f"there is no place at offset {offset} inside a body of {len(body)} bytes")
    return anatomy(dialect, body).words(offset)


def places(dialect: str, body: bytes) -> dict[Sort, tuple[int, ...]]:
    """Every offset inside the body, by the sort of its place, ascending; the simplest sort first."""
    return dict(anatomy(dialect, body).places)


def _inside_words(data: bytes, at: int, sort: Sort) -> str:
    """Where inside a span a place is; `data` is the span's bytes, `at` counts from its start."""
    match sort:
        case "character":
            return f"inside {_character(data.decode('utf-8', 'replace'))}, before its {_ORDINALS[at]} byte"
        case "surrogates":
            return f"between the two halves of {data.decode()}"
        case "escape" | "tag" | "marker":
            article = "the end marker" if sort == "marker" else f"the {sort}"
            return f"inside {article} {_plain(data)}"
        case "name" | "text" | "literal":
            return f"inside {_token_words(data, sort)}"
        case "value":
            return f"inside the value {_shown(data)}"
        case "field":
            return _field_words(data, at)
    return INSIDE[sort]


def _token_words(data: bytes, sort: Sort) -> str:
    """A token of JSON by its sort and what it says."""
    if sort == "literal":
        return _plain(data) if len(data) <= _SHOWN else _shown(data)
    said = _shown(data.removeprefix(b'"').removesuffix(b'"'))
    return f"the {'name' if sort == 'name' else 'string'} {said}"


def _field_words(data: bytes, at: int) -> str:
    name = data.rstrip(b": ")
    if at < len(name):
        return f"inside the field name {_shown(name)}"
    return f"between {_shown(data[:at])} and its {'colon' if at == len(name) else 'space'}"


def _character(character: str) -> str:
    """One that cannot be seen, or that moves others about, by its number."""
    return character if character.isprintable() else f"U+{ord(character[0]):04X}"


def _plain(data: bytes) -> str:
    """Without quotes where there is nothing in it that a terminal would take for more than letters."""
    text = data.decode("utf-8", "replace")
    return text if text.isprintable() else repr(text)


def _shown(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return f"{text!r}" if len(text) <= _SHOWN else f"{text[: _SHOWN - 1] + '…'!r}"
