"""Slices of a body, fed to a reader that is in its canonical state: does it come to the canonical state at their end?

The canonical state at a place is the one in which the reader is once every byte before it has been fed by itself; what
it has given by then is its canonical output. A slice from i to j holds where the reader, in its canonical state at i,
makes of the bytes from i to j in one read exactly the output between, and is then exactly in the canonical state at j.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.fuzz.state import Snapshot, picture, restored, same, snapshot


class Reader(Protocol):
    """What is fed reads, and gives events, frames or whatever: only that they can be compared counts."""

    def feed(self, data: bytes) -> Sequence[Any]:
        """What `data` completes."""

    def close(self) -> Sequence[Any]:
        """What the end of the body completes."""


class Broken(Exception):
    """A slice that does not hold; the message says what is not as it must be."""

    def __init__(self, start: int, end: int, what: str) -> None:
        super().__init__(f"the bytes from {start} to {end} in one read {what}")
        self.start, self.end = start, end


@dataclass(slots=True)
class Walk:
    """The canonical run of a reader over a body, with its states at the places where slices begin or end."""

    body: bytes
    output: list[Any] = field(default_factory=list)
    """All that the reader gave for the body, without what its close gave."""
    given: list[int] = field(default_factory=list)
    """By place: how much of the output had been given."""
    states: dict[int, Snapshot] = field(default_factory=dict)
    slices: int = 0
    """How many were looked at."""

    def holds(self, start: int, end: int) -> None:
        """Look at one slice. Raises Broken, or Unseen."""
        reader = restored(self.states[start])
        self.slices += 1
        given = reader.feed(self.body[start:end])
        if not alike(given, self.output[self.given[start] : self.given[end]]):
            raise Broken(start, end, "give something else than byte by byte")
        if not same(snapshot(reader), self.states[end]):
            raise Broken(start, end, "leave the reader in another state than byte by byte")

    def hold(self, slices: Iterable[tuple[int, int]]) -> None:
        """Look at many."""
        for start, end in slices:
            self.holds(start, end)


def walk(reader: Reader, body: bytes, places: Iterable[int] | None = None) -> Walk:
    """Feed `body` byte by byte, and keep the states at those places: all, where none are named. Raises Unseen."""
    return _walk(reader, body, range(1, len(body) + 1), None if places is None else {*places, len(body)})


def stride(reader: Reader, body: bytes, places: Iterable[int]) -> Walk:
    """The same in reads that end at those places and at the body's end: what lies between has no state."""
    return _walk(reader, body, sorted({*places, len(body)} - {0}), None)


def _walk(reader: Reader, body: bytes, ends: Iterable[int], kept: set[int] | None) -> Walk:
    made = Walk(body, given=[0] * (len(body) + 1))
    made.states[0] = snapshot(reader)
    start = 0
    for end in ends:
        made.output += reader.feed(body[start:end])
        made.given[end] = len(made.output)
        if kept is None or end in kept:
            made.states[end] = snapshot(reader)
        start = end
    return made


def alike(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Whether two outputs are one, NaN and all."""
    return [*left] == [*right] or picture([*left]) == picture([*right])


def read(reader: Reader, body: bytes, cuts: Sequence[int]) -> list[Any]:
    """All that a reader gives for a body with reads that end at these places, and for its close."""
    given: list[Any] = []
    start = 0
    for end in (*cuts, len(body)):
        given += reader.feed(body[start:end])
        start = end
    given += reader.close()
    return given
