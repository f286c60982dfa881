"""Two outcomes are compared field by field, and what differs is told in words, with what the user could notice."""

from __future__ import annotations

from typing import Any

import pytest

from harness.events import ErrorInfo
from harness.fuzz.outcome import EXACT, ORDER, Difference, Ended, Outcome, differences

CALL = {"id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}', "input": {"city": "Oslo"}}
OTHER_CALL = {"id": "call_2", "name": "get_time", "arguments": '{"city": "Rome"}', "input": {"city": "Rome"}}


def outcome(ended: Ended = "completed", error: ErrorInfo | None = None, **said: Any) -> Outcome:
    extra = said.pop("extra", {})
    transcript = {
        "text": "",
        "reasoning": "",
        "refusal": None,
        "tool_calls": [],
        "finish": "stop",
        "finish_raw": "stop",
        "usage": {},
        "id": "c1",
        "model": "m",
        "other_choices": [],
        "warnings": [],
        **said,
    }
    return Outcome(transcript, ended, error, extra)


def test_equal_outcomes_have_no_differences() -> None:
    same = outcome(text="Hi", usage={"input_tokens": 3, "output_tokens": None}, extra={ORDER: ["text"]})
    assert differences(same, outcome(text="Hi", usage={"input_tokens": 3}, extra={ORDER: ["text"]})) == []
    assert differences(same, same, exact=True) == []


def test_a_lost_word_is_a_silent_loss() -> None:
    [found] = differences(outcome(text="Hello, world"), outcome(text="Hello"))
    assert found == Difference("loss", "the text changed: ', world' is missing", silent=True)


def test_replacement_characters_are_corruption() -> None:
    [found] = differences(outcome(text="café"), outcome(text="caf\ufffd\ufffd"))
    assert (found.kind, found.silent) == ("corruption", True)
    assert "replacement characters" in found.what


def test_reasoning_in_the_text_is_a_leak() -> None:
    whole = outcome(text="Yes.", reasoning="Let me think of it.")
    found = differences(whole, outcome(text="Let me think of it.Yes.", reasoning=""))
    assert [each.kind for each in found] == ["leak", "loss"]


def test_what_a_warning_told_is_not_silent() -> None:
    warned = outcome(text="Hel", warnings=[{"rule": "last-frame-cut", "offset": 3, "message": ""}])
    [found] = differences(outcome(text="Hello"), warned)
    assert not found.silent


def test_a_warning_that_was_there_before_tells_nothing() -> None:
    warnings = [{"rule": "sse-done-missing", "offset": 3, "message": ""}]
    [found] = differences(outcome(text="Hello", warnings=warnings), outcome(text="Hel", warnings=warnings))
    assert found.silent


def test_a_cut_answer_that_passes_for_a_finished_one_is_silent() -> None:
    cut, passed = outcome("truncated", text="Hel"), outcome(text="Hel")
    assert differences(cut, passed) == [
        Difference("silent-truncation", "an answer that is cut off passed for a finished one", silent=True)
    ]


def test_an_error_that_passes_for_an_answer_is_silent() -> None:
    failed = outcome("error", ErrorInfo("server", "no"), text="Hel")
    assert [(each.kind, each.silent) for each in differences(failed, outcome(text="Hel"))] == [("silent-error", True)]


def test_a_whole_answer_that_fails_is_a_wrong_error_and_what_is_missing_then_is_no_news() -> None:
    failed = outcome("error", ErrorInfo("protocol", "no JSON"), text="Hel", finish=None)
    whole = outcome(text="Hello", tool_calls=[CALL], usage={"input_tokens": 9})
    assert differences(whole, failed) == [
        Difference("wrong-error", "an answer that is finished passed for failed: 'no JSON'")
    ]


def test_what_is_wrong_before_a_failure_is_told_besides() -> None:
    failed = outcome("error", ErrorInfo("protocol", "no JSON"), text="Hxx", tool_calls=[OTHER_CALL])
    found = differences(outcome(text="Hello", tool_calls=[CALL]), failed)
    assert [each.kind for each in found] == ["wrong-error", "corruption", "corruption", "corruption", "arguments"]
    assert not any(each.silent for each in found)


def test_part_of_a_call_before_a_failure_is_no_news_unless_it_could_be_executed() -> None:
    part = {"id": "call_1", "name": "get_weather", "arguments": '{"ci', "input": None}
    executable = {"id": "call_1", "name": "get_weather", "arguments": "{}", "input": {}}
    whole = outcome(tool_calls=[CALL])
    assert [each.kind for each in differences(whole, outcome("truncated", tool_calls=[part]))] == ["wrong-error"]
    assert [each.kind for each in differences(whole, outcome("truncated", tool_calls=[executable]))] == [
        "wrong-error",
        "arguments",
    ]


def test_a_hang_is_told_as_such() -> None:
    found = differences(outcome(text="Hello"), outcome("hung", text="Hel"))
    assert [(each.kind, each.silent) for each in found] == [("hang", False)]


def test_nothing_is_said_where_the_harness_broke() -> None:
    assert differences(outcome(text="Hello"), Outcome({}, "broken", note="the worker crashed")) == []


def test_another_kind_of_error_is_a_wrong_error_and_other_words_are_not() -> None:
    limited, busy = (outcome("error", ErrorInfo(kind, "slow down")) for kind in ("rate_limit", "server"))
    again = outcome("error", ErrorInfo("rate_limit", "slow down, byte 17"))
    assert [each.kind for each in differences(limited, busy)] == ["wrong-error"]
    assert differences(limited, again) == []


@pytest.mark.parametrize(
    ("seen", "kind", "words"),
    [
        ([], "loss", "0 tool calls of 2 are there"),
        ([CALL], "loss", "1 tool calls of 2 are there"),
        ([CALL, OTHER_CALL, CALL], "duplicate", "3 tool calls are there, and 2 were sent"),
        ([CALL, {**OTHER_CALL, "name": "get"}], "corruption", "the name of tool call 1 is 'get', and not 'get_time'"),
        ([{**CALL, "id": "call_9"}, OTHER_CALL], "corruption", "the id of tool call 0 is 'call_9', and not 'call_1'"),
    ],
)
def test_tool_calls_are_counted_and_compared(seen: list[dict[str, Any]], kind: str, words: str) -> None:
    [found] = differences(outcome(tool_calls=[CALL, OTHER_CALL]), outcome(tool_calls=seen))
    assert (found.kind, found.what, found.silent) == (kind, words, True)


def test_calls_that_run_together_are_a_merge() -> None:
    both = {**CALL, "arguments": '{"city": "Oslo"}{"city": "Rome"}', "input": None}
    found = differences(outcome(tool_calls=[CALL, OTHER_CALL]), outcome(tool_calls=[both]))
    assert [each.kind for each in found] == ["merge", "arguments"]


def test_arguments_may_be_spelled_otherwise_where_that_is_allowed() -> None:
    spaced = outcome(tool_calls=[{**CALL, "arguments": '{"city":"Oslo"}'}])
    meant = outcome(tool_calls=[{**CALL, "arguments": '{"city": "Rome"}', "input": {"city": "Rome"}}])
    whole = outcome(tool_calls=[CALL])
    assert [each.kind for each in differences(whole, spaced)] == ["arguments"]
    assert differences(whole, spaced, respelled=True) == []
    assert [each.kind for each in differences(whole, meant, respelled=True)] == ["arguments"]


def test_other_choices_are_compared_too() -> None:
    def choice(index: int, text: str, finish: str | None = "stop") -> dict[str, Any]:
        return {"index": index, "text": text, "reasoning": "", "refusal": None, "tool_calls": [], "finish": finish}

    two = outcome(other_choices=[choice(1, "Hei"), choice(2, "Hallo")])
    lost = differences(two, outcome(other_choices=[choice(1, "He", None)]))
    assert [(each.kind, each.what) for each in lost] == [
        ("loss", "the text of choice 1 changed: 'i' is missing"),
        ("loss", "choice 2 is missing"),
        ("loss", "no stop reason of choice 1 reached the caller; it was stop"),
    ]
    [new] = differences(outcome(), outcome(other_choices=[choice(1, "Hei")]))
    assert new.what == "there is a choice 1 that was never sent"


def test_stop_reason_and_usage_are_compared() -> None:
    whole = outcome(finish="length", usage={"input_tokens": 9, "output_tokens": 4})
    found = differences(whole, outcome(finish=None, usage={"input_tokens": 9, "output_tokens": 1}))
    assert [(each.kind, each.what) for each in found] == [
        ("loss", "no stop reason reached the caller; it was length"),
        ("corruption", "the count of output_tokens is 1, and not 4"),
    ]
    [other] = differences(whole, outcome(finish="stop", usage=whole.transcript["usage"]))
    assert (other.kind, other.what) == ("corruption", "the stop reason is stop, and not length")


def test_ids_and_warnings_count_only_where_nothing_but_the_cutting_changed() -> None:
    other = outcome(id="c2", warnings=[{"rule": "sse-done-missing", "offset": 9, "message": ""}])
    assert differences(outcome(), other) == []
    found = differences(outcome(), other, exact=True)
    assert [each.what.partition(" ")[0] for each in found] == ["id", "warnings"]


def test_the_order_of_parts_is_compared() -> None:
    first, second = (outcome(extra={ORDER: order}) for order in (["reasoning", "text"], ["text", "reasoning"]))
    [found] = differences(first, second)
    assert found.kind == "order"
    assert found.what == 'order is ["text", "reasoning"], and not ["reasoning", "text"]'


def test_more_that_must_not_change_is_compared_member_by_member() -> None:
    was = outcome(extra={"in gemini": {"text": "Hello", "losses": []}})
    now = outcome(extra={"in gemini": {"text": "Hell", "losses": ["refusal"]}})
    assert [(each.kind, each.what) for each in differences(was, now)] == [
        ("loss", "in gemini: text changed: 'o' is missing"),
        ("corruption", 'in gemini: losses is ["refusal"], and not []'),
    ]


def test_what_only_the_cutting_may_not_change_is_passed_over_elsewhere() -> None:
    was, now = (outcome(extra={EXACT: {"losses in gemini": losses}}) for losses in ([], ["refusal"]))
    assert differences(was, now) == []
    [found] = differences(was, now, exact=True)
    assert found.what == 'exact: losses in gemini is ["refusal"], and not []'
