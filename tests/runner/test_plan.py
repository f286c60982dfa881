"""A plan has every scenario in every dialect that can express it, canaries first and then the longest."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import UnknownDialect, dialect_names
from harness.runner.plan import Plan, PlannedCase, plan_cases, plan_pairs
from harness.systems.base import Description
from tests.runner.made import scenario

INTERLEAVED_SIGNATURE: dict[str, Any] = {"responses": [{"frames": [{"choices": []}]}], "dialects": ["openai-chat"]}


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


def pairs(upstream: str, *served: str, **fields: Any) -> list[PlannedCase]:
    return plan_pairs([scenario(**fields)], upstream, served or None)


def test_a_gateway_has_a_case_for_each_dialect_that_it_serves() -> None:
    cases = pairs("gemini")
    assert [case.dialect for case in cases] == list(dialect_names())
    assert {(case.upstream, case.wire_dialect, case.rendered.dialect) for case in cases} == {("gemini",) * 3}
    assert [case.dialect for case in pairs("gemini", "ollama", "openai-chat")] == ["ollama", "openai-chat"]


def test_the_upstream_must_express_the_scenario_and_the_client_the_request() -> None:
    assert pairs("gemini", **INTERLEAVED_SIGNATURE) == []
    assert len(pairs("openai-chat", **INTERLEAVED_SIGNATURE)) == len(dialect_names())
    one_call = {"request": {"tools": ["search"], "parallel_tool_calls": False}}
    assert [case.dialect for case in pairs("openai-chat", "gemini", "openai-chat", **one_call)] == ["openai-chat"]


def test_a_scenario_for_clients_is_none_for_gateways() -> None:
    assert pairs("gemini", subjects="client") == []
    assert [case.dialect for case in pairs("gemini", subjects="gateway", serves=["ollama"])] == ["ollama"]


def test_a_system_gets_the_cases_that_are_for_it() -> None:
    plan = Plan([scenario(), scenario("canary/first"), scenario("gateway/only", subjects="gateway")], ["ollama"])
    client, parser = (
        Description("c", "1", "x", ("ollama", "gemini")),
        Description("p", "1", "x", ("ollama",), kind="parser"),
    )
    gateway = Description("g", "1", "x", ("ollama", "gemini"), kind="gateway", upstream="gemini")
    assert [case.scenario.id for case in plan.of(client)] == ["canary/first", "made/up"]
    assert [case.scenario.id for case in plan.of(parser)] == ["canary/first"]
    assert [(case.scenario.id, case.dialect) for case in plan.of(gateway)] == [
        ("canary/first", "ollama"),
        ("gateway/only", "ollama"),
        ("made/up", "ollama"),
    ]


def test_a_gateway_that_asks_for_the_other_form_gets_the_same_answer_in_it() -> None:
    [streamed] = pairs("openai-chat", "gemini")
    [whole] = pairs("openai-chat", "gemini", request={"stream": False})
    assert b"data: [DONE]" in streamed.rendered.responses[0].body
    assert b'"chat.completion"' in streamed.other_form[0].body
    assert b'"chat.completion"' in whole.rendered.responses[0].body
    assert b"data: [DONE]" in whole.other_form[0].body
