"""How a system repeats requests, as measured: from nothing but the times at which its requests came."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Response, Scenario
from harness.report.retries import SCENARIOS, TRIES, WAITS, Situation, behaviour
from harness.runner.results import Evidence

from .sample_retries import refused_result, requests_at

FOUR = Situation("rate-limits/retry-after-seconds", "429, Retry-After: 4", 4.0)
MINUTE = Situation("rate-limits/retry-after-a-minute", "429, Retry-After: 61", 61.0)
UNNAMED = Situation("overload/five-529", "529")


def test_a_repeat_that_came_when_it_was_asked_to_is_kept() -> None:
    found = behaviour(refused_result(FOUR.scenario, 0.2, 4.33, answered=True), FOUR)
    assert (found.state, found.requests, found.gaps_s, found.waits) == ("kept", 2, (4.13,), "4.13 s")


def test_a_repeat_that_came_sooner_is_too_soon_and_what_a_clock_may_be_off_is_not() -> None:
    assert behaviour(refused_result(FOUR.scenario, 0.0, 3.94, answered=True), FOUR).state == "soon"
    assert behaviour(refused_result(FOUR.scenario, 0.0, 3.96, answered=True), FOUR).state == "kept"
    assert behaviour(refused_result(FOUR.scenario, 0.0, 4.1, 4.6), FOUR).state == "soon"


def test_who_waits_on_is_told_with_the_time_that_was_looked_at() -> None:
    found = behaviour(refused_result(MINUTE.scenario, 0.4, hung=True, duration_s=25.0), MINUTE)
    assert (found.state, found.watched_s, found.waits) == ("waiting", 25.0, "still waiting after 25 s")
    again = behaviour(refused_result(FOUR.scenario, 0.0, 4.5, hung=True, duration_s=24.5), FOUR)
    assert again.waits == "4.50 s, then still waiting after 20 s"
    assert again.tries == "2 requests, 4.50 s apart; still waiting after 20 s"


def test_who_asks_too_soon_and_waits_then_was_too_soon() -> None:
    found = behaviour(refused_result(MINUTE.scenario, 0.0, 30.01, hung=True, duration_s=65.0), MINUTE)
    assert (found.state, found.waits) == ("soon", "30.01 s")


def test_one_request_and_an_error_is_giving_up() -> None:
    found = behaviour(refused_result(FOUR.scenario, 0.1), FOUR)
    assert (found.state, found.waits, found.tries) == ("gave-up", "gives up at once", "1 request")


def test_a_refusal_that_passed_for_an_answer_is_told() -> None:
    found = behaviour(refused_result(FOUR.scenario, 0.1, status="completed"), FOUR)
    assert (found.state, found.waits) == ("unnoticed", "takes the refusal for an answer")
    assert found.tries == "1 request; the refusal passed for an answer"


def test_where_no_time_is_named_nothing_is_too_soon() -> None:
    found = behaviour(refused_result(UNNAMED.scenario, 0.0, 0.51, 1.43), UNNAMED)
    assert (found.state, found.tries) == ("tried", "3 requests, 0.51, 0.92 s apart")


def test_requests_to_a_second_provider_are_no_repeats() -> None:
    first, second = requests_at(0.0, 1.0)
    result = refused_result(FOUR.scenario, 0.0)
    evidence = Evidence(seen={"status": "failed"}, wire=[first, replace(second, fallback=True)])
    assert behaviour(replace(result, evidence=evidence), FOUR).requests == 1


@pytest.mark.parametrize(
    ("verdict", "note", "said"),
    [("unsupported", "not claimed: retries", "not claimed: retries"), ("error", "", "not measured")],
)
def test_what_did_not_run_is_not_measured(verdict: str, note: str, said: str) -> None:
    found = behaviour(refused_result(FOUR.scenario, verdict=verdict, note=note), FOUR)  # type: ignore[arg-type]
    assert (found.state, found.waits, found.tries) == ("none", said, said)


def test_a_result_without_requests_is_not_measured() -> None:
    assert behaviour(refused_result(FOUR.scenario), FOUR).waits == "no request was seen"


@cache
def catalogue() -> dict[str, Scenario]:
    return {scenario.id: scenario for scenario in load_catalogue()}


def first_response(of: str) -> Response:
    scenario = catalogue()[of]
    return scenario.responses_in("gemini" if scenario.dialects == ("gemini",) else "openai-chat")[0]


def test_every_situation_is_a_scenario_of_the_catalogue() -> None:
    assert SCENARIOS - set(catalogue()) == set()


ASKED = {
    "rate-limits/tries-run-out": ("1", 1.0),
    "rate-limits/retry-after-zero": ("0", 0.0),
    "rate-limits/retry-after-fraction": ("3.5", 3.5),
    "overload/retry-after-with-503": ("4", 4.0),
    "rate-limits/retry-after-seconds": (4, 4.0),
    "rate-limits/retry-after-seven-seconds": (7, 7.0),
    "rate-limits/retry-after-a-minute": (61, 61.0),
    "rate-limits/retry-after-five-minutes": (300, 300.0),
    "rate-limits/retry-after-absurd": (86400, 86400.0),
    "rate-limits/retry-after-milliseconds": ("3700", 3.7),
    "rate-limits/retry-after-http-date": ("{http-date+5}", 3.95),
    "rate-limits/retry-after-unreadable": ("soon", None),
    "rate-limits/retry-after-negative": ("-3", None),
}


@pytest.mark.parametrize("situation", [each for each in WAITS if each.scenario in ASKED], ids=lambda each: each.says)
def test_what_the_table_says_is_asked_is_what_the_scenario_asks(situation: Situation) -> None:
    response = first_response(situation.scenario)
    headers = response.headers
    said = (
        headers.get("retry-after") or headers.get("retry-after-ms") or (response.error and response.error.retry_after_s)
    )
    assert (said, situation.asked_s) == ASKED[situation.scenario]


def test_the_delay_in_geminis_body_is_what_the_table_says() -> None:
    [situation] = [each for each in WAITS if "gemini" in each.scenario]
    body = first_response(situation.scenario).body
    assert isinstance(body, str) and '"retryDelay": "4.5s"' in body
    assert situation.asked_s == 4.5


def test_how_often_it_tries_names_no_time() -> None:
    assert [each.asked_s for each in TRIES] == [None] * 7
