"""A run in a few lines: a table of verdicts, what failed and why, and the exit status that follows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

from harness.cli.exits import CONFORMS, COULD_NOT_RUN, FAILED
from harness.cli.fuzz_summary import print_searches
from harness.report.comparison import Comparison
from harness.report.visible import counted, plain
from harness.runner.flips import Flip
from harness.runner.plan import CANARY_FAMILY
from harness.runner.results import RecordingResult, Result, Run

Column: TypeAlias = tuple[str, str, str]
"""A system, its version, a dialect."""

PLAIN_WIDTH = 120
"""Columns of the table where nobody says how wide the terminal is."""
SHOWN_FAILURES = 20
"""Failures that the terminal lists; the report has all of them."""
SHOWN_NAMES = 3
"""Exchanges that it names of those that there is nothing to say of, for each reason."""


def exit_status(run: Run) -> int:
    """1 where a must failed or was broken by a search, or a recording does not hold, else 3 where something could not
    run, else 0."""
    if any(result.nonconformant for result in run.results) or any(each.verdict == "fail" for each in run.recordings):
        return FAILED
    if any(search.nonconformant for search in run.searches):
        return FAILED
    if "error" in {*(result.verdict for result in run.results), *(search.verdict for search in run.searches)}:
        return COULD_NOT_RUN
    return CONFORMS


def status_against(comparison: Comparison, run: Run) -> int:
    """The same against a baseline: 1 where a must fails that did not fail there, or a known failure passes; 3 where
    something could no longer be judged."""
    new = [*comparison.of("broke"), *comparison.of("new-failure")]
    if any(change.level == "must" and change.after and not change.after.known for change in new):
        return FAILED
    if any(result.known and result.verdict == "pass" for result in run.results):
        return FAILED
    return COULD_NOT_RUN if comparison.of("unmeasured") else CONFORMS


def print_summary(run: Run, report: Path | None) -> None:
    """The summary on stdout."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    if run.results:
        suspects = _suspects(run.results)
        trusted = [result for result in run.results if _column(result) not in suspects]
        if trusted:
            console.print(_table(trusted))
        if suspects:
            _print_suspects(console, [result for result in run.results if _column(result) in suspects])
        _print_failures(console, run.results)
    if streams := [each for each in run.recordings if not each.golden]:
        _print_recordings(console, streams)
    if exchanges := [each for each in run.recordings if each.golden]:
        _print_exchanges(console, exchanges)
    if run.searches:
        print_searches(console, run.searches)
    if run.footer is not None and run.footer.note:
        console.print(f"\n{run.footer.note}", markup=False)
    if run.footer is None or run.footer.interrupted:
        console.print("\nnot whole: the run did not come to its end, results may be missing", markup=False)
    if report is not None:
        console.print(f"report: {report / 'index.html'}", markup=False)


def print_left_out(run: Run) -> None:
    """Which systems did not take part, and why."""
    count = len(run.header.left_out)
    if count:
        print(f"\nleft out: {count} system{'' if count == 1 else 's'}")
    for name, reason in run.header.left_out.items():
        print(f"  {plain(name)}: {plain(reason)}")


def print_flips(flips: Iterable[Flip], times: int) -> None:
    """Which verdicts were not the same in all runs."""
    flipped = list(flips)
    print(f"\n{times} runs: {len(flipped) or 'no'} verdict{'' if len(flipped) == 1 else 's'} flipped")
    for flip in flipped:
        print(f"  {flip.system} {flip.scenario} ({flip.pair}): {plain(flip.words)}\n    {flip.reproduce}")


def _column(result: Result) -> Column:
    return result.system, result.system_version, result.dialect


def _suspects(results: Iterable[Result]) -> set[Column]:
    """Systems, in a dialect, whose canary did not pass: what else they show says little of them."""
    return {
        _column(result)
        for result in results
        if result.family == CANARY_FAMILY and result.verdict in ("fail", "error") and not result.known
    }


def _print_suspects(console: Console, results: Iterable[Result]) -> None:
    words = "A canary did not pass: of these the adapter or the harness is suspected first, and not the system"
    console.print(f"\n{words}", markup=False)
    console.print(_table(results))


