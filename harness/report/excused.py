"""What fails in a baseline as well does not count: those failures, as known ones."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from msgspec import structs

from harness.report.comparison import compare_runs
from harness.runner.results import FuzzResult, Result, Run, pair_words


def excused(run: Run, baseline: Run) -> Run:
    """The run with every failure that the baseline has as well made a known one.

    Failures of recorded streams stay as they are: nothing is known of those.
    """
    comparison = compare_runs(baseline, run)
    new = {(each.system, each.pair, each.case) for each in (*comparison.of("broke"), *comparison.of("new-failure"))}
    words = f"it failed in the baseline of {baseline.header.started[:10]} as well"
    return replace(
        run,
        results=tuple(_excused_result(each, new, words) for each in run.results),
        searches=tuple(_excused_search(each, new, words) for each in run.searches),
    )


def _excused_result(result: Result, new: Set[tuple[str, str, str]], words: str) -> Result:
    if result.verdict != "fail" or result.known or (result.system, result.pair, result.scenario) in new:
        return result
    return structs.replace(result, known=words)


def _excused_search(search: FuzzResult, new: Set[tuple[str, str, str]], words: str) -> FuzzResult:
    case = f"fuzz {search.kind} {search.stream}"
    if not search.nonconformant or (search.system, pair_words(search.dialect, search.upstream), case) in new:
        return search
    findings = [structs.replace(each, known=each.known or words) for each in search.findings]
    return structs.replace(search, findings=findings)
