import pytest

from harness.report.case.words import (
    end_words,
    error_seen_words,
    error_words,
    event_words,
    expectation_words,
    request_words,
    wait_words,
)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "text", "text": "Hel", "choice": 0}, ("text", '"Hel"')),
        ({"type": "text", "text": "Hel", "choice": 1}, ("text", '"Hel" choice=1')),
        ({"type": "text", "text": ""}, ("text", '""')),
        ({"type": "tool_call", "index": 0, "id": None, "name": "f", "arguments": ""},
         ("tool_call", 'index=0 name="f"')),
        ({"type": "usage", "input_tokens": 9, "output_tokens": 0}, ("usage", "input_tokens=9 output_tokens=0")),
        ({"type": "retry", "attempt": 2, "delay_s": 1.102562081, "reason": "529"},
         ("retry", 'attempt=2 delay_s=1.103 reason="529"')),
        ({"type": "end", "status": "truncated"}, ("end", '"truncated"')),
        ({}, ("event", "")),
    ],
)  # fmt: skip
def test_an_event_in_one_line(event: dict[str, object], words: tuple[str, str]) -> None:
    assert event_words(event) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"any": True}, "anything"),
        ({"prefix_of": "Oslo", "at_least": "Os"}, 'a beginning of "Oslo", at least "Os"'),
        ({"prefix_of": "Oslo"}, 'a beginning of "Oslo"'),
        ({"at_least": 2, "at_most": 2}, "exactly 2"),
        ({"documented": True}, "as many as the system's documentation says"),
        ({"at_least": 2, "at_most": None}, "at least 2"),
        ({"at_least": 1, "at_most": 3}, "1 to 3"),
        ({"at_most": 3}, "at most 3"),
        ("Oslo", None),
        ({"city": "Oslo"}, None),
        ([], None),
    ],
)
def test_expectations_that_are_no_plain_values(value: object, words: str | None) -> None:
    assert expectation_words(value) == words


def test_an_expected_error_says_what_it_demands() -> None:
    demands = {"kind": ["rate_limit", "quota"], "status": 429, "retry_after_s": None}
    assert error_words(demands) == "kind rate_limit or quota\nstatus 429"
    assert error_words({}) == "any error"


def test_a_seen_error_says_what_is_known() -> None:
    seen = {"kind": "rate_limit", "status": None, "message": "Slow down", "retryable": True}
    assert error_seen_words(seen) == 'kind rate_limit\nretryable true\nmessage "Slow down"'


def test_waits_in_words() -> None:
    assert wait_words({"before_attempt": 2, "at_least_s": 2.0, "at_most_s": None}) == "at least 2 s before attempt 2"
    assert wait_words({"before_attempt": 3, "at_least_s": 1, "at_most_s": 4.5}) == "1 to 4.5 s before attempt 3"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"status": "completed"}, "completed"),
        ({"status": "error", "raised": "APIError"}, "error, raised APIError"),
        ({"status": None, "hung": True}, "never: the caller was still waiting at the deadline"),
        ({"broken": "the worker died"}, "the case could not be carried through: the worker died"),
        ({}, "nothing"),
    ],
)
def test_how_the_caller_learnt_of_the_end(end: dict[str, object], words: str) -> None:
    assert end_words(end) == words


def test_requests_in_words() -> None:
    requests = [
        {"attempt": 1, "messages": ["user: text 'Hi'", "assistant: call a: f {}"], "max_output_tokens": 5},
        {"attempt": 2, "last_messages": ["tool: result of a: '3'"], "stop": ["END"]},
    ]
    assert request_words(requests) == (
        "request 1\n  user: text 'Hi'\n  assistant: call a: f {}\n  max output tokens: 5\n"
        "request 2\n  …\n  tool: result of a: '3'\n  stop: [\"END\"]"
    )
    assert request_words([]) == request_words(None) == "nothing"
