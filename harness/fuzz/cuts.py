"""Re-cutting: the same bytes in other reads. What a stream says may not depend on it.

A plan says which reads there are: `{"cuts": [412]}` by the offsets at which one read ends and the next begins (none:
all in one piece), `{"every": 7}` by a fixed size, `{"places": "character"}` cuts at every place of that sort. With
`"coding": "gzip"` besides, it is the bytes of that content coding that are cut, for readers that ask for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.fuzz.kinds import LARGE, Listed
from harness.fuzz.places import INSIDE, anatomy
from harness.fuzz.spans import Sort
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk, WireResponse

WHOLE = "whole"
BYTES = "bytes"
SIZES = "sizes"
PLAN = "plan"
"""Families besides those named by a sort of place: one piece, byte by byte, fixed sizes, and plans of many cuts."""

_PLAIN = (None, "identity")
_DESCRIBED = 3  # cuts that words tell apart
_MANY = 24  # cuts that a plan has at most, unless it is a short body's


class BadPlan(ValueError):
    """A plan that cannot be made of this stream; the message says what is wrong with it."""


def cut(response: WireResponse, offsets: Iterable[int]) -> WireResponse:
    """The response with a read's end at each of those offsets of its body, and nowhere else; without its codings.

    Offsets outside the body cut nothing.
    """
    body = response.body
    inside = sorted({offset for offset in offsets if 0 < offset < len(body)})
    return replace(response, chunks=_chunks(body, inside), codings=())


def _chunks(body: bytes, inside: Sequence[int]) -> tuple[Chunk, ...]:
    """The body in the reads that end at those offsets, which are inside it and ascending."""
    return tuple([Chunk(body[start:end]) for start, end in pairwise([0, *inside, len(body)]) if end > start])


def cut_variants(stream: Stream) -> Iterator[Variant]:
    """Every systematic cutting, each once: in one piece, byte by byte, every place of a sort together, every single
    cut, every fixed size; then the bytes of its content codings. Single cuts are of the family of their place's sort.

    Of bodies of more than `LARGE` bytes, single cuts inside strings and fixed sizes are a choice, spread evenly.
    """
    bodies = {body.coding: body for body in _bodies(stream)}
    for listed in cut_list(stream):
        yield bodies[listed.plan.get("coding")].listed(listed)


def cut_list(stream: Stream) -> Iterator[Listed]:
    """The same, in the same order, none of them made: `variant_of` makes one."""
    for body in _bodies(stream):
        coding = {} if body.coding is None else {"coding": body.coding}
        if body.coding is None:
            yield Listed(WHOLE, {"cuts": []})
        yield from (Listed(family, {**plan, **coding}) for family, plan in _plans(body))


def _plans(body: _Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of one form of the body, the cuttings that do cut."""
    if body.size < 2:
        return
    yield BYTES, {"every": 1}
    if len(body.places) > 1:
        yield from ((sort, {"places": sort}) for sort in body.places)
    for sort, offsets in reversed([*body.places.items()]):  # what breaks readers most often comes first
        thin = -(-len(offsets) // LARGE) if sort in ("text", "coded") else 1
        yield from ((sort, {"cuts": [offset]}) for offset in offsets[::thin])
    largest = (body.size + 1) // 2  # larger ones cut once, and that was done
    yield from ((SIZES, {"every": size}) for size in range(2, largest + 1, -(-body.size // LARGE)))


def _bodies(stream: Stream) -> list[_Body]:
    codings = [coding for coding, _ in stream.response.codings]
    return [_Body(stream, coding) for coding in (None, *codings)]


def variant_of(stream: Stream, plan: Mapping[str, Any]) -> Variant:
    """The variant that a plan makes of a stream. Raises BadPlan."""
    body, forms = _parted(stream, plan)
    return body.variant(body.family(forms), forms)


def simpler(stream: Stream, plan: Mapping[str, Any]) -> Iterator[Variant]:
    """The plan with one cut at a simpler place instead: of a simpler sort, or the first of its sort. Raises BadPlan."""
    body, forms = _parted(stream, plan)
    offsets = body.offsets(forms)
    for position, offset in enumerate(offsets):
        others = {*offsets[:position], *offsets[position + 1 :]}
        yield from (body.planned({*others, place}) for place in body.simpler_places(offset) if place not in others)


def _parted(stream: Stream, plan: Mapping[str, Any]) -> tuple[_Body, Mapping[str, Any]]:
    """What a plan cuts, and where."""
    return _Body(stream, plan.get("coding")), {key: value for key, value in plan.items() if key != "coding"}


def cut_plans(stream: Stream) -> SearchStrategy[Variant]:
    """Plans of one cut or many, mostly at weak places, that shrink to the fewest cuts and then to the simplest place.

    A stream of fewer than two bytes has but one: in one piece.
    """
    bodies = [body for body in _bodies(stream) if body.size > 1]
    if not bodies:
        return st.just(_Body(stream).variant(WHOLE, {"cuts": []}))
    return st.one_of([_plans_of(body) for body in bodies])


def _plans_of(body: _Body) -> SearchStrategy[Variant]:
    place = st.one_of([st.sampled_from(offsets) for offsets in body.places.values()])
    return st.lists(place, min_size=1, max_size=min(_MANY, body.size - 1), unique=True).map(body.planned)


def random_cuts(stream: Stream, random: Random) -> Iterator[Variant]:
    """Plans without end, at little cost: few cuts and many, at weak places and anywhere. The same seed, the same."""
    bodies = [body for body in _bodies(stream) if body.size > 1]
    any_of = random.random  # several times as fast as `choice`
    while bodies:
        body = bodies[int(any_of() * len(bodies))]
        count = min(body.size - 1, random.choice((1, 2, 3, 5, 8, 21, 55, body.size // 8)) or 1)
        if any_of() < 0.5:
            some = [body.sorts[int(any_of() * len(body.sorts))] for _ in range(count)]
            yield body.planned({offsets[int(any_of() * len(offsets))] for offsets in some})
        else:
            yield body.planned({1 + int(any_of() * (body.size - 1)) for _ in range(count)})


class _Body:
    """The bytes that are cut: a stream's own, or those of one of its content codings."""

    def __init__(self, stream: Stream, coding: str | None = None) -> None:
        """Raises BadPlan for a coding that the stream does not have."""
        response = stream.response if coding is None else dict(stream.response.codings).get(coding)
        if response is None:
            raise BadPlan(f"{stream.id} has no content coding {coding!r}")
        self.stream, self.coding, self.response = stream, coding, response
        self.bytes = self.response.body
        self.size = len(self.bytes)
        self._anatomy = anatomy(stream.dialect, self.bytes, coded=response.header("content-encoding") not in _PLAIN)
        self.places: Mapping[Sort, Sequence[int]] = self._anatomy.places
        self.sorts = tuple(self.places.values())

    def listed(self, listed: Listed) -> Variant:
        """The variant of a plan that was listed for these bytes."""
        plan = {key: value for key, value in listed.plan.items() if key != "coding"}
        return self._made(listed.family, plan, self.offsets(plan))

    def variant(self, family: str, plan: Mapping[str, Any]) -> Variant:
        """The variant that a plan without a coding makes of these bytes. Raises BadPlan."""
        return self._made(family, plan, self.offsets(plan))

    def planned(self, offsets: Iterable[int]) -> Variant:
        """The variant of those cuts, all of which are inside the body."""
        cuts = sorted(offsets)
        return self._made(self._family_of(cuts), {"cuts": cuts}, cuts)

    def _made(self, family: str, plan: Mapping[str, Any], offsets: Sequence[int]) -> Variant:
        words = self._words(plan, offsets)
        response = replace(self.response, chunks=_chunks(self.bytes, offsets), codings=())
        if self.coding is None:
            return Variant("cuts", family, words, plan, response)
        played = replace(self.stream.response, codings=((self.coding, response),))
        return Variant("cuts", family, f"{self.coding}-coded, {words}", {**plan, "coding": self.coding}, played)

    def offsets(self, plan: Mapping[str, Any]) -> Sequence[int]:
        """Where a plan cuts. Raises BadPlan."""
        match plan:
            case {"cuts": [*cuts]} if len(plan) == 1 and all(type(each) is int for each in cuts):
                if wrong := [each for each in cuts if not 0 < each < self.size]:
                    raise BadPlan(f"no cut can be after byte {wrong[0]}: the body has {self.size} bytes")
                return sorted(set(cuts))
            case {"every": int(size)} if len(plan) == 1 and size > 0:
                return range(size, self.size, size)
            case {"places": str(sort)} if len(plan) == 1 and sort in self.places:
                return self.places[sort]  # type: ignore[index]
        raise BadPlan(
            f'{dict(plan)} is no plan of cuts: say {{"cuts": [offsets]}}, {{"every": bytes}} or a sort of place'
        )

    def simpler_places(self, offset: int) -> Iterator[int]:
        """Of every sort simpler than the place's own, the nearest place before it, or the first; then of its own."""
        own = self._anatomy.sort(offset)
        for sort, offsets in self.places.items():
            if sort == own:
                if offsets[0] < offset:
                    yield offsets[0]
                return
            yield offsets[max(0, bisect_left(offsets, offset) - 1)]

    def family(self, plan: Mapping[str, Any]) -> str:
        """What a plan is counted with: a single cut with its place."""
        if "places" in plan:
            return str(plan["places"])
        if "every" in plan:
            return BYTES if plan["every"] == 1 else SIZES
        return self._family_of(self.offsets(plan))

    def _family_of(self, cuts: Sequence[int]) -> str:
        if len(cuts) == 1:
            return self._anatomy.sort(cuts[0])
        return PLAN if cuts else WHOLE

    def _words(self, plan: Mapping[str, Any], offsets: Sequence[int]) -> str:
        if "places" in plan:
            return f"cut {INSIDE[plan['places']]}, at all {len(offsets)} places"
        if "every" in plan:
            return "byte by byte" if plan["every"] == 1 else f"cut every {plan['every']} bytes"
        if not offsets:
            return "in one piece"
        if len(offsets) <= _DESCRIBED:
            return f"cut {', and '.join(self._after(offset) for offset in offsets)}"
        return f"cut at {len(offsets)} places, the first {self._after(offsets[0])}"

    def _after(self, offset: int) -> str:
        return f"after byte {offset}, {self._anatomy.words(offset)}"
