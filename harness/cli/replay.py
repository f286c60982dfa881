"""`harness replay`: systems through scenarios or cassettes, verdicts, results, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import completion
from harness.cli.cassettes import SPEED, Cassettes, cassettes_in, speed_of
from harness.cli.exits import fail
from harness.cli.golden import update_golden
from harness.cli.runs import (
    AS_JSON,
    AT_ONCE,
    BASELINE,
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
    read_baseline,
    results_path,
    settings_for,
    shard_of,
    show,
    voice,
)

if TYPE_CHECKING:
    from harness.cli.given_cassettes import GivenCassettes
    from harness.runner.results import Run

EXAMPLE = "Example: harness replay --system my_adapter.py --family tool-calls --report report"

SYSTEM = typer.Option(
    "--system",
    "-s",
    metavar="NAME",
    help="A bundled name, an adapter script, a manifest, or pkg.module:attr.",
    autocompletion=completion.systems,
)
CASSETTE = typer.Option(
    "--cassette", metavar="PATH", help="The exchanges in this cassette or folder instead of scenarios."
)
UPDATE = typer.Option("--update", help="Show how cassettes differ from their golden transcripts, and rewrite those.")
YES = typer.Option("--yes", "-y", help="With --update: rewrite without a question.")
RECORDINGS = typer.Option("--recordings", metavar="PATH", help="Also decode every recorded stream in this folder.")
IN_PROCESS = typer.Option("--in-process", help="Without sockets, on a virtual clock; for in-process systems.")


def replay(
    system: Annotated[Names, SYSTEM] = None,
    scenario: Annotated[Names, SCENARIO] = None,
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    cassette: Annotated[Cassettes, CASSETTE] = None,
    speed: Annotated[str, SPEED] = "recorded",
    update: Annotated[bool, UPDATE] = False,
    yes: Annotated[bool, YES] = False,
    recordings: Annotated[File, RECORDINGS] = None,
    catalogue: Annotated[File, CATALOGUE] = None,
    jobs: Annotated[int, JOBS] = 24,
    systems_at_once: Annotated[int, AT_ONCE] = 4,
    in_process: Annotated[bool, IN_PROCESS] = False,
    isolate: Annotated[bool, ISOLATE] = True,
    shard: Annotated[str | None, SHARD] = None,
    report: Annotated[File, REPORT] = None,
    results: Annotated[File, RESULTS] = None,
    junit: Annotated[File, JUNIT] = None,
    baseline: Annotated[File, BASELINE] = None,
    history: Annotated[File, HISTORY] = None,
    known: Annotated[Files, KNOWN] = None,
    as_json: Annotated[bool, AS_JSON] = False,
    verbose: Annotated[bool, VERBOSE] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run systems through the catalogue's scenarios, or through recorded exchanges, and judge what they do."""
    told = voice(quiet=quiet, as_json=as_json, verbose=verbose)
    was = _first(cassette, catalogue, system, baseline, speed=speed, update=update, yes=yes)
    settings = settings_for(
        system or ["reference"],
        Chosen(scenario, family, dialect, catalogue),
        Pace(jobs, systems_at_once, isolate, shard_of(shard), "in-process" if in_process else "sockets"),
        cassettes=_given(cassette, speed),
        recordings=recordings,
        results=results_path(results, report),
        known=known_lists(known),
    )
    make_room(settings.results, report and report / "index.html", junit, history=history)
    show(carry_out(settings, told)[0], report, junit, said=told.summary, baseline=was, history=history)


def _refuse_contradictions(
    cassette: Cassettes, catalogue: File, system: Names, *, speed: str, update: bool, yes: bool
) -> None:
    """Ends the command where options do not go together."""
    if cassette and catalogue:
        fail("--cassette and --catalogue each say where the cases come from; give one of them")
    if not cassette and (update or speed != "recorded"):
        fail(f"{'--update' if update else '--speed'} is about cassettes; name one with --cassette")
    if update and system:
        fail("--update rewrites golden transcripts and runs no system; leave --system out")
    if yes and not update:
        fail("--yes answers the question of --update; give that too")


def _first(
    cassettes: Cassettes, catalogue: File, system: Names, baseline: File, *, speed: str, update: bool, yes: bool
) -> Run | None:
    """What comes before a replay: options that do not go together are refused; golden transcripts are rewritten where
    that was asked for, which ends the command; else the run is read that this one is compared with."""
    _refuse_contradictions(cassettes, catalogue, system, speed=speed, update=update, yes=yes)
    if update:
        update_golden(cassettes_in(cassettes or []), yes=yes)
    return read_baseline(baseline)


def _given(cassette: Cassettes, speed: str) -> GivenCassettes | None:
    if not cassette:
        return None
    from harness.cli.given_cassettes import GivenCassettes

    return GivenCassettes.read(cassette, speed_of(speed))
