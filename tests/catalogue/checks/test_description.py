"""An expectation for reports."""

import json

from harness.catalogue.canonical import read_canonical
from harness.catalogue.checks import describe_expectation, describe_requests
from harness.catalogue.models import Expectation

from .build import attempt


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


SAID = {"attempt": 2, "contains": "Hi", "last_messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
EXPECTED = Expectation.model_validate({"requests": [SAID, {"as_asked": ["system", "tools"]}]})


def test_what_requests_must_say_is_shown_as_far_as_it_is_said() -> None:
    assert describe_expectation(EXPECTED)["requests"] == [
        {"attempt": 2, "temperature": 0.0, "last_messages": ["user: text 'Hi'"], "contains": ["Hi"]},
        {"attempt": 1, "as_asked": ["system", "tools"]},
    ]


def test_what_must_arrive_as_asked_is_shown_as_it_was_asked() -> None:
    asked = read_canonical({"system": "Be terse. " * 100, "tools": ["list_files"]})
    described = describe_expectation(EXPECTED, asked)["requests"][1]
    assert described["tools"] == ['list_files {"type":"object","properties":{}}']
    assert described["system"].startswith("Be terse. Be terse.")
    assert len(described["system"]) < 200


def test_what_requests_said_is_shown_beside_it() -> None:
    body = {"model": "m", "temperature": 1, "messages": [{"role": "user", "content": "Ho"}]}
    sent = [attempt(number, body=json.dumps(body).encode()) for number in (1, 2)]
    described = describe_requests(EXPECTED, "openai-chat", sent)
    assert described == [
        {"attempt": 2, "messages": ["user: text 'Ho'"], "temperature": 1},
        {"attempt": 1, "system": None, "tools": []},
    ]
    assert json.loads(json.dumps(described)) == described
    assert describe_requests(EXPECTED, "openai-chat", sent[:1]) == described[1:]


def test_reasoning_that_must_come_back_is_shown() -> None:
    expectation = Expectation.model_validate({"requests": [{"reasoning": "Hm."}]})
    assert describe_expectation(expectation)["requests"] == [{"attempt": 1, "reasoning": "Hm."}]
    body = {"messages": [{"role": "assistant", "content": "a", "reasoning_content": "Hm."}]}
    sent = [attempt(body=json.dumps(body).encode())]
    assert describe_requests(expectation, "openai-chat", sent) == [{"attempt": 1, "reasoning": ["Hm."]}]
