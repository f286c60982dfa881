"""`harness matrix`: every installed system through the whole catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import completion
from harness.cli.exits import COULD_NOT_RUN, FAILED, fail, mendable
from harness.cli.runs import (
    AS_JSON,
    AT_ONCE,
    CATALOGUE,
    DIALECT,
    FAMILY,
    HISTORY,
    ISOLATE,
    JOBS,
    JUNIT,
    KNOWN,
    QUIET,
    REPORT,
    RESULTS,
    SCENARIO,
    SHARD,
    VERBOSE,
    Chosen,
    File,
    Files,
    Names,
    Pace,
    carry_out,
    known_lists,
    make_room,
    results_path,
    settings_for,
    shard_of,
    voice,
    write_views,
)

if TYPE_CHECKING:
    from harness.runner.results import Run
    from harness.runner.roster import Roster

EXAMPLE = "Example: harness matrix --system 'openai*' --snapshot reports/matrix"

SYSTEM = typer.Option(
    "--system",
    "-s",
    metavar="NAME",
    help="Only these systems; patterns such as openai-* will do.",
    autocompletion=completion.systems,
)
EXCEPT = typer.Option(
    "--except", "-x", metavar="NAME", help="Not these systems; patterns will do.", autocompletion=completion.systems
)
REPEAT = typer.Option(
    "--repeat", metavar="NUMBER", min=1, help="Run so often, and name every verdict that is not the same each time."
)
SNAPSHOT = typer.Option("--snapshot", metavar="PATH", help="Write the pages that are published into this folder.")
README = typer.Option("--readme", metavar="PATH", help="Put the table of systems between the marks of this file.")


def matrix(
    system: Annotated[Names, SYSTEM] = None,
    without: Annotated[Names, EXCEPT] = None,
    scenario: Annotated[Names, SCENARIO] = None,
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    catalogue: Annotated[File, CATALOGUE] = None,
    jobs: Annotated[int, JOBS] = 8,
    systems_at_once: Annotated[int, AT_ONCE] = 6,
    repeat: Annotated[int, REPEAT] = 1,
    isolate: Annotated[bool, ISOLATE] = True,
    snapshot: Annotated[File, SNAPSHOT] = None,
    readme: Annotated[File, README] = None,
    shard: Annotated[str | None, SHARD] = None,
    report: Annotated[File, REPORT] = None,
    results: Annotated[File, RESULTS] = None,
    junit: Annotated[File, JUNIT] = None,
    history: Annotated[File, HISTORY] = None,
    known: Annotated[Files, KNOWN] = None,
    as_json: Annotated[bool, AS_JSON] = False,
    verbose: Annotated[bool, VERBOSE] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run every installed system through the whole catalogue, and say which were left out and why."""
    told = voice(quiet=quiet, as_json=as_json, verbose=verbose)
    listed, taking_part = known_lists(known), _roster(system or (), without or ())
    settings = settings_for(
        taking_part.systems,
        Chosen(scenario, family, dialect, catalogue),
        Pace(jobs, systems_at_once, isolate, shard_of(shard)),
        results=results_path(results, report),
        known=listed,
        left_out={each.name: each.reason for each in taking_part.left_out},
    )
    make_room(settings.results, *_pages(report, snapshot), junit, history=history)
    _find_place(readme)
    runs = carry_out(settings, told, times=repeat)
    _publish(runs[0], (report, junit, history), snapshot, readme)
    _conclude(runs, report or snapshot, said=told.summary)


def _roster(wanted: list[str] | tuple[()], without: list[str] | tuple[()]) -> Roster:
    from harness.runner.lineup import WrongRun
    from harness.runner.roster import roster
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem
    from harness.systems.unavailable import UnreadableList

    with mendable(UnreadableList, status=COULD_NOT_RUN), mendable(WrongRun, UnknownSystem, UnreadableManifest):
        found = roster(wanted, without)
    if not found.systems:
        reasons = "; ".join(f"{each.name}: {each.reason}" for each in found.left_out)
        fail(f"nothing to run: {reasons}")
    return found


def _pages(*folders: File) -> list[Path]:
    return [folder / "index.html" for folder in folders if folder]


def _find_place(readme: Path | None) -> None:
    """Finds out now, rather than after a long run, that the table has no place."""
    if readme is not None:
        from harness.report.outputs.standings import around_table

        with mendable(ValueError):
            around_table(readme)


def _publish(run: Run, views: tuple[File, File, File], snapshot: File, readme: File) -> None:
    """Writes what was asked for; `views` are the report's folder, the JUnit file and the history."""
    report, junit, history = views
    write_views(run, report, junit, history=history)
    with mendable(ValueError, status=COULD_NOT_RUN):
        if snapshot is not None:
            from harness.report.site.snapshot import render_snapshot

            render_snapshot(run, snapshot, root=Path.cwd())
        if readme is not None:
            from harness.report.outputs.standings import write_table

            write_table(run, readme)


def _conclude(runs: list[Run], pages: Path | None, *, said: bool) -> None:
    """The summary, what flipped, and the exit status: of the first run, but 1 where anything flipped."""
    from harness.cli.verdicts import exit_status, print_flips, print_left_out, print_summary
    from harness.runner.flips import flips

    flipped = flips(runs)
    unknown = [flip for flip in flipped if not flip.flaky]
    if said:
        print_summary(runs[0], pages)
        print_left_out(runs[0])
        if len(runs) > 1:
            print_flips(flipped, len(runs))
    raise typer.Exit(FAILED if unknown else exit_status(runs[0]))
