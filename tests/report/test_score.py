from harness.report.score import Tally, tally

from .sample import SITUATIONS, result_of, small_run

BY_ID = {situation.id: situation for situation in SITUATIONS}


def outcome(scenario: str, verdict: str):
    return result_of(BY_ID[scenario], "openai-python", "openai-chat", verdict)


def test_passes_and_failures_are_counted_by_level() -> None:
    counts = tally(
        [
            outcome("canary/plain-text", "pass"),
            outcome("framing/crlf", "fail"),
            outcome("ending/silence", "fail"),
            outcome("retry/after-429", "fail"),
            outcome("framing/comments", "fail"),
            outcome("usage/late", "fail"),
            outcome("retry/burst-of-529", "pass"),
        ]
    )
    assert (counts.must_passed, counts.must_failed, counts.must_judged) == (1, 3, 4)
    assert (counts.must_silent, counts.must_hung, counts.must_loud) == (1, 1, 1)
    assert (counts.should_failed, counts.may_failed, counts.other_passed) == (1, 1, 1)
    assert counts.silent == 2
    assert counts.nonconformant == 3


def test_unsupported_and_unmeasured_cases_are_no_passes() -> None:
    counts = tally([outcome("framing/crlf", "unsupported"), outcome("framing/crlf", "error")])
    assert (counts.must_judged, counts.unsupported, counts.errors) == (0, 1, 1)
    assert counts.must_rate is None
    assert counts.percent == "–"


def test_only_what_is_whole_says_100_percent() -> None:
    assert Tally(must_passed=999, must_failed=1).percent == "99 %"
    assert Tally(must_passed=1000).percent == "100 %"


def test_every_case_is_counted_once() -> None:
    results = small_run().results
    counts = tally(results)
    others = counts.should_failed + counts.may_failed + counts.other_passed + counts.unsupported + counts.errors
    assert counts.must_judged + others == counts.cases == len(results)