def _table(results: Iterable[Result]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("system", "version", "dialect"):
        table.add_column(title)
    for title in ("pass", "fail", "silent", "known", "should/may fail", "unsupported", "error"):
        table.add_column(title, justify="right")
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.system, result.system_version, result.dialect), []).append(result)
    for key, group in sorted(groups.items()):
        table.add_row(*key, *map(str, _counts(group)))
    return table


def _counts(group: list[Result]) -> tuple[int, ...]:
    verdicts = Counter(result.verdict for result in group)
    failed = [result for result in group if result.verdict == "fail"]
    return (
        verdicts["pass"],
        sum(result.nonconformant for result in failed),
        sum(result.silent for result in failed),
        sum(result.known is not None for result in failed),
        sum(result.level != "must" and result.known is None for result in failed),
        verdicts["unsupported"],
        verdicts["error"],
    )


def _print_failures(console: Console, results: Iterable[Result]) -> None:
    loud = [result for result in results if result.nonconformant or result.verdict == "error"]
    for result in sorted(loud, key=lambda each: (not each.silent, each.system, each.scenario))[:SHOWN_FAILURES]:
        silent = " silently" if result.silent else ""
        console.print(f"\n{result.verdict}{silent}: {result.system} {result.scenario} ({result.pair})", markup=False)
        if result.known and result.verdict == "pass":
            console.print("  it is listed as a known failure, and passes: remove the entry", markup=False)
        for failure in result.failures:
            console.print(f"  {failure.kind}: {failure.message}", markup=False)
        if result.note:
            console.print(f"  {result.note}", markup=False)
        console.print(f"  {result.reproduce}", markup=False)
    if len(loud) > SHOWN_FAILURES:
        console.print(f"\n… and {len(loud) - SHOWN_FAILURES} more", markup=False)


def _print_recordings(console: Console, recordings: Iterable[RecordingResult]) -> None:
    by_verdict: dict[str, list[RecordingResult]] = {"pass": [], "fail": [], "unsupported": []}
    for each in recordings:
        by_verdict.setdefault(each.verdict, []).append(each)
    bad, decoded = by_verdict["fail"], [*by_verdict["pass"], *by_verdict["fail"]]
    cuttings = sum(each.cuttings for each in decoded)
    console.print(
        f"\nrecordings: {len(decoded)} streams in {cuttings} cuttings, {len(bad)} do not hold; "
        f"{len(by_verdict['unsupported'])} more are of other dialects",
        markup=False,
    )
    for each in bad[:SHOWN_FAILURES]:
        console.print(f"  {each.id} ({each.dialect}, {each.provider}): {each.problems[0]}", markup=False)


def _print_exchanges(console: Console, exchanges: Sequence[RecordingResult]) -> None:
    """What cassettes amount to beside their golden transcripts, field by field where that is not the same."""
    verdicts = Counter(each.verdict for each in exchanges)
    console.print(
        f"\ncassettes: {counted(len(exchanges), 'exchange')}, {verdicts['pass']} as the golden transcript has it, "
        f"{verdicts['fail']} not; {verdicts['unsupported']} not compared",
        markup=False,
    )
    for each in [each for each in exchanges if each.verdict == "fail"][:SHOWN_FAILURES]:
        console.print(
            f"\nfail: {plain(each.id)} ({each.dialect}, {plain(each.provider)}), {plain(each.source)}", markup=False
        )
        for problem in each.problems:
            console.print(f"  {plain(problem)}", markup=False)
    reasons: dict[str, list[str]] = {}
    for each in exchanges:
        if each.verdict == "unsupported":
            reasons.setdefault(f"not compared, {each.problems[0]}", []).append(each.id)
        elif each.no_case:
            reasons.setdefault(f"no case for a system, {each.no_case}", []).append(each.id)
    for reason, names in reasons.items():
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        console.print(f"  {plain(reason)}: {', '.join(map(plain, names[:SHOWN_NAMES]))}{more}", markup=False)
