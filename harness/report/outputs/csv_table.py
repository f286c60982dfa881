"""Results as one CSV table, a line each, for spreadsheets and data frames; of searches a line for each finding."""

from __future__ import annotations

import csv
import io

from harness.report.marks import by_gravity
from harness.report.search_results import search_results
from harness.report.visible import plain
from harness.runner.results import Result, Run

COLUMNS = (
    *("system", "version", "dialect", "upstream", "scenario", "family", "level", "verdict", "content", "ending"),
    *("silent", "known", "kinds", "message", "attempts", "duration_s", "reproduce"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula: such a text gets an apostrophe, and stays a text."""


def render_csv(run: Run) -> str:
    """The run's results with a head line, in the form of RFC 4180 with line feeds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    results = (*run.results, *search_results(run.searches))
    writer.writerows([_safe(cell) for cell in _row(result)] for result in results)
    return out.getvalue()


def _row(result: Result) -> tuple[str | int | float, ...]:
    failures = by_gravity(result.failures)
    kinds = " ".join(dict.fromkeys(failure.kind for failure in failures))
    return (
        *(result.system, result.system_version, result.dialect, result.upstream or "", result.scenario),
        *(result.family, result.level, result.verdict, result.content, result.ending),
        *("yes" if result.silent else "", result.known or "", kinds),
        *(failures[0].message if failures else result.note, result.attempts, result.duration_s, result.reproduce),
    )


def _safe(cell: str | int | float) -> str | int | float:
    if not isinstance(cell, str):
        return cell
    text = plain(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
