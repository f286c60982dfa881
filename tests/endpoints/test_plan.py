"""What a recording will ask, before anything is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.endpoints.plan import Plan, make_plan
from harness.endpoints.probes import UnknownProbe


def asked(plan: Plan) -> list[str]:
    return [step.probe.name for step in plan.steps]


def test_everything_is_asked_where_nothing_is_named() -> None:
    plan = make_plan("anthropic")
    assert (plan.requests, plan.most_requests, plan.left_out) == (14, 42, ())
    assert plan.unpriced == ()
    assert Decimal("0.1") < plan.cost < Decimal(1)


def test_every_dialect_of_a_provider_is_asked() -> None:
    plan = make_plan("openai")
    assert {step.where.dialect for step in plan.steps} == {"openai-chat", "openai-responses"}
    assert [step.where.dialect for step in make_plan("openai", dialects=["openai-chat"]).steps] == ["openai-chat"] * 13


def test_what_is_left_out_has_a_reason() -> None:
    plan = make_plan("openai")
    assert [(each.dialect, each.probe) for each in plan.left_out] == [
        ("openai-chat", "reasoning"),
        ("openai-responses", "stop-sequence"),
    ]
    assert plan.left_out[1].why == "The Responses API has no stop sequences."


def test_a_probe_that_is_named_is_asked_all_the_same_but_not_one_that_cannot_be_said() -> None:
    assert asked(make_plan("perplexity", probes=["tool-call"])) == ["tool-call"]
    plan = make_plan("openai", dialects=["openai-responses"], probes=["stop-sequence"])
    assert (asked(plan), len(plan.left_out)) == ([], 1)


def test_a_wrong_key_is_shown_only_where_a_key_is() -> None:
    without, with_key = make_plan("vllm", model="m"), make_plan("vllm", model="m", key="k")
    assert "bad-key" not in asked(without)
    assert "bad-key" in asked(with_key)
    step = next(step for step in with_key.steps if step.probe.name == "bad-key")
    assert step.key not in ("", "k")


def test_ones_own_server_is_free_and_an_unknown_price_is_said() -> None:
    assert make_plan("ollama").cost == 0
    assert make_plan("ollama").unpriced == ()
    plan = make_plan("generic", dialects=["openai-chat"], base_url="http://h", model="strange")
    assert (plan.cost, plan.unpriced) == (Decimal(0), ("strange",))


def test_a_prompt_is_too_long_by_what_is_said_or_known_of_the_context() -> None:
    def context(provider: str, **settings: int | str) -> int:
        [step] = make_plan(provider, dialects=["openai-chat"], probes=["over-long"], **settings).steps  # type: ignore[arg-type]
        assert step.input_tokens > step.context_tokens
        return step.context_tokens

    assert context("cerebras") == 131072
    assert context("openai", model="gpt-4o-mini") == 128000
    assert context("openai", context_tokens=5000) == 5000
    assert context("vllm", model="m") == 131072


def test_tokens_are_those_of_the_request_and_its_limit() -> None:
    [step] = make_plan("openai", dialects=["openai-chat"], probes=["length"]).steps
    assert 40 <= step.input_tokens <= 60
    assert step.output_tokens == 24
    assert step.to_dict()["model"] == "gpt-4.1-mini"


def test_what_is_to_be_refused_is_free() -> None:
    plan = make_plan("anthropic", probes=["bad-key", "bad-model", "bad-request"])
    assert (plan.requests, plan.cost, plan.input_tokens) == (3, Decimal(0), 0)


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(UnknownProbe, match="unknown probe 'weather'"):
        make_plan("openai", probes=["weather"])
    with pytest.raises(ValueError, match="openai does not serve gemini"):
        make_plan("openai", dialects=["gemini"])
