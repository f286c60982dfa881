"""Of many variants some are chosen: small families whole, large ones evenly, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from harness.fuzz.choice import chosen


@dataclass(frozen=True)
class Named:
    family: str
    at: int


def given() -> Iterator[Named]:
    yield Named("whole", 0)
    yield from (Named("single", at) for at in range(100))
    yield from (Named("sizes", at) for at in range(3))


def test_without_a_limit_all_are_chosen() -> None:
    assert len(list(chosen(given, None, 0))) == 104


@pytest.mark.parametrize("number", [0, 1, 17, 12345678901234567890])
def test_small_families_are_chosen_whole_and_large_ones_evenly(number: int) -> None:
    some = list(chosen(given, 14, number))
    assert [each for each in some if each.family != "single"] == [
        Named("whole", 0),
        *(Named("sizes", n) for n in range(3)),
    ]
    places = [each.at for each in some if each.family == "single"]
    assert len(places) == 10
    assert {second - first for first, second in pairwise(places)} == {10}


def test_the_number_says_where_the_choice_begins() -> None:
    first, again, other = (list(chosen(given, 14, number)) for number in (3, 3, 4))
    assert first == again
    assert first != other


def test_where_there_is_room_for_nothing_nothing_is_chosen() -> None:
    assert list(chosen(given, 0, 5)) == []


def test_where_there_is_room_for_all_all_are_chosen() -> None:
    assert list(chosen(given, 104, 5)) == list(given())
