"""Bodies cut at their frames, and the promises that all framers share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.wire import json_array, ndjson, sse
from harness.wire.frame import Framer, cut_at_frames

FRAMERS = [sse.Framer, ndjson.Framer, json_array.Framer]


@pytest.mark.parametrize("make", FRAMERS, ids=lambda make: make.__module__.rpartition(".")[2])
def test_a_huge_frame_in_tiny_reads_is_not_read_again_with_each(make: Callable[..., Framer]) -> None:
    framer = make(limit=2**21)
    given = framer.feed(b'[{"a": "data: ')
    for _ in range(2**17):  # were all of it read again each time, this would take minutes
        given += framer.feed(b"x" * 16)
    assert [frame.too_long for frame in given] == [True]


@pytest.mark.parametrize("make", FRAMERS, ids=lambda make: make.__module__.rpartition(".")[2])
def test_a_closed_framer_gives_nothing_more(make: type[Framer]) -> None:
    framer = make()
    framer.feed(b"{}")
    framer.close()
    assert framer.close() == []


def test_a_body_without_frames_is_one_piece_and_an_empty_one_is_none() -> None:
    assert cut_at_frames(sse.Framer(), b": comment\n\n") == [b": comment\n\n"]
    assert cut_at_frames(sse.Framer(), b"") == []
