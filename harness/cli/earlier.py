"""What earlier runs a report is put beside: the one that it is compared with, and a history of many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.exits import mendable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.report.comparison import Past
    from harness.report.trend import Point
    from harness.runner.results import Run


@dataclass(frozen=True, slots=True)
class Earlier:
    """The run to compare with, and how the runs before this one and this one stood; nothing where nobody asked."""

    before: Past | None = None
    trend: tuple[Point, ...] = ()


def earlier(
    runs: Sequence[Run], history: Path | None, baseline: Run | None, tell: Callable[[str], None] = typer.echo
) -> Earlier:
    """What the history and the baseline say; the runs, where they are whole, are added to the history.

    `tell` is told what became of them there.
    """
    known = Earlier() if history is None else _from_history(runs, history, tell)
    if baseline is not None:
        from harness.report.comparison import past_of

        known = replace(known, before=past_of([baseline]))
    return known


def open_for_use(history: Path) -> None:
    """Opens a history, and makes it where there is none; a file that is no history ends the command."""
    from harness.report.history import UnusableHistory, open_history

    with mendable(UnusableHistory), open_history(history):
        pass


def _from_history(runs: Sequence[Run], path: Path, tell: Callable[[str], None]) -> Earlier:
    from harness.report.history import UnusableHistory, entry_of, open_history
    from harness.report.matrix import missing_words
    from harness.runner.merge import join_runs

    entry = entry_of(runs)
    with mendable(UnusableHistory), open_history(path) as history:
        if missing := missing_words(join_runs(runs)):
            typer.echo(f"not added to {path}: {missing}", err=True)
        else:
            words = {"added": "added to it", "known": "had it already", "replaced": "replaced in it"}
            tell(f"history: {path}, {words[history.add(entry)]}")
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
