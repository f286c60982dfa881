"""Texts read out of other texts (unescaped, unpacked, joined), which know where in the first text they stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Start and end of a stretch of bytes."""

Bits: TypeAlias = Literal[0, 4, 6, 8]


class Piece(NamedTuple):
    """A stretch of a view, and where in the text it was read from it stands."""

    data: bytes
    start: int
    end: int
    bits: Bits = 8
    """Bits of the view that a byte of the source stands for: 8 the same text, 6 base64, 4 hexadecimal; 0 where a part
    of the piece cannot be told from the rest, such as an escape, or something packed."""
    also: tuple[int, ...] = ()
    """Where else the same stretch stands in the source: how many bytes further on."""


class View(Protocol):
    """A text, and the stretches of the first text that stretches of it were read from."""

    data: bytes

    def spans(self, start: int, end: int) -> list[Span]:
        """Where in the first text the bytes from `start` to `end` stand, in order; empty where nowhere."""
        ...


class Whole:
    """The first text itself."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def spans(self, start: int, end: int) -> list[Span]:
        """The stretch itself."""
        return [(start, end)] if start < end else []


class Joined:
    """Pieces read from another view, side by side; `between` stands between two of them and comes from nowhere."""

    def __init__(self, source: View, pieces: Iterable[Piece], between: bytes = b"") -> None:
        self._source = source
        self._pieces = [piece for piece in pieces if piece.data]
        self._starts: list[int] = []
        at = 0
        for piece in self._pieces:
            self._starts.append(at)
            at += len(piece.data) + len(between)
        self.data = between.join(piece.data for piece in self._pieces)

    def spans(self, start: int, end: int) -> list[Span]:
        """Where in the first text the bytes from `start` to `end` stand, in order."""
        found: list[Span] = []
        number = max(0, bisect_right(self._starts, start) - 1)
        while number < len(self._pieces) and self._starts[number] < end:
            piece, at = self._pieces[number], self._starts[number]
            first, last = max(0, start - at), min(len(piece.data), end - at)
            if first < last:
                begin, until = _within(piece, first, last)
                for further in (0, *piece.also):
                    found += self._source.spans(begin + further, until + further)
            number += 1
        return found


def _within(piece: Piece, first: int, last: int) -> Span:
    """The stretch of the source that the bytes from `first` to `last` of a piece stand in."""
    if not piece.bits:
        return piece.start, piece.end
    return piece.start + first * 8 // piece.bits, min(piece.end, piece.start + -(-last * 8 // piece.bits))
