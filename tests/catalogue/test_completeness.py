"""What a reviewer would send back."""

from typing import Any

import pytest

from harness.catalogue.completeness import completeness_problems
from harness.catalogue.models import Scenario

READY: dict[str, Any] = {
    "id": "family/slug",
    "title": "A situation",
    "why": "It happened.",
    "incidents": ["owner/repo#12", "https://status.example.com/incident"],
    "responses": [{"events": [{"text": "Hello"}, {"finish": "stop"}]}],
    "expect": {"text": "Hello"},
}


def problems(**fields: Any) -> list[str]:
    return completeness_problems(Scenario.model_validate(READY | fields))


def test_a_ready_scenario_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": "A situation."}, "the title"),
        ({"title": "A " * 60}, "the title"),
        ({"why": "Because"}, "`why`"),
        ({"why": "Because. " * 80}, "`why`"),
        ({"incidents": ["repo#12"]}, "neither owner/repository#number"),
        ({"incidents": ["a/b#1", "a/b#1"]}, "twice"),
        ({"responses": [{"events": [{"text": "a"}], "faults": [{"cut": {"after_text": "b"}}]}]}, "there is no 'b'"),
        ({"dialects": ["gemini"], "responses": {"ollama": [{"body": "x"}]}}, "cannot express"),
        ({"dialects": ["gemini"], "expect_in": {"ollama": {"text": "x"}}}, "in which it does not run"),
        ({"expect": {"text": {"any": True}, "tool_calls": "any"}}, "neither text nor tool calls"),
        ({"expect": {"error": "server"}}, "an ending of `completed`"),
        ({"expect": {"waits": [{"before_attempt": 2}]}}, "does not ask for"),
        ({"expect": {"requests": [{"as_asked": ["messages", "system"]}]}}, "must say `system` as asked"),
    ],
)
def test_what_is_missing_is_named(fields: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in problems(**fields)), problems(**fields)
