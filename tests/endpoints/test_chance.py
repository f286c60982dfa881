"""What chance may leave out is not called gone."""

from __future__ import annotations

import pytest

from harness.endpoints.chance import Gone, gone, new_for_sure
from harness.endpoints.shape import Seen


def of(count: int, probe: str = "", start: int = 0) -> dict[int, str]:
    return dict.fromkeys(range(start, start + count), probe)


@pytest.mark.parametrize(
    ("had", "could", "can", "expected"),
    [
        (0, 9, 9, Gone.PERHAPS),
        (9, 9, 0, Gone.PERHAPS),
        (1, 2, 2, Gone.PERHAPS),
        (4, 8, 8, Gone.SURELY),
        (1, 8, 8, Gone.PERHAPS),
        (8, 8, 1, Gone.PERHAPS),
        (8, 8, 3, Gone.SURELY),
    ],
)
def test_without_situations_the_rate_of_before_counts(had: int, could: int, can: int, expected: Gone) -> None:
    assert gone(Seen(had, of(had)), of(could), of(can)) is expected


def test_what_a_probe_always_showed_is_likely_gone_though_it_was_asked_once() -> None:
    seen = Seen(20, of(1, "tool-call"))
    before = of(1, "tool-call") | of(5, "text", 1)
    assert gone(seen, before, before) is Gone.LIKELY
    assert gone(seen, before, of(6, "text")) is Gone.PERHAPS


def test_what_a_probe_showed_only_sometimes_may_be_missing() -> None:
    seen = Seen(1, of(1, "reasoning"))
    assert gone(seen, of(2, "reasoning"), of(2, "reasoning")) is Gone.PERHAPS


def test_what_is_rare_now_may_have_been_missed_before() -> None:
    assert not new_for_sure(Seen(1, of(1)), of(100), of(100))
    assert new_for_sure(Seen(9, of(9)), of(100), of(100))
