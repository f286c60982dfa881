"""What was delivered: each rule with an observation that breaks it and one that nearly does."""

from harness.catalogue.checks import judge
from harness.catalogue.models import FEATURES
from harness.catalogue.observation import CallerEnd, Observation, TimedEvent
from harness.events import Finish, Reasoning, Refusal, Signature, Text, Usage, Warning
from harness.wire.response import Chunk, Gate

from .build import ALL, PLAIN, attempt, call, failed, findings, observed, only, scenario, text, verdict, wire


def test_it_passes_the_exact_text() -> None:
    judgement = verdict({"text": "Hello", "finish": "stop"}, observed(*text("Hel", "lo")))
    assert (judgement.verdict, judgement.content, judgement.ending) == ("pass", "pass", "pass")


def test_it_fails_content_alone_when_text_is_lost() -> None:
    judgement = verdict({"text": "Hello"}, observed(*text("Hel")))
    assert (judgement.verdict, judgement.content, judgement.ending) == ("fail", "fail", "pass")
    finding = only(judgement)
    assert (finding.check, finding.kind, finding.silent) == ("text-as-sent", "loss", True)
    assert (finding.expected, finding.seen) == ("Hello", "Hel")


def test_a_loss_is_not_silent_when_the_caller_was_warned() -> None:
    seen = observed(Text("Hel"), Warning("frame-not-json", "a frame is not JSON"))
    assert not only(verdict({"text": "Hello"}, seen)).silent


def test_a_loss_is_not_silent_when_the_caller_got_an_error() -> None:
    seen = observed(Text("H"), end=failed("connection"))
    expect = {"ending": "truncated", "text": {"prefix_of": "Hello", "at_least": "He"}}
    finding = only(verdict(expect, seen))
    assert (finding.kind, finding.silent) == ("loss", False)


def test_reasoning_is_not_compared_where_it_is_not_claimed() -> None:
    expect = {"text": "Fine.", "reasoning": "Let me see."}
    assert findings(expect, observed(*text("Fine.")), PLAIN) == []
    assert findings(expect, observed(*text("Fine.")), ALL) == [("reasoning-as-sent", "loss")]


def test_reasoning_in_the_text_is_a_leak_even_where_it_is_not_claimed() -> None:
    expect = {"text": "Fine.", "reasoning": "Let me see."}
    assert findings(expect, observed(*text("Let me see.Fine.")), PLAIN) == [("text-as-sent", "leak")]


def test_refusals_are_compared_apart_from_the_text() -> None:
    expect = {"text": "", "refusal": "I cannot."}
    assert findings(expect, observed(Refusal("I cannot."))) == []
    assert findings(expect, observed(Text("I cannot."))) == [
        ("text-as-sent", "corruption"),
        ("refusal-as-sent", "loss"),
    ]


def test_parts_must_come_in_order() -> None:
    expect = {"text": "ab", "reasoning": "r", "order": ["reasoning", "text"]}
    assert findings(expect, observed(Reasoning("r"), Text("a"), Text("b"))) == []
    assert findings(expect, observed(Text("ab"), Reasoning("r"))) == [("parts-in-order", "order")]


def test_parts_that_are_run_together_are_merged() -> None:
    expect = {"text": "ab", "reasoning": "r", "order": ["text", "reasoning", "text"]}
    assert findings(expect, observed(Text("ab"), Reasoning("r"))) == [("parts-in-order", "merge")]


def test_the_order_leaves_out_what_is_not_claimed() -> None:
    expect = {"text": "ab", "reasoning": "r", "order": ["text", "reasoning", "text"]}
    assert findings(expect, observed(Text("a"), Text("b")), PLAIN) == []


def test_the_order_of_an_answer_that_broke_off_is_a_beginning() -> None:
    expect = {"ending": "truncated", "text": {"any": True}, "reasoning": "r", "order": ["reasoning", "text"]}
    assert findings(expect, observed(Reasoning("r"), end=failed())) == []


def test_signatures_must_arrive_whole() -> None:
    expect = {"signatures": ["s1", "s2"]}
    assert findings(expect, observed(Signature("s1"), Signature("s2"))) == []
    assert findings(expect, observed(Signature("s1"))) == [("signatures-kept", "loss")]
    assert findings(expect, observed(Signature("s1s2"))) == [("signatures-kept", "merge")]
    assert findings(expect, observed(Signature("s1"), Signature("s2"), Signature("s2"))) == [
        ("signatures-kept", "duplicate")
    ]


