"""From a plan that breaks a reader to one of the fewest cuts."""

from __future__ import annotations

from collections.abc import Sequence

from harness.fuzz.plans import fewest_cuts


def test_the_places_where_it_was_seen_come_first() -> None:
    assert fewest_cuts(lambda cuts: 40 in cuts, 100, 7, 40) == [40]
    assert fewest_cuts(lambda cuts: 7 in cuts and 40 in cuts, 100, 7, 40) == [7, 40]


def test_any_single_cut_is_found() -> None:
    assert fewest_cuts(lambda cuts: [*cuts] == [63], 100, 0, 99) == [63]


def test_many_cuts_become_few() -> None:
    def breaks(cuts: Sequence[int]) -> bool:
        return {11, 12, 70} <= {*cuts}

    assert fewest_cuts(breaks, 100, 0, 99) == [11, 12, 70]


def test_a_reader_that_no_plan_breaks_has_none() -> None:
    assert fewest_cuts(lambda cuts: False, 20, 3, 9) is None
