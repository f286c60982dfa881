"""A plan has every scenario in every dialect that can express it, canaries first and then the longest."""

from __future__ import annotations

import pytest

from harness.dialects import UnknownDialect, dialect_names
from harness.runner.plan import plan_cases
from tests.runner.made import scenario

INTERLEAVED_SIGNATURE = {"responses": [{"frames": [{"choices": []}]}], "dialects": ["openai-chat"]}


def test_a_scenario_runs_in_every_dialect() -> None:
    assert [case.dialect for case in plan_cases([scenario()])] == list(dialect_names())


def test_a_scenario_for_gateways_is_none_for_clients() -> None:
    assert plan_cases([scenario(subjects="gateway")]) == []
    assert [case.dialect for case in plan_cases([scenario(subjects="client")], ["ollama"])] == ["ollama"]


def test_only_the_dialects_that_are_asked_for_run() -> None:
    cases = plan_cases([scenario()], ["ollama", "gemini"])
    assert [case.dialect for case in cases] == ["ollama", "gemini"]


def test_a_dialect_that_cannot_express_a_scenario_is_left_out() -> None:
    assert [case.dialect for case in plan_cases([scenario(**INTERLEAVED_SIGNATURE)])] == ["openai-chat"]
    assert plan_cases([scenario(**INTERLEAVED_SIGNATURE)], ["gemini"]) == []


def test_canaries_come_first_and_then_those_that_may_take_long() -> None:
    scenarios = [
        scenario("alpha/quick", deadline_s=1),
        scenario("alpha/slow", deadline_s=90),
        scenario("beta/quick", deadline_s=1),
        scenario("canary/plain", deadline_s=1),
    ]
    cases = plan_cases(reversed(scenarios), ["gemini"])
    assert [case.scenario.id for case in cases] == ["canary/plain", "alpha/slow", "alpha/quick", "beta/quick"]


def test_a_case_is_ready_to_be_played() -> None:
    [case] = plan_cases([scenario()], ["ollama"])
    [response] = case.rendered.responses
    assert (response.status, b'"content":"Hello"' in response.body) == (200, True)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UnknownDialect, match="openai-chat"):
        plan_cases([scenario()], ["openai"])
