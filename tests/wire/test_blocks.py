"""Blocks: whatever the reads were, what was given and what is held are what was fed, cut only behind an end.

The proofs of `harness.fuzz.proof` rest on this, so it is shown of every cutting of every short body.
"""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from harness.wire.blocks import Blocks

SHORT = [bytes(body) for size in range(1, 7) for body in product(b"x\r\n", repeat=size)]


def cuttings(body: bytes) -> list[list[bytes]]:
    """The body in reads, in every way there is."""
    found = []
    for chosen in product((False, True), repeat=len(body) - 1):
        edges = [0, *(place for place, cut in enumerate(chosen, 1) if cut), len(body)]
        found.append([body[start:end] for start, end in pairwise(edges)])
    return found


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\rx"])
def test_of_every_cutting_the_rest_is_what_comes_after_the_last_end(ends: bytes) -> None:
    seen = 0
    for body in SHORT:
        last_end = max(body.rfind(end) for end in ends) + 1
        for reads in cuttings(body):
            blocks = Blocks(ends)
            given = [block for read in reads if (block := blocks.feed(read))]
            assert b"".join(given) == body[:last_end]
            assert blocks.rest == body[last_end:]
            assert all(block[-1] in ends for block in given)
            seen += 1
    assert seen == 3 * (1 + 3 * 2 + 9 * 4 + 27 * 8 + 81 * 16 + 243 * 32)


def test_a_read_gives_all_up_to_its_last_end_at_once() -> None:
    blocks = Blocks(b"\n")
    assert blocks.feed(b"one") == b""
    assert blocks.feed(b"\ntwo\nthr") == b"one\ntwo\n"
    assert blocks.feed(b"") == b""
    assert blocks.rest == b"thr"
