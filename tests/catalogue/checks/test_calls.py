"""Tool calls: lost, merged, repeated, reordered, changed, and cut off."""

import pytest
from pydantic import ValidationError

from harness.catalogue.checks.calls import same_json
from harness.catalogue.models import CallExpectation

from .build import ALL, PLAIN, attempt, call, failed, findings, observed, only, verdict, wire

OSLO = {"name": "get_weather", "arguments": '{"city": "Oslo"}', "id": "call_1"}
BERGEN = {"name": "get_time", "arguments": '{"city": "Bergen"}', "id": "call_2"}
BODY = (attempt(response=wire(b'"call_1" "call_2"')),)
"""A body over which both ids went; no dialect reads it."""


def test_calls_pass_however_their_arguments_are_cut() -> None:
    seen = observed(call(0, "get_weather", '{"ci', "call_1"), call(0, None, 'ty": "Oslo"}'), attempts=BODY)
    assert findings({"tool_calls": [OSLO]}, seen) == []


def test_white_space_and_the_order_of_keys_do_not_count() -> None:
    expect = {"tool_calls": [{"name": "f", "input": {"a": 1, "b": "é"}}]}
    assert findings(expect, observed(call(0, "f", '{"b":"\\u00e9","a":1}'))) == []


def test_a_call_that_never_came_is_lost() -> None:
    seen = observed(call(0, "get_weather", '{"city": "Oslo"}', "call_1"))
    finding = only(verdict({"tool_calls": [OSLO, BERGEN]}, seen))
    assert (finding.check, finding.kind, finding.silent) == ("tool-calls-as-sent", "loss", True)
    assert "get_time" in finding.message


@pytest.mark.parametrize(
    "merged",
    [
        call(0, "get_weatherget_time", '{"city": "Oslo"}', "call_1"),
        call(0, "get_weather", '{"city": "Oslo"}{"city": "Bergen"}', "call_1"),
        call(0, "get_weather", '{"city": "Oslo"}', "call_1call_2"),
        call(0, "get_weatherget_weather", '{"city": "Oslo"}', "call_1"),
    ],
)
def test_calls_that_run_together_are_merged(merged: object) -> None:
    assert findings({"tool_calls": [OSLO, BERGEN]}, observed(merged)) == [("tool-calls-as-sent", "merge")]  # type: ignore[arg-type]


def test_a_name_that_is_repeated_in_itself_is_no_merge_if_it_was_sent_so() -> None:
    expect = {"tool_calls": [{"name": "papa"}, {"name": "pa"}]}
    assert findings(expect, observed(call(0, "papa", "{}"), call(1, "pa", "{}"))) == []


def test_the_same_call_twice_is_a_duplicate() -> None:
    twice = observed(call(0, "get_weather", '{"city": "Oslo"}'), call(1, "get_weather", '{"city": "Oslo"}'))
    assert findings({"tool_calls": [OSLO | {"id": None}]}, twice) == [("tool-calls-as-sent", "duplicate")]


def test_two_equal_calls_that_were_sent_are_no_duplicate() -> None:
    twice = observed(call(0, "f", "{}"), call(1, "f", "{}"))
    assert findings({"tool_calls": ["f", "f"]}, twice) == []


def test_arguments_that_come_twice_are_a_duplicate() -> None:
    seen = observed(call(0, "get_weather", '{"city": "Oslo"}{"city": "Oslo"}'))
    assert findings({"tool_calls": [OSLO]}, seen) == [("tool-calls-as-sent", "duplicate")]


def test_calls_in_another_order_are_found() -> None:
    seen = observed(call(0, "get_time", '{"city": "Bergen"}'), call(1, "get_weather", '{"city": "Oslo"}'))
    assert findings({"tool_calls": [OSLO, BERGEN]}, seen) == [("tool-calls-as-sent", "order")]


@pytest.mark.parametrize(
    "arguments",
    ['{"city": "Bergen"}', '{"city": "Oslo"', "", "{}", '["Oslo"]', '{"city": "Oslo", "unit": "C"}', '{"city": true}'],
)
def test_other_arguments_are_found(arguments: str) -> None:
    seen = observed(call(0, "get_weather", arguments))
    assert findings({"tool_calls": [OSLO]}, seen) == [("tool-calls-as-sent", "arguments")]


def test_no_arguments_are_an_empty_object() -> None:
    assert findings({"tool_calls": [{"name": "f", "input": {}}]}, observed(call(0, "f", ""))) == []