def test_usage_is_compared_field_by_field_where_it_is_claimed() -> None:
    expect = {"usage": {"input_tokens": 9, "output_tokens": 4}}
    assert findings(expect, observed(Usage(input_tokens=9, output_tokens=4, cache_read_tokens=2))) == []
    assert findings(expect, observed(Usage(input_tokens=9))) == [("usage-as-sent", "loss")]
    assert findings(expect, observed(Usage(input_tokens=9, output_tokens=8))) == [("usage-as-sent", "corruption")]
    assert findings(expect, observed(), PLAIN) == []


def test_a_count_of_zero_may_be_left_out() -> None:
    assert findings({"usage": {"cache_read_tokens": 0}}, observed(Usage(input_tokens=1))) == []


def test_every_choice_must_arrive() -> None:
    expect = {"text": "a", "other_choices": ["b"]}
    assert findings(expect, observed(Text("a"), Text("b", choice=1))) == []
    assert findings(expect, observed(Text("a"))) == [("choices-as-sent", "loss")]
    assert findings(expect, observed(Text("a"), Text("bb", choice=1))) == [("choices-as-sent", "merge")]


def test_a_count_may_have_alternatives_where_practice_differs() -> None:
    expect = {"usage": {"input_tokens": [25, 100]}}
    assert findings(expect, observed(Usage(input_tokens=25))) == []
    assert findings(expect, observed(Usage(input_tokens=100))) == []
    assert findings(expect, observed(Usage(input_tokens=175))) == [("usage-as-sent", "corruption")]
    assert findings(expect, observed()) == [("usage-as-sent", "loss")]
    assert findings({"usage": {"input_tokens": [0, 9]}}, observed()) == []


def test_warnings_are_demanded_of_those_that_claim_them() -> None:
    expect = {"warnings": ["sse-done-missing"]}
    assert findings(expect, observed(Warning("sse-done-missing", "no [DONE]"))) == []
    assert findings(expect, observed(Warning("other", "?"))) == [("warnings-given", "loss")]
    assert findings(expect, observed(), ALL - {"warnings"}) == []


def _gated(*given_up: int, gate: Gate = Gate(until_text="one")) -> Observation:  # noqa: B008 - it is frozen
    response = wire(chunks=(Chunk(b"one"), Chunk(b"two", gate=gate), Chunk(b"three", gate=gate)))
    tried = attempt(response=response, sent_s=(0.1, 30.1, 30.1), given_up=given_up)
    timed = (TimedEvent(0.2, Text("o")), TimedEvent(30.2, Text("ne")), TimedEvent(30.3, Text("twothree")))
    return Observation(timed, CallerEnd("completed"), (tried,), 31.0)


def test_text_must_not_be_held_back_at_a_gate() -> None:
    case = scenario({"text": "onetwothree"})
    assert judge(case, "gemini", ALL, _gated()).verdict == "pass"
    finding = only(judge(case, "gemini", ALL, _gated(1)))
    assert (finding.check, finding.kind, finding.silent) == ("streamed-at-once", "late", False)
    assert (finding.offset, finding.expected, finding.seen) == (3, "one", "o")


def test_events_must_not_be_held_back_at_a_gate() -> None:
    seen = _gated(2, gate=Gate(until_events=2))
    finding = only(judge(scenario({"text": "onetwothree"}), "gemini", ALL, seen))
    assert (finding.offset, finding.expected) == (6, "2 events with content")


def test_what_follows_from_an_early_end_is_not_found_again() -> None:
    expect = {
        "text": "Hello",
        "reasoning": {"any": True},
        "order": ["reasoning", "text"],
        "usage": {"input_tokens": 9},
        "signatures": ["s"],
        "other_choices": ["x"],
        "warnings": ["w"],
    }
    seen = observed(Text("Hel"), end=failed())
    assert findings(expect, seen) == [("text-as-sent", "loss"), ("ending-as-it-was", "wrong-error")]


def test_a_call_among_the_parts_counts_as_one() -> None:
    expect = {"tool_calls": ["a", "b"], "order": ["tool_call"]}
    seen = observed(call(0, "a", "{}"), call(1, "b", "{}"), Finish("tool_calls"))
    assert findings(expect, seen) == []


def test_the_features_are_those_that_are_documented() -> None:
    assert set(FEATURES) >= ALL
