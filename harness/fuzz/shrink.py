"""Makes a failing variant smaller by leaving out parts of its plan, and tells whether a smaller one explains it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from harness.catalogue.findings import FailureKind
from harness.fuzz.kinds import Source
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk

FEW = 3
"""Pieces up to which simpler places are looked for."""

Pieces: TypeAlias = tuple[str, ...]
"""What a plan consists of, each piece as JSON: the places of cuts, or steps that are taken one after another."""

FirstFailing: TypeAlias = Callable[[Sequence[Variant]], int | None]
"""Which of these variants, counted from 0, is the first to fail in the same way; None if none does."""


def pieces_of(variant: Variant) -> Pieces:
    """The pieces of its plan, any of which may be left out; none where the plan is all of one piece."""
    if variant.kind == "cuts":
        *inside, size = accumulate((len(chunk.data) for chunk in played_chunks(variant)), initial=0)
        return tuple(str(at) for at in dict.fromkeys(inside) if 0 < at < size)
    key = _key(variant.plan)
    return () if key is None else tuple(json.dumps(piece, sort_keys=True) for piece in variant.plan[key])


def played_chunks(variant: Variant) -> tuple[Chunk, ...]:
    """The chunks of the body that was cut: the plain one, or that in the content coding which the plan names."""
    return dict(variant.response.codings).get(variant.plan.get("coding", ""), variant.response).chunks


def _key(plan: Mapping[str, Any]) -> str | None:
    """The one member of a plan that is a list."""
    keys = [key for key, value in plan.items() if isinstance(value, list | tuple)]
    return keys[0] if len(keys) == 1 else None


def _with(stream: Stream, variant: Variant, source: Source, pieces: Pieces) -> Variant | None:
    """The variant with these pieces alone; None where they make none."""
    key, kept = _key(variant.plan), dict(variant.plan)
    if variant.kind == "cuts":
        key, kept = "cuts", {name: value for name, value in kept.items() if name == "coding"}
    try:
        return source.variant_of(stream, {**kept, str(key): [json.loads(piece) for piece in pieces]})
    except (ValueError, LookupError):
        return None


def smallest(stream: Stream, variant: Variant, source: Source, first_failing: FirstFailing) -> Variant:
    """The variant with as few pieces as still fail, and those at the simplest places that do."""
    variant = _fewest(stream, variant, source, first_failing)
    while source.simpler is not None and len(pieces_of(variant)) <= FEW:
        candidates = list(source.simpler(stream, variant.plan))
        hit = first_failing(candidates)
        if hit is None:
            break
        variant = candidates[hit]
    return variant


def _fewest(stream: Stream, variant: Variant, source: Source, first_failing: FirstFailing) -> Variant:
    """The variant with as few pieces as still fail: of what is left, none can be left out."""
    pieces, parts = pieces_of(variant), 2
    while len(pieces) > 1:
        size = -(-len(pieces) // parts)
        shares = [pieces[at : at + size] for at in range(0, len(pieces), size)]
        rests = [_without(pieces, at, size) for at in range(0, len(pieces), size)] if len(shares) > 2 else []
        made = [(kept, _with(stream, variant, source, kept)) for kept in (*shares, *rests)]
        candidates = [(kept, each) for kept, each in made if each is not None and len(pieces_of(each)) < len(pieces)]
        hit = first_failing([each for _, each in candidates])
        if hit is not None:
            kept, variant = candidates[hit]
            parts = 2 if kept in shares else max(2, parts - 1)
            pieces = pieces_of(variant)
        elif size == 1:
            break
        else:
            parts = min(2 * parts, len(pieces))
    return variant


def _without(pieces: Pieces, at: int, size: int) -> Pieces:
    return (*pieces[:at], *pieces[at + size :])


def spelled_out(stream: Stream, variant: Variant, source: Source) -> Variant:
    """The same variant with a plan that names its few cuts one by one, where it said them otherwise."""
    pieces = pieces_of(variant)
    if variant.kind != "cuts" or "cuts" in variant.plan or not 0 < len(pieces) <= FEW:
        return variant
    return _with(stream, variant, source, pieces) or variant


def alone(stream: Stream, variant: Variant, source: Source) -> list[Variant]:
    """Each of its pieces as a variant of its own; nothing for a plan of one piece."""
    pieces = pieces_of(variant)
    made = [_with(stream, variant, source, (piece,)) for piece in pieces] if len(pieces) > 1 else []
    return [each for each in made if each is not None]


class Explanations:
    """What is known to fail: a variant that has all pieces of one of these, and more, tells nothing new.

    One without any pieces (a stream in one read) is part of every other: it explains what fails in the same way.
    """

    def __init__(self) -> None:
        self._kinds: set[FailureKind] = set()
        self._singles: set[tuple[str, str]] = set()
        self._several: list[frozenset[tuple[str, str]]] = []

    def add(self, variant: Variant, kind: FailureKind) -> None:
        """This one fails, in that way."""
        pieces = _named(variant)
        if len(pieces) == 1:
            self._singles |= pieces
        elif pieces:
            self._several.append(pieces)
        elif variant.kind == "cuts":
            self._kinds.add(kind)

    def explain(self, variant: Variant, kind: FailureKind) -> bool:
        """Whether a smaller one that fails is part of it."""
        if kind in self._kinds:
            return True
        pieces = _named(variant)
        if len(pieces) < 2:
            return False
        return not self._singles.isdisjoint(pieces) or any(known <= pieces for known in self._several)


def _named(variant: Variant) -> frozenset[tuple[str, str]]:
    """Its pieces, each with the content coding whose bytes it is about."""
    coding = str(variant.plan.get("coding", "")) if variant.kind == "cuts" else ""
    return frozenset((coding, piece) for piece in pieces_of(variant))
