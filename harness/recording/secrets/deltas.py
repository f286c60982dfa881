"""Joins what a stream sends piece by piece: a model that repeats a key sends it in many deltas, a few letters each.

Every text of the events goes on the track of its place. What makes two places the same differs from dialect to dialect
(a part's number stands in `index`, or is its position in a list, or is told by nothing), so that every text goes on
several tracks, each joined by another notion of place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from harness.recording.secrets.views import Joined, Piece, View

ENDS = 2048
"""Bytes from either end of a long text that can be part of something that goes on in the next delta."""

_EVENT = re.compile(rb"^[ \t]*(?:data:)?[ \t]*([\[{][^\r\n]*)", re.MULTILINE)
_STRING = rb"\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\""
_VALUE = re.compile(rb"(?<=[:\[,\s])" + _STRING + rb"(?!\s*+:)", re.DOTALL)
_NAMED_VALUE = re.compile(rb"\"([A-Za-z_]{1,40})\"\s*+:\s*+" + _STRING, re.DOTALL)
_NUMBER = re.compile(rb"(?<!index\":)(?<!index\": )(?<=[:,\[\s])-?\d[\d.eE+-]*")
_TOKEN = re.compile(rb"\"([^\"\\]*+(?:\\.[^\"\\]*+)*+)\"\s*+:\s*+(\d+)?|([\[\]{},\0])", re.DOTALL)
_HERE = b"\0"
_BETWEEN = Piece(b"\n\0\n", 0, 0)
_MOST_NESTED = 64


def joined_deltas(view: View) -> Iterator[View]:
    """The texts of the events in a view, those of one track side by side; nothing where no track has two texts."""
    if b'"' not in view.data:
        return
    tracks: dict[object, list[tuple[int, int]]] = {}
    for start, end in _documents(view.data):
        _collect(view.data, start, end, tracks)
    for found in _NAMED_VALUE.finditer(view.data):
        tracks.setdefault(found[1], []).append(found.span(2))
    different = {tuple(spans) for spans in tracks.values() if len(spans) > 1}
    if pieces := [piece for spans in sorted(different) for piece in _track(view.data, spans)]:
        yield Joined(view, pieces)


def _track(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[Piece]:
    """The texts of one track; nothing where they are all the same, as ids and names of models are."""
    texts = [data[start:end] for start, end in spans]
    if len({*texts}) == 1:
        return
    for text, (start, end) in zip(texts, spans, strict=True):
        if len(text) <= 2 * ENDS:
            yield Piece(text, start, end)
        else:
            yield from (Piece(text[:ENDS], start, start + ENDS), _BETWEEN, Piece(text[-ENDS:], end - ENDS, end))
    yield _BETWEEN


def _documents(data: bytes) -> list[tuple[int, int]]:
    """Where the JSON of each event stands: in a line of its own, or in one document that holds them all."""
    spans = [found.span(1) for found in _EVENT.finditer(data)]
    if not spans:
        return []
    lines = [(start, end) for start, end in spans if data[start:end].rstrip(b" \t,").endswith((b"}", b"]"))]
    is_document = data[: spans[0][0]].strip() in (b"", b"\xef\xbb\xbf") and data.rstrip().endswith((b"}", b"]"))
    first_is_whole = bool(lines) and lines[0] == spans[0]
    return lines if (len(lines) > 1 and first_is_whole) or not is_document else [(spans[0][0], len(data))]


def _collect(data: bytes, start: int, end: int, tracks: dict[object, list[tuple[int, int]]]) -> None:
    parts = _VALUE.split(data[start:end])
    places = _places(_NUMBER.sub(b"0", _HERE.join(parts[::2])))
    at = start
    for number, part in enumerate(parts):
        if number % 2:
            at += 1  # the quotation mark
            if number // 2 < len(places):
                for place in places[number // 2]:
                    tracks.setdefault(place, []).append((at, at + len(part)))
            at += 1
        at += len(part)


@dataclass(slots=True)
class _Container:
    """An object or a list that is being read: what of it the place of a text inside depends on."""

    is_list: bool
    step: bytes = b""
    position: int = 0
    numbers: list[bytes] = field(default_factory=list)


@lru_cache(maxsize=4096)
def _places(skeleton: bytes) -> tuple[tuple[object, ...], ...]:
    """For each text in a document, given without its texts, the tracks that it goes on."""
    open_ones: list[_Container] = []
    leaves: list[list[tuple[_Container, bytes, int]]] = []
    on_top = 0
    for token in _TOKEN.finditer(skeleton):
        name, index, mark = token.groups()
        if mark in (b"{", b"["):
            if len(open_ones) >= _MOST_NESTED:
                return ()
            on_top += not open_ones
            open_ones.append(_Container(mark == b"["))
        elif mark == _HERE:
            leaves.append([(one, one.step, one.position) for one in open_ones])
        elif not open_ones:
            continue
        elif mark in (b"}", b"]"):
            if open_ones.pop().is_list != (mark == b"]"):
                return ()  # no JSON after all: what stood in it escaped was unescaped with it, say
        elif mark == b",":
            open_ones[-1].position += open_ones[-1].is_list
        else:
            open_ones[-1].step = name
            if index and name.endswith(b"index"):
                open_ones[-1].numbers.append(index)
    return tuple(tuple(_notions(leaf, on_top == 1)) for leaf in leaves)


def _notions(leaf: list[tuple[_Container, bytes, int]], is_one: bool) -> Iterable[object]:
    """The place of a text: with its positions in lists, without them, and with that in the innermost list.

    Of bare texts in a list only those go together that a list of frames has; a list of pairs holds one thing each.
    """
    numbers = tuple(number for one, _, _ in leaf for number in one.numbers)
    names = tuple(step for one, step, _ in leaf if not one.is_list)
    positions = tuple(position for one, _, position in leaf if one.is_list)
    if leaf and leaf[-1][0].is_list:
        if len(positions) == 1 and is_one:
            yield names, numbers, None
        return
    yield names, numbers, positions
    if positions:
        yield names, numbers, None
        yield names, numbers, positions[-1]
