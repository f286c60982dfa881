"""A run in a few lines: a table of verdicts, what failed and why, and the exit status that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.text import Text

from harness.cli.amounts import amount_lines
from harness.cli.exits import CONFORMS, COULD_NOT_RUN, FAILED
from harness.cli.failures_shown import print_entries, print_failures
from harness.cli.fuzz_summary import print_searches
from harness.cli.recordings_shown import print_exchanges, print_recordings
from harness.cli.screen import screen
from harness.cli.verdict_table import print_table
from harness.report.comparison import Comparison
from harness.report.entries import entry_trouble, finding_trouble
from harness.report.visible import plain
from harness.runner.flips import Flip
from harness.runner.plan import CANARY_FAMILY
from harness.runner.results import FuzzFinding, Result, Run

Column: TypeAlias = tuple[str, str, str]
"""A system, its version, a dialect."""

SUSPECTED = "A canary did not pass: of these the adapter or the harness is suspected first, and not the system"


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
    """The same against a baseline: 1 where a must fails that did not fail there, or an entry of known failures
    is stale or expired; 3 where something could no longer be judged."""
    new = [*comparison.of("broke"), *comparison.of("new-failure")]
    if any(change.level == "must" and change.after and not change.after.known for change in new):
        return FAILED
    if any(map(entry_trouble, run.results)) or any(map(finding_trouble, _findings(run))):
        return FAILED
    return COULD_NOT_RUN if comparison.of("unmeasured") else CONFORMS


AGAINST = {
    CONFORMS: ("nothing fails that did not fail in the baseline", "bold green"),
    FAILED: ("not as in the baseline: what fails is said above", "bold red"),
    COULD_NOT_RUN: ("no verdict: what had one in the baseline could not be measured", "bold yellow"),
}


def print_against(status: int) -> None:
    """What a comparison with a baseline amounts to, on stdout."""
    screen().print(Text(*AGAINST[status]))


def _findings(run: Run) -> Iterable[FuzzFinding]:
    return (finding for search in run.searches for finding in search.findings)


def print_summary(run: Run, report: Path | None, *, verdict: bool = True) -> None:
    """The summary on stdout: what failed, the table, and last what all of it amounts to.

    Without `verdict` somebody else says that, such as a comparison with a baseline.
    """
    console = screen()
    if run.results:
        print_failures(console, run.results)
        print_entries(console, run.results)
        _print_tables(console, run.results)
    if streams := [each for each in run.recordings if not each.golden]:
        print_recordings(console, streams)
    if exchanges := [each for each in run.recordings if each.golden]:
        print_exchanges(console, exchanges)
    if run.searches:
        print_searches(console, run.searches)
    if run.footer is not None and run.footer.note:
        console.print(f"\n{plain(run.footer.note)}")
    if run.footer is None or run.footer.interrupted:
        console.print("\nnot whole: the run did not come to its end, results may be missing")
    for line in amount_lines(run, verdict=verdict, timed=console.is_terminal):
        console.print(line)
    if report is not None:
        console.print(f"report: {report / 'index.html'}")


def print_left_out(run: Run) -> None:
    """Which systems did not take part, and why."""
    count = len(run.header.left_out)
    if count:
        print(f"\nleft out: {count} system{'' if count == 1 else 's'}")
    for name, reason in run.header.left_out.items():
        print(f"  {plain(name)}: {plain(reason)}")


def print_flips(flips: Iterable[Flip], times: int) -> None:
    """Which verdicts were not the same in all runs; those that are known to be flaky last."""
    flipped = sorted(flips, key=lambda flip: bool(flip.flaky))
    print(f"\n{times} runs: {len(flipped) or 'no'} verdict{'' if len(flipped) == 1 else 's'} flipped")
    for flip in flipped:
        known = f"\n    known to be flaky: {plain(flip.flaky)}" if flip.flaky else ""
        print(f"  {flip.system} {flip.scenario} ({flip.pair}): {plain(flip.words)}{known}\n    {flip.reproduce}")


def _column(result: Result) -> Column:
    return result.system, result.system_version, result.dialect


def _suspects(results: Iterable[Result]) -> set[Column]:
    """Systems, in a dialect, whose canary did not pass: what else they show says little of them."""
    return {
        _column(result)
        for result in results
        if result.family == CANARY_FAMILY and result.verdict in ("fail", "error") and not result.known
    }


def _print_tables(console: Console, results: Sequence[Result]) -> None:
    """The table, and another one of systems that a canary says not to trust the verdicts of."""
    suspects = _suspects(results)
    if trusted := [result for result in results if _column(result) not in suspects]:
        print_table(console, trusted)
    if suspects:
        console.print(f"{chr(10) if trusted else ''}{SUSPECTED}")
        print_table(console, [result for result in results if _column(result) in suspects])
