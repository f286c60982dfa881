"""Two runs side by side: each kind of change, what counts as a regression, and the words for it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from harness.catalogue.findings import Finding
from harness.report.comparison import ChangeKind, Comparison, compare_runs
from harness.report.outputs.comparison_text import comparison_markdown, in_one_line
from harness.runner.results import Footer, Header, RecordingResult, Result, Run

HEADER = Header(1, "0.1.0", "c1", "2026-01-01T00:00:00+00:00", "sockets", "3.11", "linux", {"sdk": "1.0"})
LOST = Finding("loss", "text", "content", silent=True, message="the word 'snow' never came")
WRONG = Finding("corruption", "text", "content", silent=False, message="'snow' came as 'sn?w'")


def result(scenario: str = "text/plain", verdict: str = "pass", **changed: Any) -> Result:
    made = Result(
        system="sdk",
        system_version="1.0",
        dialect="openai-chat",
        scenario=scenario,
        family="text",
        title="A text",
        level="must",
        verdict=verdict,  # type: ignore[arg-type]
        content="pass",
        ending="pass",
        failures=[LOST] if verdict == "fail" else [],
        attempts=1,
        duration_s=0.1,
        reproduce="harness replay --system sdk --scenario text/plain",
    )
    return replace(made, **changed)


def run(*results: Result, recordings: tuple[RecordingResult, ...] = ()) -> Run:
    return Run(HEADER, results, recordings, Footer(len(results), 1.0))


def kinds(comparison: Comparison) -> list[ChangeKind]:
    return [change.kind for change in comparison.changes]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("pass", "fail", "broke"),
        ("fail", "pass", "fixed"),
        ("pass", "error", "unmeasured"),
        ("fail", "error", "unmeasured"),
        ("error", "fail", "new-failure"),
        ("pass", "unsupported", "support"),
        ("unsupported", "fail", "support"),
    ],
)
def test_a_verdict_that_is_another_is_a_change_of_its_kind(before: str, after: str, kind: ChangeKind) -> None:
    comparison = compare_runs(run(result(verdict=before)), run(result(verdict=after)))
    assert (kinds(comparison), comparison.same) == ([kind], 0)


@pytest.mark.parametrize(("before", "after"), [("pass", "pass"), ("fail", "fail"), ("error", "pass")])
def test_the_same_again_is_no_change(before: str, after: str) -> None:
    comparison = compare_runs(run(result(verdict=before)), run(result(verdict=after)))
    assert (kinds(comparison), comparison.same) == ([], 1)


def test_failing_in_another_way_is_told_and_is_no_regression() -> None:
    comparison = compare_runs(run(result(verdict="fail")), run(result(verdict="fail", failures=[WRONG])))
    assert kinds(comparison) == ["changed"]
    assert comparison.regressions("must", "should", "may") == ()


def test_another_message_of_the_same_failure_is_no_change() -> None:
    said_otherwise = replace(LOST, message="another offset")
    comparison = compare_runs(run(result(verdict="fail")), run(result(verdict="fail", failures=[said_otherwise])))
    assert kinds(comparison) == []


def test_cases_that_one_run_alone_has_are_new_or_gone() -> None:
    comparison = compare_runs(
        run(result("text/old")),
        run(result("text/new", "fail"), result("text/fine"), result("text/known", "fail", known="yes")),
    )
    assert [(change.kind, change.case) for change in comparison.changes] == [
        ("new-failure", "text/new"),
        ("gone", "text/old"),
    ]


def test_another_version_of_the_system_is_the_same_case() -> None:
    [change] = compare_runs(run(result()), run(result(verdict="fail", system_version="2.0"))).changes
    assert change.is_regression
    assert in_one_line(change) == (
        "sdk 1.0 → 2.0 text/plain (openai-chat), must: pass → fail [silent loss]: the word 'snow' never came"
    )


def test_a_known_failure_is_no_regression() -> None:
    [change] = compare_runs(run(result()), run(result(verdict="fail", known="the vendor is told"))).changes
    assert (change.kind, change.is_regression) == ("broke", False)


@pytest.mark.parametrize(("before", "after"), [("pass", "fail"), ("fail", "pass")])
def test_what_is_known_to_be_flaky_is_no_change_whatever_it_did(before: str, after: str) -> None:
    now = result(verdict=after, known="it depends", flaky=True)
    comparison = compare_runs(run(result(verdict=before)), run(now))
    assert (comparison.changes, comparison.same) == ((), 1)


def test_regressions_are_those_of_the_levels_asked_for() -> None:
    comparison = compare_runs(run(result(level="should")), run(result(verdict="fail", level="should")))
    assert comparison.regressions("must") == ()
    assert len(comparison.regressions("must", "should")) == 1


def test_a_recorded_stream_that_no_longer_holds_is_a_regression() -> None:
    def recording(verdict: str, problems: list[str]) -> RecordingResult:
        fields = ("reference", "rec-1", "gemini", "google", "here", 10, 1, 3, "completed", "stop")
        return RecordingResult(*fields, verdict, problems, [])  # type: ignore[arg-type]

    before, after = recording("pass", []), recording("fail", ["cut every 2 bytes: text is another"])
    comparison = compare_runs(run(recordings=(before,)), run(recordings=(after,)))
    [change] = comparison.regressions("must")
    assert in_one_line(change) == (
        "reference rec-1 (gemini), must: pass → fail [another outcome]: cut every 2 bytes: text is another"
    )


def test_the_gravest_changes_come_first() -> None:
    before = run(result("a/may", level="may"), result("b/must"), result("c/silent"), result("d/fixed", "fail"))
    after = run(
        result("a/may", "fail", level="may"),
        result("b/must", "fail", failures=[WRONG]),
        result("c/silent", "fail"),
        result("d/fixed"),
    )
    assert [change.case for change in compare_runs(before, after).changes] == [
        "c/silent",
        "b/must",
        "a/may",
        "d/fixed",
    ]


def test_markdown_says_what_broke_and_keeps_foreign_words_in_code() -> None:
    hostile = replace(LOST, message="<img src=x> `code` @somebody\n# heading")
    text = comparison_markdown(compare_runs(run(result()), run(result(verdict="fail", failures=[hostile]))))
    assert text.startswith("## LLM streaming compatibility: 1 case broke\n\n**Passed before, and fails now: 1**\n")
    assert "``<img src=x> `code` @somebody # heading``" in text
    assert comparison_markdown(compare_runs(run(result()), run(result()))) == (
        "## LLM streaming compatibility: nothing broke\n\n1 case as before.\n"
    )
