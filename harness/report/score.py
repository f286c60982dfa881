"""Counts over results: what passed, what failed and how loudly, what says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.marks import mark
from harness.runner.results import Result


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of cases. Unsupported and unmeasured cases are neither passed nor failed."""

    cases: int = 0
    must_passed: int = 0
    must_failed: int = 0
    must_silent: int = 0
    must_hung: int = 0
    other_passed: int = 0
    should_failed: int = 0
    may_failed: int = 0
    silent: int = 0
    hung: int = 0
    unsupported: int = 0
    errors: int = 0
    known: int = 0
    nonconformant: int = 0
    duration_s: float = 0.0

    @property
    def must_judged(self) -> int:
        """How many `must` cases have a pass or a fail."""
        return self.must_passed + self.must_failed

    @property
    def must_rate(self) -> float | None:
        """The share of judged `must` cases that passed; None where none was judged."""
        return self.must_passed / self.must_judged if self.must_judged else None

    @property
    def percent(self) -> str:
        """The must rate in words. Only what is whole says 100 %: it is rounded down."""
        rate = self.must_rate
        return "–" if rate is None else f"{int(rate * 100)} %"

    @property
    def must_loud(self) -> int:
        """`must` failures that are neither silent nor a hang."""
        return self.must_failed - self.must_silent - self.must_hung


def tally(results: Iterable[Result]) -> Tally:
    """The counts over these results."""
    results = list(results)
    failed = [result for result in results if result.verdict == "fail"]
    passed = [result for result in results if result.verdict == "pass"]
    must_failed = [result for result in failed if result.level == "must"]
    return Tally(
        cases=len(results),
        must_passed=sum(result.level == "must" for result in passed),
        must_failed=len(must_failed),
        must_silent=sum(map(fails_silently, must_failed)),
        must_hung=sum(hangs(result) and not fails_silently(result) for result in must_failed),
        other_passed=sum(result.level != "must" for result in passed),
        should_failed=sum(result.level == "should" for result in failed),
        may_failed=sum(result.level == "may" for result in failed),
        silent=sum(map(fails_silently, failed)),
        hung=sum(map(hangs, failed)),
        unsupported=sum(result.verdict == "unsupported" for result in results),
        errors=sum(result.verdict == "error" for result in results),
        known=sum(bool(result.known) for result in failed),
        nonconformant=sum(result.nonconformant for result in results),
        duration_s=sum(result.duration_s for result in results),
    )


def fails_silently(result: Result) -> bool:
    """Whether one of its halves fails in a way that the caller could not notice."""
    return any(mark(result, column).state == "silent" for column in ("content", "ending"))


def hangs(result: Result) -> bool:
    """Whether one of its halves hangs."""
    return any(mark(result, column).state == "hang" for column in ("content", "ending"))
