"""Decisions: what is repeated, when, how often, and what is given up on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.events import ErrorInfo, ErrorKind
from harness.stack.policy import Policy
from harness.stack.retry import Again, GiveUp, Tries, decide, describe

POLICY = Policy(jitter_high=0.0)
FIRST = Tries()


def error(kind: ErrorKind = "server", status: int | None = None, wait: float | None = None) -> ErrorInfo:
    return ErrorInfo(kind, "no", status=status, retry_after_s=wait)


def again(problem: ErrorInfo, tries: Tries = FIRST, policy: Policy = POLICY) -> Again:
    decision = decide(policy, tries, problem)
    assert isinstance(decision, Again)
    return decision


def given_up(problem: ErrorInfo, tries: Tries = FIRST, policy: Policy = POLICY) -> GiveUp:
    decision = decide(policy, tries, problem)
    assert isinstance(decision, GiveUp)
    return decision


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("timeout", 408),
        ("server", 409),
        ("rate_limit", 429),
        ("server", 500),
        ("server", 502),
        ("overloaded", 503),
        ("timeout", 504),
        ("overloaded", 529),
        ("connection", None),
        ("timeout", None),
        ("rate_limit", None),
        ("overloaded", None),
        ("server", None),
        ("unknown", 500),
    ],
)
def test_what_may_pass_is_repeated(kind: ErrorKind, status: int | None) -> None:
    assert again(error(kind, status)).attempt == 2


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid_request", 400),
        ("auth", 401),
        ("quota", 402),
        ("auth", 403),
        ("not_found", 404),
        ("invalid_request", 405),
        ("invalid_request", 413),
        ("invalid_request", 422),
        ("unknown", 451),
        ("unknown", 418),
        ("quota", 429),
        ("quota", 503),
        ("context_overflow", 500),
        ("content_filter", 500),
        ("server", 501),
        ("protocol", 302),
        ("protocol", None),
        ("unknown", None),
        ("invalid_request", None),
        ("auth", None),
    ],
)
def test_what_does_not_pass_is_not_repeated(kind: ErrorKind, status: int | None) -> None:
    assert given_up(error(kind, status)).why == "final"


def test_a_policy_may_repeat_other_statuses() -> None:
    policy = replace(POLICY, retried_statuses=POLICY.retried_statuses | {520})
    assert given_up(error("server", 520)).why == "final"
    assert again(error("server", 520), policy=policy).attempt == 2


def test_the_tries_are_counted() -> None:
    tries, seen = Tries(), []
    for _ in range(3):
        decision = again(error(status=500), tries)
        seen.append((decision.attempt, decision.max_attempts, decision.delay_s))
        tries = decision.tries
    assert seen == [(2, 4, 1), (3, 4, 2), (4, 4, 4)]
    assert given_up(error(status=500), tries).why == "exhausted"


@pytest.mark.parametrize(
    ("asked", "repeats", "expected"),
    [(0.5, 0, 1.0), (7.25, 0, 7.25), (3.0, 2, 4.0), (0.0, 0, 1.0), (120.0, 0, 120.0)],
)
def test_the_wait_is_the_longer_of_backoff_and_what_is_asked(asked: float, repeats: int, expected: float) -> None:
    assert again(error("overloaded", 503, asked), Tries(repeats, repeats)).delay_s == expected


@pytest.mark.parametrize(
    ("kind", "asked", "expected"), [("rate_limit", None, 5.0), ("rate_limit", 2.0, 2.0), ("server", None, 1.0)]
)
def test_a_rate_limit_that_names_no_time_has_a_floor(kind: ErrorKind, asked: float | None, expected: float) -> None:
    assert again(error(kind, 429 if kind == "rate_limit" else 500, asked)).delay_s == expected


def test_the_floor_never_shortens_a_backoff() -> None:
    assert again(error("rate_limit", 429), Tries(4, 0)).delay_s == 16


@pytest.mark.parametrize("asked", [120.1, 223920.0, float("inf")])
def test_an_absurd_wait_is_refused_in_words(asked: float) -> None:
    decision = given_up(error("rate_limit", 429, asked))
    assert decision.why == "wait-too-long"
    assert f"asks to wait {asked} s".replace(".0 s", " s") in decision.error.message
    assert "120 s" in decision.error.message
    assert decision.error.retry_after_s == asked


def test_used_up_tries_are_told_as_such_even_if_the_wait_is_absurd() -> None:
    assert given_up(error("rate_limit", 429, 1e6), Tries(3, 3)).why == "exhausted"


def test_a_fourth_overload_in_a_row_is_final() -> None:
    overload = error("overloaded", 529)
    tries = Tries()
    for _ in range(3):
        tries = again(overload, tries).tries
    assert given_up(overload, tries).why == "exhausted"


def test_an_overload_in_a_stream_counts_as_one() -> None:
    assert again(error("overloaded")).tries.overloads == 1
    assert again(error("overloaded", 503)).tries.overloads == 0


def test_overloads_are_counted_apart() -> None:
    tries = Tries()
    for status in (529, 529, 529, 500, 529, 500, 529, 500):
        tries = again(error("overloaded" if status == 529 else "server", status), tries).tries
    assert (tries.counted, tries.overloads) == (3, 0)
    assert given_up(error(status=500), tries).why == "exhausted"
    again(error("overloaded", 529), tries)


def test_all_requests_together_have_a_limit_where_one_is_set() -> None:
    policy = replace(POLICY, max_requests=3)
    tries = again(error("overloaded", 529), policy=policy).tries
    decision = again(error(status=500), tries, policy)
    assert (decision.attempt, decision.max_attempts) == (3, 3)
    given_up(error(status=500), decision.tries, policy)


def test_a_compacted_request_counts_among_the_attempts_but_not_against_the_limit() -> None:
    decision = again(error(status=500), Tries(compacted=True))
    assert (decision.attempt, decision.max_attempts) == (3, 5)


def test_the_server_may_forbid_a_repeat_but_not_demand_one() -> None:
    assert isinstance(decide(POLICY, Tries(), error(status=500), server_says=False), GiveUp)
    assert isinstance(decide(POLICY, Tries(), error(status=500), server_says=True), Again)
    assert isinstance(decide(POLICY, Tries(), error("quota", 429), server_says=True), GiveUp)


def test_an_error_is_described_in_one_short_line() -> None:
    assert describe(ErrorInfo("rate_limit", "slow\n  down", status=429)) == "rate_limit (HTTP 429): slow down"
    assert describe(ErrorInfo("connection", "lost")) == "connection: lost"
    assert len(describe(ErrorInfo("server", "x" * 10_000))) == 300
