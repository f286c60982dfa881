"""Slices: from a canonical state, in one read, to the canonical state at their end, with the output between."""

from __future__ import annotations

import math

import pytest

from harness.events import Other, Text
from harness.fuzz.slices import Broken, alike, read, stride, walk


class Letters:
    """Gives each letter, and at its close how many there were; `late` keeps the last of a read for the next."""

    def __init__(self, *, late: bool = False, counts_reads: bool = False) -> None:
        self.late = late
        self.counts_reads = counts_reads
        self.held = b""
        self.count = 0
        self.reads = 0

    def feed(self, data: bytes) -> list[str]:
        if self.counts_reads:
            self.reads += 1
        data = self.held + data
        keep = 1 if self.late and len(data) > 2 else 0
        self.held = data[len(data) - keep :]
        data = data[: len(data) - keep]
        self.count += len(data)
        return [chr(byte) for byte in data]

    def close(self) -> list[int]:
        return [self.count]


def test_a_walk_knows_what_was_given_by_each_place_and_the_states_that_were_asked_for() -> None:
    whole = walk(Letters(), b"abcd")
    assert (whole.output, whole.given) == (["a", "b", "c", "d"], [0, 1, 2, 3, 4])
    assert sorted(whole.states) == [0, 1, 2, 3, 4]
    assert sorted(walk(Letters(), b"abcd", [2]).states) == [0, 2, 4]
    strides = stride(Letters(), b"abcd", [3, 1])
    assert (strides.output, sorted(strides.states)) == (["a", "b", "c", "d"], [0, 1, 3, 4])


def test_slices_that_hold_are_counted() -> None:
    whole = walk(Letters(), b"abcd")
    whole.hold([(0, 4), (1, 3), (2, 3)])
    assert whole.slices == 3


def test_a_slice_that_gives_something_else_is_broken() -> None:
    whole = walk(Letters(late=True), b"abcd")
    whole.holds(0, 2)
    with pytest.raises(Broken, match="the bytes from 0 to 3 in one read give something else than byte by byte") as told:
        whole.holds(0, 3)
    assert (told.value.start, told.value.end) == (0, 3)


def test_a_slice_that_leaves_another_state_is_broken() -> None:
    whole = walk(Letters(counts_reads=True), b"abcd")
    whole.holds(1, 2)
    with pytest.raises(Broken, match="the bytes from 1 to 3 in one read leave the reader in another state"):
        whole.holds(1, 3)


def test_a_reading_is_all_that_comes_of_its_reads_and_its_close() -> None:
    assert read(Letters(), b"abc", [1, 2]) == ["a", "b", "c", 3]
    assert read(Letters(late=True), b"abc", []) == ["a", "b", 2]


def test_outputs_are_alike_with_nan_and_all() -> None:
    assert alike([Other("x", math.nan)], (Other("x", math.nan),))
    assert not alike([Other("x", math.nan)], [Other("x", None)])
    assert not alike([Text("a")], [Text("a"), Text("a")])
