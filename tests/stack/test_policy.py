"""Policies: four published behaviours, each exactly."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from harness.events import ErrorInfo
from harness.stack.policy import PRESETS, Policy
from harness.stack.retry import Again, GiveUp, Tries, decide

UNAVAILABLE = ErrorInfo("server", "no", status=500, retryable=True)


def waits(policy: Policy, error: ErrorInfo = UNAVAILABLE, luck: float = 0.5) -> list[float]:
    """Every wait until the policy gives up on a server that always answers `error`."""
    tries, seen = Tries(), []
    while isinstance(decision := decide(policy, tries, error, luck=luck), Again):
        seen.append(decision.delay_s)
        tries = decision.tries
    assert isinstance(decision, GiveUp)
    return seen


def test_navaia_doubles_from_half_a_second_ten_times() -> None:
    assert waits(Policy.named("navaia")) == [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_navaia_is_capped_at_five_minutes() -> None:
    assert Policy.named("navaia").backoff(12) == 300


@pytest.mark.parametrize("name", ["axion", "autogpt"])
def test_axion_and_autogpt_double_from_a_second_three_times(name: str) -> None:
    assert waits(Policy.named(name)) == [1, 2, 4]
    assert Policy.named(name).backoff(9) == 30


@pytest.mark.parametrize(("luck", "expected"), [(0.0, [0.75, 1.5, 3.0]), (0.5, [1, 2, 4]), (1.0, [1.25, 2.5, 5.0])])
def test_gestura_jitters_a_quarter_either_way(luck: float, expected: list[float]) -> None:
    assert waits(Policy.named("gestura"), luck=luck) == expected


def test_gestura_waits_five_seconds_after_a_rate_limit_that_names_no_time() -> None:
    limit = ErrorInfo("rate_limit", "slow down", status=429, retryable=True)
    assert waits(Policy.named("gestura"), limit) == [5, 5, 5]


def test_none_repeats_nothing() -> None:
    assert waits(Policy.named("none")) == []
    assert waits(Policy.named("none"), ErrorInfo("overloaded", "full", status=529)) == []


def test_a_limit_of_repeats_holds_for_every_kind_of_answer() -> None:
    policy = Policy().limited(2)
    assert len(waits(policy)) == 2
    assert len(waits(policy, ErrorInfo("overloaded", "full", status=529))) == 2


def test_no_limit_leaves_the_policy_alone() -> None:
    assert Policy().limited(None) == Policy()


def test_the_default_never_waits_less_than_its_backoff() -> None:
    assert all(Policy().backoff(2, luck) >= Policy().backoff(2) for luck in (0.0, 0.3, 0.999))


def test_the_backoff_grows_to_its_cap_and_stays_there() -> None:
    grown = [Policy().backoff(repeats) for repeats in range(2000)]
    assert all(low <= high for low, high in pairwise(grown))
    assert grown[-1] == 30


def test_one_time_out_covers_every_silence() -> None:
    policy = Policy().patient_for(10)
    assert (policy.connect_s, policy.first_byte_s, policy.idle_s) == (10, 10, 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_retries": -1},
        {"backoff_s": -0.1},
        {"idle_s": float("nan")},
        {"jitter_low": -2.0},
        {"jitter_low": 0.5, "jitter_high": 0.1},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).partition("_")[0]):
        Policy(**wrong)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=", ".join(PRESETS)):
        Policy.named("nonsense")
