"""The requests themselves: how many, when, and whether a vendor would take them."""

from dataclasses import replace

from harness.catalogue.checks import judge
from harness.catalogue.observation import Attempt, Observation
from harness.dialects.base import RequestFault

from .build import ALL, attempt, fault, findings, observed, only, scenario, verdict, wire


def _twice(gap_s: float) -> Observation:
    return observed(attempts=(attempt(at_s=0.1, ended_s=0.3), attempt(2, at_s=0.1 + gap_s, ended_s=9.0)))


def test_the_attempts_are_counted() -> None:
    assert findings({"attempts": 2}, _twice(1)) == []
    assert findings({"attempts": {"at_most": 3}}, _twice(1)) == []
    assert findings({"attempts": 3}, _twice(1)) == [("attempts-counted", "retry")]
    finding = only(verdict({"attempts": {"at_most": 1}}, _twice(1)))
    assert (finding.kind, finding.silent, finding.expected, finding.seen) == ("retry", False, "at most 1", 2)


def test_the_attempts_are_those_that_the_documentation_promises() -> None:
    case = scenario({"attempts": "documented"}, options={"max_retries": None})
    said = [judge(case, "gemini", ALL, _twice(1), retries) for retries in (1, 2, 0, None)]
    assert [judgement.verdict for judgement in said] == ["pass", "fail", "fail", "unsupported"]
    assert only(said[1]).expected == "3"
    assert only(said[2]).message == "the request was sent too often: 2 times, not 1"


def test_attempts_at_the_fallback_count_apart() -> None:
    seen = observed(attempts=(attempt(), attempt(1, fallback=True)))
    assert findings({"attempts": 1, "fallback_attempts": 1}, seen) == []
    assert findings({"fallback_attempts": 0}, seen) == [("fallback-used", "retry")]


def test_a_wait_may_be_a_little_short_but_not_more() -> None:
    expect = {"attempts": 2, "waits": [{"before_attempt": 2, "at_least_s": 2}]}
    assert findings(expect, _twice(1.96)) == []
    finding = only(verdict(expect, _twice(1.9)))
    assert (finding.check, finding.kind, finding.attempt) == ("waits-kept", "retry", 2)
    assert "too soon" in finding.message


def test_a_wait_may_be_late_by_the_tolerance() -> None:
    expect = {"waits": [{"before_attempt": 2, "at_most_s": 2}]}
    assert findings(expect, _twice(2.9)) == []
    assert "too late" in only(verdict(expect, _twice(3.1))).message


def test_a_wait_counts_from_when_the_answer_could_first_be_seen() -> None:
    expect = {"waits": [{"before_attempt": 2, "at_least_s": 1.5}]}
    noted_late = observed(attempts=(attempt(at_s=1.0, ended_s=1.4), attempt(2, at_s=2.5)))
    never_ended = observed(attempts=(attempt(at_s=1.0, ended_s=None), attempt(2, at_s=2.5)))
    slow = observed(attempts=(attempt(at_s=1.0, response=replace(wire(b""), before_head_s=0.5)), attempt(2, at_s=2.5)))
    assert findings(expect, noted_late) == findings(expect, never_ended) == []
    assert findings(expect, slow) == [("waits-kept", "retry")]


def test_several_waits_count_together() -> None:
    expect = {"waits": [{"before_attempt": 3, "since_attempt": 1, "at_least_s": 1}]}
    times = (attempt(at_s=1.0), attempt(2, at_s=1.01), attempt(3, at_s=2.2))
    assert findings(expect, observed(attempts=times)) == []
    finding = only(verdict(expect, observed(attempts=(*times[:2], attempt(3, at_s=1.5)))))
    assert finding.message == "attempt 3 came 0.50 s after the answer to attempt 1, too soon"


def test_a_wait_before_an_attempt_that_was_not_made_is_no_finding() -> None:
    assert findings({"waits": [{"before_attempt": 2, "at_least_s": 2}]}, observed()) == []


def _bodies(first: bytes, second: bytes) -> tuple[Attempt, ...]:
    return attempt(body=first), attempt(2, body=second)


def test_a_compacted_request_is_shorter() -> None:
    expect = {"second_request_shorter": True}
    assert findings(expect, observed(attempts=_bodies(b"long", b"new"))) == []
    assert findings(expect, observed(attempts=_bodies(b"long", b"same"))) == [("request-compacted", "retry")]


def test_each_rule_of_the_vendor_is_named_once() -> None:
    refused = (attempt(faults=(fault("orphan-result"), fault("empty-text"))), attempt(2, faults=(fault("empty-text"),)))
    judgement = verdict({}, observed(attempts=refused))
    assert [(finding.kind, finding.attempt) for finding in judgement.findings] == [("request", 1), ("request", 1)]
    assert judgement.findings[0].seen == "orphan-result at messages[1]"


def test_the_request_upstream_must_stop_with_the_caller() -> None:
    expect = {"ending": "cancelled", "upstream_stopped": True}
    left = observed(end="cancelled", attempts=(attempt(client_left=True),))
    stayed = observed(end="cancelled", attempts=(attempt(response=wire()),))
    assert findings(expect, left) == []
    assert findings(expect, stayed) == [("upstream-stopped", "hang")]


def test_of_two_callers_it_is_the_first_that_hung_up() -> None:
    case = scenario({"upstream_stopped": True}, subjects="gateway", front={"hang_up_after_s": 1})
    first_left = observed(attempts=(attempt(client_left=True), attempt(2, response=wire())))
    first_stayed = observed(attempts=(attempt(response=wire()), attempt(2, client_left=True)))
    assert judge(case, "gemini", ALL, first_left).verdict == "pass"
    assert [each.check for each in judge(case, "gemini", ALL, first_stayed).findings] == ["upstream-stopped"]


def test_attempts_are_not_counted_unless_asked() -> None:
    assert findings({}, _twice(0), ALL) == []


def test_what_a_gateways_client_asked_wrongly_may_be_handed_on_in_the_same_dialect_alone() -> None:
    case = scenario({}, subjects="gateway")
    body = b'{"model": "m", "stream": true, "messages": []}'
    asked = attempt(body=body, headers=(("content-type", "application/json"), ("authorization", "Bearer k")))
    handed_on = attempt(faults=(RequestFault("messages-missing", "messages", "it is wrong"),))
    seen = observed(attempts=(handed_on,), front=(asked,))
    assert judge(case, "openai-chat", ALL, seen, upstream="openai-chat").findings == ()
    told = judge(case, "openai-chat", ALL, seen, upstream="gemini").findings
    assert [finding.check for finding in told] == ["requests-acceptable"]
