"""`harness replay`: systems through scenarios, verdicts, results, reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import COULD_NOT_RUN, INTERRUPTED, fail, make_parent, mendable

if TYPE_CHECKING:
    from harness.runner.results import Run
    from harness.runner.session import Settings

EXAMPLE = "Example: harness replay --system my_adapter.py --family tool-calls --report report"

Names = list[str] | None
File = Path | None
SYSTEM = typer.Option("--system", "-s", help="A bundled name, an adapter script, a manifest, or pkg.module:attr.")
SCENARIO = typer.Option("--scenario", help="Only these scenarios; patterns such as canary/* will do.")
FAMILY = typer.Option("--family", "-f", help="Only these families.")
DIALECT = typer.Option("--dialect", "-d", help="Only these dialects.")
RECORDINGS = typer.Option("--recordings", help="Also decode every recorded stream in this folder.")
CATALOGUE = typer.Option("--catalogue", help="A folder of scenarios instead of the built-in one.")
JOBS = typer.Option("--jobs", "-j", min=1, help="Cases of one system at once.")
IN_PROCESS = typer.Option("--in-process", help="Without sockets, on a virtual clock; for in-process systems.")
ISOLATE = typer.Option("--isolate/--no-isolate", help="Cut systems off from every network but loopback.")
REPORT = typer.Option("--report", help="Write the HTML report and results.jsonl into this folder.")
RESULTS = typer.Option("--results", help="Write the results file here.")
JUNIT = typer.Option("--junit", help="Write JUnit XML here.")
AS_JSON = typer.Option("--json", help="Print the results file instead of a summary.")
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors.")


def replay(
    system: Annotated[Names, SYSTEM] = None,
    scenario: Annotated[Names, SCENARIO] = None,
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    recordings: Annotated[File, RECORDINGS] = None,
    catalogue: Annotated[File, CATALOGUE] = None,
    jobs: Annotated[int, JOBS] = 24,
    in_process: Annotated[bool, IN_PROCESS] = False,
    isolate: Annotated[bool, ISOLATE] = True,
    report: Annotated[File, REPORT] = None,
    results: Annotated[File, RESULTS] = None,
    junit: Annotated[File, JUNIT] = None,
    as_json: Annotated[bool, AS_JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run systems through the catalogue's scenarios and judge what they do."""
    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.runner.session import Settings

    with mendable(CatalogueError):
        loaded = load_catalogue(catalogue)
        settings = Settings(
            systems=tuple(system or ["reference"]),
            scenarios=loaded.select(ids=scenario, families=family),
            catalogue=loaded,
            dialects=tuple(dialect) if dialect else None,
            lane="in-process" if in_process else "sockets",
            jobs=jobs,
            recordings=recordings,
            workers=os.cpu_count() or 1,
            results=results or (report / "results.jsonl" if report else None),
            isolated=isolate,
            catalogue_folder=catalogue,
        )
        for path in filter(None, (settings.results, report and report / "index.html", junit)):
            make_parent(path)  # now, rather than find after a long run that it cannot be written
    run = _carry_out(settings, quiet, as_json)
    _show(run, report, junit, said=not quiet and not as_json)


def _carry_out(settings: Settings, quiet: bool, as_json: bool) -> Run:
    from harness.catalogue.render import Unrenderable
    from harness.cli.progress import Progress
    from harness.dialects import UnknownDialect
    from harness.origin.server import OriginError
    from harness.runner.recordings import UnreadableRecordings
    from harness.runner.session import WrongRun, run_session
    from harness.systems.known import UnreadableKnownFailures
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem

    wrong_call = (UnknownDialect, UnknownSystem, UnreadableManifest, UnreadableRecordings, WrongRun)
    ours = mendable(UnreadableKnownFailures, Unrenderable, OriginError, status=COULD_NOT_RUN)
    try:
        with Progress(quiet=quiet, as_json=as_json) as progress, ours, mendable(*wrong_call):
            return run_session(settings, progress.listeners)
    except KeyboardInterrupt:
        kept = f"; what it found so far lies in {settings.results}" if settings.results else ""
        fail(f"the run was interrupted{kept}", INTERRUPTED)


def _show(run: Run, report: Path | None, junit: Path | None, *, said: bool) -> None:
    from harness.cli.verdicts import exit_status, print_summary

    with mendable(status=COULD_NOT_RUN):
        if report is not None:
            from harness.report.html import render_report

            render_report([run], report)
        if junit is not None:
            from harness.report.junit import render_junit

            junit.write_bytes(render_junit(run))
    if said:
        print_summary(run, report)
    raise typer.Exit(exit_status(run))
