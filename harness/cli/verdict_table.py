"""The table of a run: a line for each system and dialect, and what became of its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.console import Console

from harness.cli.counts_table import CountColumn, CountsTable, Row
from harness.runner.results import Result


def _breaks(result: Result) -> bool:
    return result.verdict == "fail" and result.nonconformant


def breaks_silently(result: Result) -> bool:
    """Whether it fails the run in a way that the caller had no means to notice."""
    return _breaks(result) and any(each.silent and each.kind != "hang" for each in result.failures)


def hangs(result: Result) -> bool:
    """Whether it fails the run because nothing more happened, and does nothing worse."""
    stuck = any(each.kind == "hang" for each in result.failures)
    return _breaks(result) and stuck and not breaks_silently(result)


def _other(result: Result) -> bool:
    return result.verdict == "fail" and not result.known and not result.nonconformant


COLUMNS: tuple[tuple[CountColumn, Callable[[Result], bool]], ...] = (
    (CountColumn("pass", "pass", "green", always=True), lambda each: each.verdict == "pass" and not each.nonconformant),
    (CountColumn("fail", "fail", "bold red", always=True), _breaks),
    (CountColumn("silent", "silent", "bold red", always=True), breaks_silently),
    (CountColumn("hang", "hang", "bold red"), hangs),
    (CountColumn("stale", "stale", "bold red"), lambda each: each.verdict == "pass" and each.nonconformant),
    (CountColumn("known", "known", "yellow"), lambda each: each.verdict == "fail" and bool(each.known)),
    (CountColumn("should/may", "other", "yellow"), _other),
    (CountColumn("error", "error", "bold yellow"), lambda each: each.verdict == "error"),
    (CountColumn("unsupported", "unsup.", "dim"), lambda each: each.verdict == "unsupported"),
)
"""What a line counts. `fail` is what fails the run; `silent` and `hang` say how it fails, and are no further ones."""


def print_table(console: Console, results: Iterable[Result]) -> None:
    """The table as it suits the console's width."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((f"{result.system} {result.system_version}", result.pair), []).append(result)
    rows = [
        Row(system, pair, tuple(sum(map(counts, group)) for _, counts in COLUMNS))
        for (system, pair), group in sorted(groups.items())
    ]
    CountsTable(("system", "dialect"), tuple(column for column, _ in COLUMNS), rows).print(console)
