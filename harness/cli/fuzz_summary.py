"""What searches found, in a few lines on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from harness.fuzz.variant import KINDS
from harness.report.visible import counted, plain
from harness.runner.results import FuzzFinding, FuzzResult

SHOWN = 12
"""Findings that the terminal lists; the results file has all of them."""
SHOWN_REASONS = 4


def print_searches(console: Console, searches: Sequence[FuzzResult]) -> None:
    """A table of what was tried and found, then the findings, the silent ones first, and what came to nothing."""
    console.print(_table(searches))
    findings = [(search, finding) for search in searches for finding in search.findings]
    loud = [(search, each) for search, each in findings if not each.known]
    loud.sort(key=lambda pair: (pair[1].level != "must", not pair[1].silent, pair[0].system))
    for search, finding in loud[:SHOWN]:
        for line in _finding_lines(search, finding):
            console.print(line, markup=False)
    if len(loud) > SHOWN:
        console.print(f"\n… and {counted(len(loud) - SHOWN, 'more finding')}", markup=False)
    _print_reasons(console, searches)


def _table(searches: Sequence[FuzzResult]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("system", "version", "kind"):
        table.add_column(title)
    for title in ("streams", "inputs", "proof complete", "findings", "silent", "known", "should/may", "errors"):
        table.add_column(title, justify="right")
    groups: dict[tuple[str, str, str], list[FuzzResult]] = {}
    for search in sorted(searches, key=lambda each: (each.system, each.system_version, KINDS.index(each.kind))):
        groups.setdefault((search.system, search.system_version, search.kind), []).append(search)
    for key, group in groups.items():
        table.add_row(*map(plain, key), *_counts(group))
    return table


def _counts(group: Sequence[FuzzResult]) -> list[str]:
    findings = [each for search in group for each in search.findings]
    searched = [search for search in group if search.verdict in ("pass", "fail")]
    counts = (
        len(searched),
        sum(sum(search.tried.values()) for search in group),
        sum(search.proof == "complete" for search in group),
        sum(each.level == "must" and not each.known for each in findings),
        sum(each.silent for each in findings),
        sum(each.known is not None for each in findings),
        sum(each.level != "must" and not each.known for each in findings),
        sum(search.verdict == "error" for search in group),
    )
    return [str(count) for count in counts]


def _finding_lines(search: FuzzResult, finding: FuzzFinding) -> Iterable[str]:
    silent = " silently" if finding.silent else ""
    level = "" if finding.level == "must" else f" ({finding.level})"
    yield f"\n{finding.kind}{silent}{level}: {plain(search.system)} {plain(search.stream)} ({search.dialect})"
    yield f"  {search.kind}: {plain(finding.words)}"
    yield from (f"  {plain(each)}" for each in finding.differences[:2])
    yield f"  {plain(finding.reproduce)}"


def _print_reasons(console: Console, searches: Sequence[FuzzResult]) -> None:
    """Why some searches have no verdict, the most frequent reasons first."""
    for verdict, words in (("error", "could not be searched"), ("unsupported", "not searched")):
        notes = Counter(f"{search.system}: {search.note}" for search in searches if search.verdict == verdict)
        for note, count in notes.most_common(SHOWN_REASONS):
            console.print(f"\n{words}, {counted(count, 'search', 'searches')} of {plain(note)}", markup=False)