def test_arguments_that_never_were_json_must_be_exact() -> None:
    expect = {"tool_calls": [{"name": "f", "arguments": '{"a": 1,}'}]}
    assert findings(expect, observed(call(0, "f", '{"a": 1,}'))) == []
    assert findings(expect, observed(call(0, "f", '{"a": 1}'))) == [("tool-calls-as-sent", "arguments")]


def test_a_lost_name_and_another_name_are_told_apart() -> None:
    expect = {"tool_calls": ["get_weather"]}
    assert findings(expect, observed(call(0, None, "{}"))) == [("tool-calls-as-sent", "loss")]
    assert findings(expect, observed(call(0, "get_whether", "{}"))) == [("tool-calls-as-sent", "corruption")]


def test_ids_are_compared_where_they_went_over_the_wire() -> None:
    expect = {"tool_calls": [OSLO]}
    other, none = call(0, "get_weather", '{"city": "Oslo"}', "x"), call(0, "get_weather", '{"city": "Oslo"}')
    assert findings(expect, observed(other, attempts=BODY)) == [("tool-calls-as-sent", "corruption")]
    assert findings(expect, observed(none, attempts=BODY)) == [("tool-calls-as-sent", "loss")]
    assert findings(expect, observed(other)) == []


def test_a_call_that_was_never_sent_is_found() -> None:
    assert findings({}, observed(call(0, "f", "{}"))) == [("tool-calls-as-sent", "corruption")]
    assert findings({"tool_calls": "any"}, observed(call(0, "f", "{}"))) == []


CUT = {"ending": ["truncated", "failed"], "tool_calls": [OSLO | {"arguments": '{"city": "Os', "executable": False}]}


def test_a_cut_call_may_be_kept_or_dropped() -> None:
    assert findings(CUT, observed(call(0, "get_weather", '{"city": "Os'), end=failed())) == []
    assert findings(CUT, observed(call(0, "get_weather", '{"ci'), end=failed())) == []
    assert findings(CUT, observed(end=failed())) == []


def test_a_cut_call_must_not_look_executable() -> None:
    finding = only(verdict(CUT, observed(call(0, "get_weather", "{}"), end=failed())))
    assert (finding.check, finding.kind, finding.silent) == ("cut-calls-not-executable", "arguments", False)


def test_a_cut_call_that_looks_executable_in_a_finished_answer_is_silent() -> None:
    judgement = verdict(CUT, observed(call(0, "get_weather", '{"city": "Os"}')))
    assert {finding.check for finding in judgement.findings if finding.silent} == {
        "cut-calls-not-executable",
        "ending-as-it-was",
    }


def test_a_cut_call_must_have_the_arguments_that_came() -> None:
    seen = observed(call(0, "get_weather", '{"town'), end=failed())
    assert findings(CUT, seen) == [("tool-calls-as-sent", "arguments")]


def test_a_cut_call_is_judged_for_systems_without_tool_calls_too() -> None:
    assert findings(CUT, observed(end=failed()), frozenset()) == []


def test_calls_are_not_missed_where_none_are_expected_or_claimed() -> None:
    assert findings({}, observed(call(0, "f", "{}")), ALL - {"tool_calls"}) == []
    assert verdict({"tool_calls": [OSLO]}, observed(), PLAIN - {"tool_calls"}).verdict == "unsupported"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        (1481220477346119781, 1481220477346119700, False),
        (1481220477346119781, 1.4812204773461197e18, False),
        ({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [2, 1], False),
        ("1", 1, False),
    ],
)
def test_json_values_are_equal_as_json(one: object, other: object, same: bool) -> None:
    assert same_json(one, other) is same


def test_arguments_are_compared_letter_by_letter_where_that_is_asked_for() -> None:
    expect = {"tool_calls": [{"name": "f", "arguments": '{"a": 1.0}', "verbatim": True}]}
    assert findings(expect, observed(call(0, "f", '{"a": 1.0}'))) == []
    assert findings(expect, observed(call(0, "f", '{"a": 1}'))) == [("tool-calls-as-sent", "arguments")]
    assert findings(expect, observed(call(0, "f", '{"a":1.0}'))) == [("tool-calls-as-sent", "arguments")]


@pytest.mark.parametrize("fields", [{"input": {}}, {"arguments": "{", "executable": False}, {}], ids=repr)
def test_only_whole_arguments_can_be_compared_letter_by_letter(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CallExpectation.model_validate({"name": "f", "verbatim": True, **fields})
