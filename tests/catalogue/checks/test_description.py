"""An expectation for reports."""

import json

from harness.catalogue.checks import describe_expectation
from harness.catalogue.models import Expectation


def test_defaults_that_are_checked_are_shown() -> None:
    assert describe_expectation(Expectation()) == {"ending": ["completed"], "text": "", "tool_calls": []}


def test_it_is_plain_json() -> None:
    expectation = Expectation.model_validate(
        {
            "ending": "failed",
            "text": {"prefix_of": "Hello", "at_least": "He"},
            "tool_calls": [{"name": "f", "input": {"a": 1}}],
            "error": {"kind": "quota"},
            "attempts": 2,
            "waits": [{"before_attempt": 2, "at_least_s": 1}],
        }
    )
    described = describe_expectation(expectation)
    assert json.loads(json.dumps(described)) == described
    assert described["text"] == {"prefix_of": "Hello", "at_least": "He"}
    assert described["error"] == {"kind": ["quota"]}
    assert described["attempts"] == {"at_least": 2, "at_most": 2}
    assert "usage" not in described


def test_what_requests_must_say_is_shown_as_far_as_it_is_said() -> None:
    said = {"attempt": 2, "contains": "Hi", "last_messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
    described = describe_expectation(Expectation.model_validate({"requests": [said, {"as_asked": ["system"]}]}))
    assert json.loads(json.dumps(described))["requests"] == [
        {
            "attempt": 2,
            "last_messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
            "contains": ["Hi"],
            "temperature": 0,
        },
        {"as_asked": ["system"]},
    ]
