"""Thinking settings: the form that each model family takes."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects import dialect_names
from harness.request import ReasoningSettings, Request, read_request
from harness.stack.thinking import fit_reasoning, thinking_facts


def asked(model: str, **settings: Any) -> Request:
    reasoning = {"reasoning": settings} if settings else {}
    return read_request({"model": model, "messages": [{"role": "user", "content": "Hi"}], **reasoning})


@pytest.mark.parametrize(
    ("dialect", "model", "settings", "expected"),
    [
        ("openai-chat", "o3-mini", {"budget_tokens": 4999}, {"effort": "low"}),
        ("openai-chat", "o3-mini", {"budget_tokens": 5000}, {"effort": "medium"}),
        ("openai-responses", "gpt-5-mini", {"budget_tokens": 31999}, {"effort": "high"}),
        ("openai-responses", "gpt-5-mini", {"effort": "minimal"}, {"effort": "minimal"}),
        ("openai-responses", "o3", {"effort": "minimal"}, {"effort": "low"}),
        ("openai-responses", "gpt-5", {"effort": "max"}, {"effort": "high"}),
        ("openai-responses", "gpt-5.1", {"effort": "none"}, {"effort": "none"}),
        ("openai-responses", "gpt-5.1", {"effort": "minimal"}, {"effort": "low"}),
        ("openai-chat", "o1", {"effort": "high", "budget_tokens": 100}, {"effort": "high"}),
        ("anthropic-messages", "claude-sonnet-4-5", {"effort": "low"}, {"budget_tokens": 2048}),
        ("anthropic-messages", "claude-sonnet-4-5", {"budget_tokens": 100}, {"budget_tokens": 1024}),
        ("anthropic-messages", "claude-sonnet-4-5", {"effort": "none"}, {"budget_tokens": 0}),
        ("gemini", "gemini-2.5-pro", {"budget_tokens": 99999}, {"budget_tokens": 32768}),
        ("gemini", "gemini-2.5-flash", {"effort": "medium"}, {"budget_tokens": 8192}),
        ("gemini", "gemini-3-pro-preview", {"budget_tokens": 100}, {"effort": "low"}),
        ("ollama", "gpt-oss:20b", {"effort": "xhigh"}, {"effort": "high"}),
    ],
)
def test_the_setting_is_fitted(dialect: str, model: str, settings: dict[str, Any], expected: dict[str, Any]) -> None:
    fitted, warnings = fit_reasoning(asked(model, **settings), dialect)
    assert fitted.reasoning == ReasoningSettings(**expected)
    assert warnings == []


@pytest.mark.parametrize(
    ("dialect", "model"),
    [("openai-chat", "gpt-4o"), ("anthropic-messages", "claude-3-5-haiku-latest"), ("gemini", "gemini-2.0-flash")],
)
def test_a_model_that_cannot_think_is_not_asked_to(dialect: str, model: str) -> None:
    fitted, warnings = fit_reasoning(asked(model, effort="high"), dialect)
    assert fitted.reasoning is None
    assert [warning.rule for warning in warnings] == ["reasoning-unsupported"]


def test_asking_it_not_to_think_is_no_loss() -> None:
    assert fit_reasoning(asked("gpt-4o", effort="none"), "openai-chat")[1] == []


@pytest.mark.parametrize("model", ["test-model", "qwen3:8b", "anthropic/claude-opus-4"])
def test_an_unknown_model_gets_what_was_asked_for(model: str) -> None:
    request = asked(model, effort="high")
    assert fit_reasoning(request, "openai-chat") == (request, [])


def test_a_request_that_does_not_ask_is_left_alone() -> None:
    request = asked("gpt-4o")
    assert fit_reasoning(request, "openai-chat") == (request, [])


def test_the_facts_speak_of_dialects_that_there_are() -> None:
    families = thinking_facts().families
    assert {dialect for family in families for dialect in family.dialects} <= set(dialect_names())
    assert all(family.efforts for family in families if family.form == "effort")
