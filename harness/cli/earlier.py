"""What earlier runs a report is put beside: the one that it is compared with, and a history of many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.exits import mendable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.comparison import Past
    from harness.report.trend import Point
    from harness.runner.results import Run


@dataclass(frozen=True, slots=True)
class Earlier:
    """The run to compare with, and how the runs before this one and this one stood; nothing where nobody asked."""

    before: Past | None = None
    trend: tuple[Point, ...] = ()


def earlier(runs: Sequence[Run], history: Path | None, baseline: Path | None) -> Earlier:
    """What the history and the baseline say; the runs, where they are whole, are added to the history."""
    from harness.runner.results import UnreadableResults, read_run

    known = Earlier() if history is None else _from_history(runs, history)
    if baseline is not None:
        from harness.report.comparison import past_of

        with mendable(UnreadableResults):
            known = replace(known, before=past_of([read_run(baseline, evidence=False)]))
    return known


def _from_history(runs: Sequence[Run], path: Path) -> Earlier:
    from harness.report.history import UnusableHistory, entry_of, open_history
    from harness.report.matrix import missing_words
    from harness.runner.merge import join_runs

    entry = entry_of(runs)
    with mendable(UnusableHistory), open_history(path) as history:
        if missing := missing_words(join_runs(runs)):
            typer.echo(f"not added to {path}: {missing}", err=True)
        else:
            words = {"added": "added to it", "known": "had it already", "replaced": "replaced in it"}
            typer.echo(f"history: {path}, {words[history.add(entry)]}")
        return Earlier(history.before(entry), history.trend(entry))


def print_changes(runs: Sequence[Run], before: Past) -> None:
    """On stdout what changed since then."""
    from harness.cli.compare import print_comparison
    from harness.report.comparison import compare_with, past_of

    typer.echo()
    print_comparison(compare_with(before, runs), _in_words(before), _in_words(past_of(runs)))


def _in_words(past: Past) -> str:
    from harness.report.visible import moment, plain

    return plain(f"{moment(past.started)}: harness {past.harness}, catalogue {past.catalogue}")
