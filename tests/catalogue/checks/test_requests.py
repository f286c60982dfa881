"""The rule about what requests say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.catalogue.checks import judge
from harness.catalogue.findings import Finding
from harness.dialects import dialect, dialect_names
from harness.events import Warning
from harness.request import Request, read_request

from .build import ALL, attempt, failed, observed, scenario, text, verdict, wire

ASKED: dict[str, Any] = {
    "system": "Be terse.",
    "messages": [{"role": "user", "content": "Weather?"}],
    "tools": ["get_weather"],
    "max_output_tokens": 256,
    "temperature": 0,
    "stop": ["END"],
}
TOOL = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
        "required": ["city"],
    },
}


def found(expected: Any, *sent: dict[str, Any], name: str = "openai-chat", **fields: Any) -> list[Finding]:
    """What the rule finds where these requests were sent, each a change of a plain one."""
    attempts = []
    for number, changes in enumerate(sent, start=1):
        request: Request = read_request({"model": "m", **ASKED, "tools": [TOOL], **changes})
        built = dialect(name).build_request(request, "k")
        attempts.append(attempt(number, path=built.path, headers=tuple(built.headers.items()), body=built.body))
    seen = observed(*text("Cold."), attempts=tuple(attempts))
    judged = verdict(
        {"text": "Cold.", "requests": expected}, seen, dialect=name, request=ASKED, responses=[{"events": []}], **fields
    )
    return list(judged.findings)


def messages(expected: Any, *sent: dict[str, Any], **fields: Any) -> list[str]:
    return [finding.message for finding in found(expected, *sent, **fields)]


EVERYTHING = ["system", "messages", "tools", "max_output_tokens", "temperature"]


@pytest.mark.parametrize("name", dialect_names())
def test_what_is_sent_as_asked_passes_in_every_dialect(name: str) -> None:
    assert messages([{"as_asked": EVERYTHING}], {}, name=name) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"system": None}, "the system text is missing"),
        ({"system": "Be verbose."}, "the system text is not what was asked: 'terse' is missing"),
        ({"system": "You are a bot. Be terse. Always."}, None),
        ({"messages": [{"role": "user", "content": "Weather"}]},
         "the text of the user's message is not what was asked: '?' is missing"),
        ({"tools": None}, "the tool get_weather is not on offer"),
        ({"max_output_tokens": None}, "`max_output_tokens` was not sent"),
        ({"max_output_tokens": 255}, "`max_output_tokens` is not what was asked"),
        ({"temperature": None}, "`temperature` was not sent"),
        ({"temperature": 1}, "`temperature` is not what was asked"),
        ({"stop": None}, "`stop` was not sent"),
        ({"top_p": 0.5, "parallel_tool_calls": True}, None),
    ],
)  # fmt: skip
def test_what_is_lost_or_changed_is_told(changes: dict[str, Any], message: str | None) -> None:
    wanted = [f"request 1: {message}"] if message else []
    # What stands for a text that was changed depends on both texts; where they begin is enough here.
    seen = messages([{"as_asked": [*EVERYTHING, "stop"]}], changes)
    assert [one[:50] for one in seen] == [one[:50] for one in wanted]


def test_a_finding_says_what_was_asked_and_what_was_sent() -> None:
    (finding,) = found([{"as_asked": "temperature"}], {"temperature": 0.7})
    assert (finding.check, finding.kind, finding.column) == ("requests-as-asked", "request", "content")
    assert (finding.expected, finding.seen, finding.attempt) == (0, 0.7, 1)


def test_it_is_silent_unless_something_told_the_caller() -> None:
    (finding,) = found([{"as_asked": "temperature"}], {"temperature": 0.7})
    assert finding.silent
    body = json.dumps({"model": "m", "messages": []}).encode()
    told = observed(*text("Cold."), Warning("w", "odd"), attempts=(attempt(body=body),))
    expect = {"text": "Cold.", "requests": [{"contains": "Hello"}]}
    (finding,) = verdict(expect, told, dialect="openai-chat").findings
    assert not finding.silent


def test_values_may_be_others_than_the_caller_asked_for() -> None:
    assert messages([{"as_asked": "messages", "temperature": 0.5}], {"temperature": 0.5}) == []
    assert messages([{"as_asked": "temperature", "temperature": 0.5}], {}) == [
        "request 1: `temperature` is not what was asked"
    ]


def test_each_request_is_compared_with_its_own_expectation() -> None:
    expected = [{"as_asked": "messages"}, {"attempt": 2, "messages": [{"role": "user", "content": "And?"}]}]
    again = {"messages": [{"role": "user", "content": "And?"}]}
    options = {"options": {"tool_results": {"f": "1"}}}
    assert messages(expected, {}, again, **options) == []
    (message,) = messages(expected, {}, {}, **options)
    assert message.startswith("request 2: the text of the user's message is not what was asked")


def test_a_request_that_was_never_sent_is_told_unless_the_caller_learnt_of_a_failure() -> None:
    options = {"options": {"tool_results": {"f": "1"}}}
    assert messages([{"attempt": 2, "contains": "Weather?"}], {}, **options) == ["request 2 was never sent"]
    raised = observed(end=failed(), attempts=(attempt(response=wire()),))
    findings = verdict({"requests": [{"attempt": 2, "contains": "x"}]}, raised, dialect="openai-chat", **options)
    assert [finding.check for finding in findings.findings] == ["ending-as-it-was"]


def test_a_text_may_stand_anywhere_but_whole() -> None:
    assert messages([{"contains": ["Weather?", "terse"]}], {}) == []
    assert len(messages([{"contains": "Weather? Be"}], {})) == 1
    (finding,) = found([{"contains": "Whether?"}], {})
    assert finding.message.startswith("request 1: what was asked does not stand in it")


def test_the_parts_of_a_turn_may_stand_in_any_order_where_that_is_said() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image", "media_type": "image/png", "data": "aGk="}]
    asked, sent = ([{"role": "user", "content": content}] for content in (parts, parts[::-1]))
    assert messages([{"messages": asked, "any_order": True}], {"messages": sent}) == []
    assert messages([{"messages": asked}], {"messages": sent}) == [
        "request 1: the parts of the user's message stand in another order"
    ]


def test_the_end_of_the_talk() -> None:
    talk = [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "Cold."}]
    again = {"messages": [*talk, {"role": "user", "content": "And?"}]}
    assert messages([{"last_messages": [{"role": "user", "content": "And?"}]}], again) == []
    assert len(messages([{"messages": [{"role": "user", "content": "And?"}]}], again)) == 1


@pytest.mark.parametrize(
    ("wanted", "sent", "same"),
    [
        ("auto", "auto", True),
        ("auto", None, True),
        ("auto", "required", False),
        ("required", "required", True),
        ("required", {"name": "get_weather"}, True),
        ("required", None, False),
        ({"name": "get_weather"}, {"name": "get_weather"}, True),
        ({"name": "get_weather"}, "required", False),
        ("none", "none", True),
        ("none", None, False),
    ],
)
def test_choices_among_tools(wanted: Any, sent: Any, same: bool) -> None:
    changes = {} if sent is None else {"tool_choice": sent}
    assert (messages([{"tool_choice": wanted}], changes) == []) == same


def test_none_may_be_chosen_by_offering_none() -> None:
    assert messages([{"tool_choice": "none", "tools": ["get_weather"]}], {"tools": None}) == []


def test_system_messages_within_the_asked_messages_are_system_text() -> None:
    asked = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Weather?"}]
    assert messages([{"messages": asked}], {"messages": asked}) == []
    (message,) = messages([{"messages": asked}], {})
    assert message.startswith("request 1: the system text is not what was asked")


def test_a_body_that_is_no_request_says_nothing() -> None:
    seen = observed(*text("Cold."), attempts=(attempt(body=b"\xff"),))
    expect = {"text": "Cold.", "requests": [{"messages": [{"role": "user", "content": "Hi"}]}]}
    judged = verdict(expect, seen, dialect="openai-chat")
    assert [finding.message for finding in judged.findings] == ["request 1: the user's message is missing"]


def test_unsigned_reasoning_is_compared_where_it_is_asked_for_by_name() -> None:
    said = [{"type": "reasoning", "text": "Cold, I guess."}, {"type": "text", "text": "Cold."}]
    talk = {"messages": [{"role": "assistant", "content": said}, {"role": "user", "content": "Sure?"}]}
    assert messages([{"reasoning": "Cold, I guess."}], talk) == []
    (finding,) = found([{"reasoning": "Warm, I guess."}], talk)
    assert finding.message == "request 1: the reasoning did not come back"
    assert (finding.expected, finding.seen) == ("Warm, I guess.", ["Cold, I guess."])


def test_encrypted_reasoning_may_come_back_through_another_dialect_unasked() -> None:
    thought = {"type": "reasoning", "encrypted": "ZW5j"}
    talk = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Ho"}]},
    ]
    built = dialect("openai-responses").build_request(read_request({"model": "m", "messages": talk}), "k")
    sent = attempt(path=built.path, headers=tuple(built.headers.items()), body=built.body)
    wanted = {"requests": [{"messages": [talk[0], {"role": "assistant", "content": "Ho"}]}]}
    seen = observed(attempts=(sent,))
    case = scenario(wanted, subjects="gateway")
    assert judge(case, "anthropic-messages", ALL, seen, upstream="openai-responses").findings == ()
    told = judge(case, "openai-responses", ALL, seen, upstream="openai-responses").findings
    assert [finding.check for finding in told] == ["requests-as-asked"]


def test_a_picture_inside_a_result_is_one_behind_it() -> None:
    image = {"type": "image", "media_type": "image/png", "data": "iVBORw0KGgo="}
    result = {"type": "tool_result", "tool_call_id": "c1", "content": "seen"}
    called = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": "{}"}]},
    ]
    asked = [*called, {"role": "tool", "content": [result]}, {"role": "user", "content": [image]}]
    sent = {"messages": [*called, {"role": "tool", "content": [{**result, "media": [image]}]}]}
    assert messages([{"messages": asked}], sent, name="anthropic-messages") == []
