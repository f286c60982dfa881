"""What searches found, in a few lines on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from harness.cli.counts_table import CountColumn, CountsTable, Row
from harness.fuzz.variant import KINDS
from harness.report.entries import finding_trouble
from harness.report.visible import counted, plain
from harness.runner.results import FuzzFinding, FuzzResult

SHOWN = 12
"""Findings that the terminal lists; the results file has all of them."""
SHOWN_REASONS = 4


COLUMNS = (
    CountColumn("streams", "str.", "none", always=True),
    CountColumn("inputs", "inputs", "none", always=True),
    CountColumn("proved", "proved", "green"),
    CountColumn("findings", "found", "bold red", always=True),
    CountColumn("silent", "silent", "bold red", always=True),
    CountColumn("known", "known", "yellow"),
    CountColumn("should/may", "other", "yellow"),
    CountColumn("errors", "err.", "bold yellow"),
)
"""What a line counts. `proved`: streams of which a proof covers every cutting; `silent`: of the findings."""


def print_searches(console: Console, searches: Sequence[FuzzResult]) -> None:
    """The findings, the silent ones first, what came to nothing, and a table of what was tried and found."""
    findings = [(search, finding) for search in searches for finding in search.findings]
    loud = [(search, each) for search, each in findings if not each.known]
    loud.sort(key=lambda pair: (not pair[1].nonconformant, not pair[1].silent, pair[0].system))
    for search, finding in loud[:SHOWN]:
        for line in _finding_lines(search, finding):
            console.print(line)
        console.print()
    if len(loud) > SHOWN:
        console.print(f"… and {counted(len(loud) - SHOWN, 'more finding')}\n")
    _print_reasons(console, searches)
    _table(searches).print(console)


def _table(searches: Sequence[FuzzResult]) -> CountsTable:
    groups: dict[tuple[str, str], list[FuzzResult]] = {}
    for search in sorted(searches, key=lambda each: (each.system, each.system_version, KINDS.index(each.kind))):
        groups.setdefault((f"{search.system} {search.system_version}", search.kind), []).append(search)
    return CountsTable(("system", "kind"), COLUMNS, [Row(*key, _counts(group)) for key, group in groups.items()])


def _counts(group: Sequence[FuzzResult]) -> tuple[int, ...]:
    findings = [each for search in group for each in search.findings]
    broken = [each for each in findings if each.nonconformant]
    return (
        sum(search.verdict in ("pass", "fail") for search in group),
        sum(sum(search.tried.values()) for search in group),
        sum(search.proof == "complete" for search in group),
        len(broken),
        sum(each.silent for each in broken),
        sum(each.known is not None for each in findings),
        sum(each.known is None and not each.nonconformant for each in findings),
        sum(search.verdict == "error" for search in group),
    )


def _finding_lines(search: FuzzResult, finding: FuzzFinding) -> Iterable[Text]:
    style = "bold red" if finding.nonconformant else "yellow"
    level = "" if finding.level == "must" else f" ({finding.level})"
    how = f"{finding.kind}{' silently' if finding.silent else ''}"
    name = plain(f"{search.system} {search.stream}")
    yield Text.assemble((how, style), f"{level}: ", (name, "bold"), f" ({search.dialect})")
    yield Text(f"  {search.kind}: {plain(finding.words)}")
    yield from (Text(f"  {plain(each)}") for each in finding.differences[:2])
    if trouble := finding_trouble(finding):
        yield Text(f"  {plain(trouble)}")
    yield Text(f"  {plain(finding.reproduce)}", "dim")


def _print_reasons(console: Console, searches: Sequence[FuzzResult]) -> None:
    """Why some searches have no verdict, the most frequent reasons first."""
    for verdict, words in (("error", "could not be searched"), ("unsupported", "not searched")):
        notes = Counter(f"{search.system}: {search.note}" for search in searches if search.verdict == verdict)
        for note, count in notes.most_common(SHOWN_REASONS):
            console.print(f"{words}, {counted(count, 'search', 'searches')} of {plain(note)}\n")
