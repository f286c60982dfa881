"""Whole sites of sample results, with everything that a site can hold: what the tests of all kinds of pages look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.report.comparison import past_of
from harness.report.site.html import render_report
from harness.report.site.snapshot import render_snapshot
from harness.report.trend import point_of
from harness.runner.results import Footer

from ..sample import large_run, recording_of, small_run
from ..sample_hostile import hostile_run
from ..sample_lint import hostile_lint, small_lint
from ..sample_retries import refusals
from ..sample_search import searched_run


def whole_site(folder: Path) -> Path:
    """Verdicts of every kind, refusals, recordings, searches, an earlier run, a line over three. Returns its folder."""
    recordings = tuple(recording_of(f"chat-{number}") for number in range(3))
    results = (*small_run().results, *refusals())
    run = replace(
        small_run(), recordings=recordings, results=results, footer=Footer(len(results) + len(recordings), 42.5)
    )
    earlier = large_run(1)
    points = [point_of([earlier]), point_of([run]), point_of([run])]
    render_report([run, searched_run()], folder, before=past_of([earlier]), trend=points, linted=small_lint())
    return folder


def hostile_site(folder: Path) -> Path:
    """A site in which everything that came from outside attacks its reader."""
    run = hostile_run()
    points = [point_of([run]), point_of([run])]
    render_report([run], folder, before=past_of([run]), trend=points, linted=hostile_lint())
    return folder


def snapshot_site(folder: Path) -> Path:
    """What is published of a run of the whole matrix."""
    render_snapshot(large_run(2), folder)
    return folder
