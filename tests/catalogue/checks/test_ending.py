"""How the caller learnt that it was over: truncations, errors, stop reasons and hangs."""

from dataclasses import replace

import pytest

from harness.catalogue.models import NO_STOP_REASONS
from harness.catalogue.observation import CallerEnd
from harness.events import ErrorInfo, Failure, Finish, Text, Warning

from .build import ALL, PLAIN, attempt, failed, findings, observed, only, text, verdict, wire

CUT = {"ending": "truncated", "text": {"prefix_of": "Hello"}}


@pytest.mark.parametrize("end", ["truncated", failed("connection"), CallerEnd("error")])
def test_a_cut_answer_passes_when_the_caller_is_told(end: object) -> None:
    assert findings(CUT, observed(Text("Hel"), end=end)) == []  # type: ignore[arg-type]


def test_a_cut_answer_that_passes_for_finished_is_a_silent_truncation() -> None:
    judgement = verdict(CUT, observed(*text("Hel")))
    finding = only(judgement)
    assert (finding.check, finding.kind, finding.silent) == ("ending-as-it-was", "silent-truncation", True)
    assert (judgement.content, judgement.ending) == ("pass", "fail")


def test_it_says_when_a_silent_truncation_came_without_a_stop_reason() -> None:
    assert "without a stop reason" in only(verdict(CUT, observed(Text("Hel")))).message


def test_a_truncation_that_was_warned_of_is_not_silent() -> None:
    finding = only(verdict(CUT, observed(Text("Hel"), Warning("no-end", "no end marker"))))
    assert (finding.kind, finding.silent) == ("silent-truncation", False)


def test_an_error_event_tells_the_caller_as_an_exception_does() -> None:
    assert findings(CUT, observed(Text("Hel"), Failure(ErrorInfo("connection", "reset")))) == []


def test_an_error_that_passes_for_an_answer_is_a_silent_error() -> None:
    finding = only(verdict({"ending": "failed"}, observed(Finish("stop"))))
    assert (finding.kind, finding.silent) == ("silent-error", True)


def test_the_wire_decides_where_both_endings_will_do() -> None:
    both = {"ending": ["truncated", "failed"]}
    cut = (attempt(response=wire(ending="reset")),)
    refused = (attempt(response=wire(status=500)),)
    assert only(verdict(both, observed(attempts=cut))).kind == "silent-truncation"
    assert only(verdict(both, observed(attempts=refused))).kind == "silent-error"
    assert only(verdict(both | {"error": "server"}, observed(attempts=cut))).kind == "silent-error"


def test_an_error_where_all_went_well_is_a_wrong_error() -> None:
    finding = only(verdict({"text": "Hello"}, observed(Text("Hello"), end=failed("protocol", "bad frame"))))
    assert (finding.check, finding.kind, finding.silent) == ("ending-as-it-was", "wrong-error", False)
    assert finding.seen == "bad frame"


def test_cancelling_is_not_failing() -> None:
    expect = {"ending": "cancelled", "text": {"prefix_of": "Hello"}}
    assert findings(expect, observed(Text("Hel"), end="cancelled")) == []
    assert findings(expect, observed(Text("Hel"), end=failed())) == [("ending-as-it-was", "wrong-error")]
    assert not only(verdict(expect, observed(Text("Hel")))).silent


def test_a_client_that_waits_as_it_was_told_is_no_hang_and_one_that_asks_meanwhile_is_too_soon() -> None:
    expect = {"ending": ["failed", "waiting"], "attempts": 1}
    refused = attempt(response=wire(status=429))
    assert findings(expect, observed(hung=True, end=None, attempts=(refused,))) == []
    again = observed(hung=True, end=None, attempts=(refused, replace(refused, number=2)))
    assert findings(expect, again) == [("attempts-counted", "retry")]
    assert findings({"ending": "failed"}, observed(hung=True, end=None)) == [("ended-in-time", "hang")]


def test_a_stop_reason_that_never_came_is_lost() -> None:
    finding = only(verdict({"finish": "stop"}, observed()))
    assert (finding.check, finding.kind, finding.column) == ("finish-as-sent", "loss", "ending")


@pytest.mark.parametrize(
    ("sent", "seen", "kind"),
    [
        ("length", "stop", "silent-truncation"),
        ("content_filter", "stop", "silent-error"),
        ("refusal", "tool_calls", "silent-error"),
        ("stop", "length", "corruption"),
        ("length", "other", "corruption"),
    ],
)
def test_another_stop_reason_has_its_kind(sent: str, seen: str, kind: str) -> None:
    finding = only(verdict({"finish": sent}, observed(Finish(seen))))  # type: ignore[arg-type]
    assert (finding.check, finding.kind, finding.silent) == ("finish-as-sent", kind, True)


