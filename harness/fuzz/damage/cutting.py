"""Streams that end too early: cut at any byte, with any ending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from harness.catalogue.faults import CutEnding
from harness.fuzz.damage.account import Account
from harness.fuzz.damage.demands import Beginning, CallsCut, Demands, Kept, NotFinished, Rule
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk, WireResponse

CUT_ENDINGS: tuple[CutEnding, ...] = get_args(CutEnding)
PROMPT_ENDINGS: tuple[CutEnding, ...] = ("clean", "no_last_chunk", "short_length", "reset")
"""Those that a reader learns of at once; the other is a silence, which takes its patience."""
_WORDS: dict[CutEnding, str] = {
    "clean": "ends as if it were whole",
    "no_last_chunk": "ends without its last chunk",
    "short_length": "ends short of its length",
    "reset": "ends by a reset",
    "stall": "falls silent",
}


def cut_variant(account: Account, response: WireResponse, at: int, ending: CutEnding, *, come: int) -> Variant:
    """The stream with its first `at` bytes alone, which are `come` without their content coding."""
    size = len(response.body)
    missing = max(1, size - at) if ending == "short_length" else 0
    return Variant(
        kind="damage",
        family=f"cut-{ending.replace('_', '-')}",
        words=f"cut after byte {at} of {size}, and {_WORDS[ending]}",
        plan={"damage": "cut", "at": at, "ending": ending},
        response=replace(
            response, chunks=tuple(_first(response, at)), ending=ending, missing_bytes=missing, codings=()
        ),
        demand=_demand(account, come, ending, packed=come != at),
    )


def _demand(account: Account, at: int, ending: CutEnding, *, packed: bool) -> Demands:
    rules: list[Rule] = [NotFinished(account, at), Beginning(account, at), CallsCut()]
    if ending == "clean" and not packed:  # who unpacks may hold back what a later block could still change
        rules.append(Kept(account, account.frames_before(at)))
    return Demands(tuple(rules), account.by)


def _first(response: WireResponse, size: int) -> Iterator[Chunk]:
    for chunk in response.chunks:
        if size <= 0:
            return
        yield chunk if len(chunk.data) <= size else replace(chunk, data=chunk.data[:size])
        size -= len(chunk.data)
