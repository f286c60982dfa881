from typing import Any

from harness.report.case.outcome import FieldView, field_views
from harness.runner.results import EventRecord, Evidence

from ..sample_wire import attempt


def fields(expected: dict[str, Any], seen: dict[str, Any], **more: Any) -> dict[str, FieldView]:
    return {field.name: field for field in field_views(Evidence(expected=expected, seen=seen, **more))}


def test_a_text_that_differs_is_marked_on_both_sides() -> None:
    text = fields({"text": "light snow"}, {"text": "snow"})["text"]
    assert text.expected == "<del>light </del>snow"
    assert text.equal is False


def test_a_text_that_is_the_same_is_equal() -> None:
    assert fields({"text": "snow"}, {"text": "snow"})["text"].equal is True


def test_a_beginning_is_said_in_words_and_not_compared() -> None:
    text = fields({"text": {"prefix_of": "Oslo today", "at_least": "Os"}}, {"text": "Oslo"})["text"]
    assert text.expected == 'a beginning of "Oslo today", at least "Os"'
    assert text.seen == "Oslo"
    assert text.equal is None


def test_endings_are_alternatives_and_the_end_is_the_callers() -> None:
    seen = {"status": "completed", "end": {"status": "error", "raised": "APIError"}}
    ending = fields({"ending": ["truncated", "failed"]}, seen)["ending"]
    assert ending.expected == "truncated <em>or</em> failed"
    assert ending.seen == "error, raised APIError"


def test_only_the_fields_of_a_call_that_the_scenario_names_are_compared() -> None:
    wanted = {"name": "get_weather", "input": {"city": "Oslo"}}
    seen = {"id": "call_1", "name": "get_weather", "arguments": '{"city": "Oslo"}', "input": {"city": "Oslo"}}
    assert fields({"tool_calls": [wanted]}, {"tool_calls": [seen]})["tool_calls"].equal is True
    assert fields({"tool_calls": [wanted]}, {"tool_calls": [seen, seen]})["tool_calls"].equal is False


def test_a_call_that_must_not_be_executable_has_no_input() -> None:
    wanted = {"name": "get_weather", "executable": False}
    assert fields({"tool_calls": [wanted]}, {"tool_calls": [{"name": "get_weather", "input": None}]})[
        "tool_calls"
    ].equal
    call = fields({"tool_calls": [wanted]}, {"tool_calls": [{"name": "get_weather", "input": {"a": 1}}]})
    assert call["tool_calls"].equal is False


def test_the_callers_error_stands_beside_the_expected_one() -> None:
    seen = {"end": {"status": "error", "error": {"kind": "server", "status": 500, "message": "Oops"}}}
    error = fields({"error": {"kind": ["overloaded"], "status": 529}}, seen)["error"]
    assert error.expected == "kind overloaded\nstatus 529"
    assert error.seen == 'kind server\nstatus 500\nmessage "Oops"'


def test_attempts_and_waits_are_read_off_the_wire() -> None:
    wire = [attempt("ollama", [b"{}"], at_s=0.0), attempt("ollama", [b"{}"], number=2, at_s=2.004)]
    expected = {"attempts": {"at_least": 2, "at_most": 2}, "waits": [{"before_attempt": 2, "at_least_s": 2.0}]}
    both = fields(expected, {}, wire=wire)
    assert (both["attempts"].expected, both["attempts"].seen) == ("exactly 2", "2")
    assert both["waits"].seen == "2.000 s before attempt 2"


def test_the_order_of_the_parts_is_read_off_the_events() -> None:
    kinds = [("reasoning", None), ("reasoning", None), ("text", None), ("tool_call", 0), ("tool_call", 1),
             ("tool_call", 0), ("usage", None), ("text", None)]  # fmt: skip
    events = [EventRecord(0.0, {"type": kind, "index": index}) for kind, index in kinds]
    order = fields({"order": ["reasoning", "text", "tool_call", "tool_call", "text"]}, {}, events=events)["order"]
    assert order.equal is True


def test_what_the_caller_got_unasked_is_shown_but_not_compared() -> None:
    more = fields({"text": "a"}, {"text": "a", "refusal": "I cannot", "usage": {"input_tokens": None}})
    assert more["refusal"] == FieldView("refusal", more["refusal"].expected, more["refusal"].seen, None)
    assert more["refusal"].expected == "<em>not compared</em>"
    assert "usage" not in more


def test_what_requests_said_stands_beside_what_they_must_say() -> None:
    expected = {"requests": [{"attempt": 1, "system": "Be terse."}]}
    both = fields(expected, {"requests": [{"attempt": 1, "system": None}]})["requests"]
    assert (both.expected, both.seen, both.equal) == (
        'request 1\n  system: "Be terse."',
        "request 1\n  system: null",
        None,
    )
    assert fields(expected, {})["requests"].seen == "nothing"


def test_a_count_that_was_demanded_is_equal_and_another_differs() -> None:
    wire = [attempt("ollama", [b"{}"], at_s=0.0), attempt("ollama", [b"{}"], number=2, at_s=2.0)]
    demands = ({"at_least": 2, "at_most": 2}, {"at_least": 3}, {"at_most": 0}, {"documented": True})
    assert [fields({"attempts": each}, {}, wire=wire)["attempts"].equal for each in demands] == [
        True, False, False, None,
    ]  # fmt: skip


def test_an_answer_that_passes_for_complete_differs_from_one_that_was_cut_off() -> None:
    ending = {"ending": ["truncated", "failed"]}
    ends = ({"status": "completed"}, {"status": "truncated"}, {"status": "error"})
    assert [fields(ending, {"end": end})["ending"].equal for end in ends] == [False, True, None]


def test_one_of_several_right_counts_is_equal() -> None:
    right = {"input_tokens": [9, 10], "output_tokens": [4]}
    usage = fields({"usage": right}, {"usage": {"input_tokens": 10, "output_tokens": 4}})["usage"]
    assert (usage.expected, usage.equal) == ('{"input_tokens": 10, "output_tokens": 4}', True)
    wrong = fields({"usage": right}, {"usage": {"input_tokens": 9, "output_tokens": 5}})["usage"]
    assert (wrong.expected, wrong.equal) == ('{"input_tokens": 9, "output_tokens": <del>4</del>}', False)


def test_a_part_that_only_one_side_has_differs_where_every_system_gives_it() -> None:
    lost = fields({"text": "Hello", "tool_calls": [], "usage": {"input_tokens": [9]}}, {"text": ""})
    assert [lost[name].equal for name in ("text", "tool_calls", "usage")] == [False, True, None]
    assert fields({"text": ""}, {"text": "leaked"})["text"].equal is False