def test_stop_reasons_that_a_dialect_does_not_tell_apart_are_alike() -> None:
    assert findings({"finish": "tool_calls"}, observed(Finish("stop")), dialect="gemini") == []
    assert findings({"finish": "tool_calls"}, observed(Finish("stop")), dialect="anthropic-messages") == [
        ("finish-as-sent", "corruption")
    ]


def test_a_stop_reason_is_not_asked_for_when_the_answer_broke_off() -> None:
    assert findings(CUT | {"finish": "stop"}, observed(Text("Hel"), end=failed())) == []


LIMIT = {"ending": "failed", "error": {"kind": "rate_limit", "status": 429, "message_contains": "slow down"}}


def test_the_error_is_the_one_that_there_was() -> None:
    end = failed("rate_limit", "Please slow down.", status=429)
    assert findings(LIMIT, observed(end=end)) == []


@pytest.mark.parametrize(
    "end",
    [
        failed("server", "slow down", status=500),
        failed("invalid_request", "slow down"),
        failed("unknown", "slow down", status=400),
        failed("rate_limit", "Something went wrong.", status=429),
    ],
)
def test_another_error_is_a_wrong_error(end: CallerEnd) -> None:
    finding = only(verdict(LIMIT, observed(end=end)))
    assert (finding.check, finding.kind, finding.silent) == ("error-as-sent", "wrong-error", False)


@pytest.mark.parametrize("end", [failed("unknown", "slow down"), CallerEnd("error", None, "Error"), "truncated"])
def test_what_a_system_does_not_say_of_an_error_is_not_compared(end: object) -> None:
    assert findings(LIMIT, observed(end=end)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sent", "seen", "feature"),
    [
        ("context_overflow", "invalid_request", "overflow"),
        ("quota", "rate_limit", "error_kinds"),
        ("overloaded", "rate_limit", "error_kinds"),
        ("overloaded", "server", "error_kinds"),
    ],
)
def test_kinds_are_told_apart_by_those_that_claim_it(sent: str, seen: str, feature: str) -> None:
    expect = {"ending": "failed", "error": sent}
    end = failed(seen)  # type: ignore[arg-type]
    assert findings(expect, observed(end=end), ALL - {feature}) == []
    assert findings(expect, observed(end=end), ALL) == [("error-as-sent", "wrong-error")]


def test_a_rate_limit_is_never_an_overflow() -> None:
    expect = {"ending": "failed", "error": "rate_limit"}
    assert findings(expect, observed(end=failed("context_overflow")), PLAIN) == [("error-as-sent", "wrong-error")]


def test_alternative_kinds_will_do() -> None:
    expect = {"ending": "failed", "error": {"kind": ["timeout", "connection"]}}
    assert findings(expect, observed(end=failed("timeout"))) == []


def test_retryable_and_delay_are_asked_of_those_that_claim_error_kinds() -> None:
    expect = {"ending": "failed", "error": {"retryable": True, "retry_after_s": 2}}
    plain = ALL - {"error_kinds"}
    assert findings(expect, observed(end=failed()), plain) == []
    assert findings(expect, observed(end=failed(retry_after_s=3.0)), plain) == [("error-as-sent", "wrong-error")]
    assert findings(expect, observed(end=failed(retry_after_s=2.0, retryable=True))) == []
    assert "retryable, retry_after_s" in only(verdict(expect, observed(end=failed()))).message


def test_a_hang_is_one_and_takes_no_other_rule_of_the_ending_along() -> None:
    seen = observed(Text("Hello"), end=None, hung=True)
    judgement = verdict({"text": "Hello", "finish": "stop"}, seen)
    finding = only(judgement)
    assert (finding.check, finding.kind, finding.silent) == ("ended-in-time", "hang", False)
    assert (judgement.content, judgement.ending) == ("pass", "fail")


def test_a_status_is_compared_only_if_one_is_expected() -> None:
    expect = {"ending": "failed", "error": "rate_limit"}
    assert findings(expect, observed(end=failed("rate_limit", status=429))) == []


@pytest.mark.parametrize(
    ("sent", "kept_to_itself"), [("stop", 0), ("tool_calls", 0), ("length", 1), ("content_filter", 1)]
)
def test_a_client_without_stop_reasons_may_leave_out_a_good_end_alone(sent: str, kept_to_itself: int) -> None:
    judgement = verdict({"finish": sent}, observed(), features=frozenset({NO_STOP_REASONS}))
    assert [finding.check for finding in judgement.findings] == ["finish-as-sent"] * kept_to_itself


def test_what_a_client_without_stop_reasons_gives_all_the_same_must_be_right() -> None:
    judgement = verdict({"finish": "stop"}, observed(Finish("length")), features=frozenset({NO_STOP_REASONS}))
    assert [finding.check for finding in judgement.findings] == ["finish-as-sent"]
