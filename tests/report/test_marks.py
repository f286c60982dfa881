from typing import Any

import pytest

from harness.catalogue.findings import Finding
from harness.report.marks import Mark, by_gravity, mark, worst
from harness.runner.results import Result


def finding(kind: Any, silent: bool = False, column: Any = "content") -> Finding:
    return Finding(kind=kind, check="text-as-sent", column=column, silent=silent, message="")


def result(*findings: Finding, level: Any = "must", content: Any = "pass", ending: Any = "pass") -> Result:
    verdict = "fail" if "fail" in (content, ending) else content
    return Result("s", "1", "ollama", "a/b", "a", "t", level, verdict, content, ending, list(findings), 1, 0.1, "x")


def test_each_half_is_marked_by_its_own_findings() -> None:
    both = result(finding("loss"), finding("silent-error", True, "ending"), content="fail", ending="fail")
    assert mark(both, "content") == Mark("fail", "must")
    assert mark(both, "ending") == Mark("silent", "must")
    assert worst(both) == Mark("silent", "must")


def test_a_hang_is_no_silent_failure() -> None:
    assert mark(result(finding("hang", True, "ending"), ending="fail"), "ending").state == "hang"


def test_a_silent_failure_outweighs_a_hang() -> None:
    both = result(finding("hang"), finding("loss", silent=True), content="fail")
    assert mark(both, "content").state == "silent"


@pytest.mark.parametrize("verdict", ["pass", "unsupported", "error"])
def test_what_does_not_fail_keeps_its_verdict(verdict: Any) -> None:
    assert mark(result(content=verdict, ending=verdict), "ending") == Mark(verdict, "must")


def test_levels_are_told_apart_without_colour() -> None:
    assert Mark("fail", "must").symbol == "fail"
    assert Mark("fail", "should").symbol == "should"
    assert Mark("fail", "may").symbol == "may"
    assert Mark("silent", "should").symbol == "silent"
    assert Mark("silent", "should").words == "fails silently (should)"
    assert Mark("fail", "must").words == "fails"
    assert Mark("pass", "may").words == "passes"


def test_gravest_first() -> None:
    marks = [
        Mark("pass", "must"),
        Mark("fail", "may"),
        Mark("error", "must"),
        Mark("silent", "should"),
        Mark("fail", "must"),
        Mark("hang", "must"),
        Mark("silent", "must"),
        Mark("unsupported", "must"),
    ]
    order = [(each.state, each.level) for each in sorted(marks, key=lambda each: each.rank)]
    assert order == [
        ("silent", "must"),
        ("hang", "must"),
        ("fail", "must"),
        ("silent", "should"),
        ("fail", "may"),
        ("error", "must"),
        ("unsupported", "must"),
        ("pass", "must"),
    ]


def test_silent_findings_come_first() -> None:
    order = by_gravity([finding("loss"), finding("hang"), finding("leak", silent=True)])
    assert [each.kind for each in order] == ["leak", "hang", "loss"]
