"""A failing plan is made as small as it goes, and a smaller one that is known explains it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from harness.fuzz.cuts import variant_of as cut_of
from harness.fuzz.kinds import Source, source_of
from harness.fuzz.shrink import Explanations, alone, pieces_of, smallest, spelled_out
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from tests.fuzz.readers import STREAM

NO_STREAM = st.nothing()


def steps_of(stream: Stream, plan: Mapping[str, Any]) -> Variant:
    """A plan of steps; 13 stands nowhere in the stream."""
    if 13 in plan["mutations"]:
        raise ValueError("there is no such place")
    family = str(plan["mutations"][0]) if len(plan["mutations"]) == 1 else "several"
    return Variant("neutral", family, "", plan, stream.response)


def nothing(stream: Stream) -> Iterator[Variant]:
    return iter(())


STEPS = Source(nothing, lambda stream: NO_STREAM, steps_of)


def first_where(fails: Callable[[set[int]], bool]) -> Callable[[Sequence[Variant]], int | None]:
    def first(candidates: Sequence[Variant]) -> int | None:
        numbers = [{int(piece) for piece in pieces_of(each)} for each in candidates]
        return next((at for at, each in enumerate(numbers) if fails(each)), None)

    return first


@pytest.mark.parametrize("needed", [{7}, {0, 19}, {3, 4, 5}, {1, 9, 10, 18}])
def test_what_is_left_is_what_is_needed(needed: set[int]) -> None:
    whole = steps_of(STREAM, {"mutations": [at for at in range(20) if at != 13]})
    left = smallest(STREAM, whole, STEPS, first_where(needed.issubset))
    assert set(left.plan["mutations"]) == needed


def test_a_plan_of_which_nothing_can_be_spared_stays_as_it_is() -> None:
    whole = steps_of(STREAM, {"mutations": [1, 2]})
    assert smallest(STREAM, whole, STEPS, lambda candidates: None) is whole


def test_a_plan_of_one_piece_cannot_be_made_smaller() -> None:
    damage = Variant("damage", "cut", "", {"damage": "cut", "at": 3}, STREAM.response)
    assert pieces_of(damage) == ()
    assert smallest(STREAM, damage, STEPS, lambda candidates: 0) is damage


def test_fixed_sizes_become_the_few_cuts_that_matter() -> None:
    every = cut_of(STREAM, {"every": 1})
    left = smallest(STREAM, every, source_of("cuts"), first_where({41, 44}.issubset))
    assert left.plan == {"cuts": [41, 44]}


def test_cuts_go_to_the_simplest_place_that_fails_too() -> None:
    inside_a_character = cut_of(STREAM, {"cuts": [41]})
    left = smallest(STREAM, inside_a_character, source_of("cuts"), first_where(lambda places: len(places) == 1))
    [place] = left.plan["cuts"]
    assert left.family in ("frame", "line-end")
    assert place != 41


def test_the_pieces_of_cuts_are_their_places_however_they_were_said() -> None:
    assert pieces_of(cut_of(STREAM, {"every": 20})) == ("20", "40", "60")
    assert pieces_of(cut_of(STREAM, {"cuts": [5, 9]})) == ("5", "9")
    assert pieces_of(cut_of(STREAM, {"cuts": []})) == ()


@pytest.mark.parametrize(
    ("plan", "spelled"),
    [
        ({"places": "character"}, {"cuts": [41, 44, 47]}),
        ({"every": 40}, {"cuts": [40]}),
        ({"every": 7}, {"every": 7}),
        ({"cuts": []}, {"cuts": []}),
    ],
)
def test_a_few_cuts_are_named_one_by_one(plan: dict[str, Any], spelled: dict[str, Any]) -> None:
    assert spelled_out(STREAM, cut_of(STREAM, plan), source_of("cuts")).plan == spelled


def test_each_piece_by_itself() -> None:
    plans = [each.plan for each in alone(STREAM, cut_of(STREAM, {"cuts": [5, 9]}), source_of("cuts"))]
    assert plans == [{"cuts": [5]}, {"cuts": [9]}]
    assert alone(STREAM, cut_of(STREAM, {"cuts": [5]}), source_of("cuts")) == []


def test_more_of_what_is_known_to_fail_is_explained() -> None:
    known = Explanations()
    known.add(cut_of(STREAM, {"cuts": [5]}), "loss")
    known.add(cut_of(STREAM, {"cuts": [10, 12]}), "loss")
    explained = {
        json.dumps(cuts): known.explain(cut_of(STREAM, {"cuts": cuts}), "corruption")
        for cuts in ([5, 9], [9, 10, 12], [9, 10], [6], [])
    }
    assert explained == {"[5, 9]": True, "[9, 10, 12]": True, "[9, 10]": False, "[6]": False, "[]": False}


def test_a_stream_in_one_read_that_fails_explains_what_fails_in_the_same_way() -> None:
    known = Explanations()
    known.add(cut_of(STREAM, {"cuts": []}), "loss")
    assert known.explain(cut_of(STREAM, {"cuts": [5]}), "loss")
    assert not known.explain(cut_of(STREAM, {"cuts": [5]}), "corruption")


def test_damage_explains_nothing_else() -> None:
    known, damage = Explanations(), Variant("damage", "cut", "", {"damage": "cut", "at": 3}, STREAM.response)
    known.add(damage, "loss")
    assert not known.explain(Variant("damage", "cut", "", {"damage": "cut", "at": 4}, STREAM.response), "loss")
