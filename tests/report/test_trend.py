from harness.report.trend import Standing, point_of
from harness.runner.results import Footer, Run

from .sample import SITUATIONS, header_of, run_of, small_run


def test_a_point_counts_cases_as_a_whole_by_system_and_by_family() -> None:
    point = point_of([small_run()])
    assert (point.started, point.catalogue, point.harness) == ("2026-11-20T10:00:00Z", "2026.11", "0.1.0")
    assert point.all.cases == 96
    assert list(point.systems) == ["anthropic-python", "openai-python", "reference"]
    assert point.systems["reference"] == Standing(cases=60, must_passed=45, must_judged=45)
    assert point.systems["openai-python"].must_passed == 0
    assert point.systems["openai-python"].silent == 12
    assert point.families["canary"].must_judged == 8
    assert sum(each.cases for each in point.families.values()) == 96


def test_the_rate_is_that_of_judged_must_cases() -> None:
    assert Standing(cases=9, must_passed=3, must_judged=4).rate == 0.75
    assert Standing(cases=2).rate is None
    assert point_of([Run(header_of((), {}), (), (), Footer(0, 0.0))]).all.rate is None


def test_several_runs_are_one_point_that_began_with_the_first() -> None:
    one, other = (run_of((name,), SITUATIONS[:2], {}) for name in ("reference", "ollama-python"))
    assert point_of([one, other]).all.cases == 12
