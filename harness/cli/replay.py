"""`harness replay`: systems through scenarios, verdicts, results, reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.exits import COULD_NOT_RUN, mendable

EXAMPLE = "Example: harness replay --system my_adapter.py --family tool-calls --report report"


def replay(
    system: Annotated[
        list[str] | None,
        typer.Option("--system", "-s", help="A bundled name, an adapter script, a manifest, or pkg.module:attr."),
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only these scenarios; patterns such as canary/* will do.")
    ] = None,
    family: Annotated[list[str] | None, typer.Option("--family", "-f", help="Only these families.")] = None,
    dialect: Annotated[list[str] | None, typer.Option("--dialect", "-d", help="Only these dialects.")] = None,
    recordings: Annotated[
        Path | None, typer.Option("--recordings", help="Also decode every recorded stream in this folder.")
    ] = None,
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", help="A folder of scenarios instead of the built-in one.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Cases of one system at once.")] = 64,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Without sockets, on a virtual clock; for in-process systems.")
    ] = False,
    isolate: Annotated[
        bool, typer.Option("--isolate/--no-isolate", help="Cut systems off from every network but loopback.")
    ] = True,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the HTML report and results.jsonl here.")
    ] = None,
    results: Annotated[Path | None, typer.Option("--results", help="Write the results file here.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON lines.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run systems through the catalogue's scenarios and judge what they do."""
    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.catalogue.render import Unrenderable
    from harness.cli.progress import Progress
    from harness.cli.verdicts import exit_status, print_summary
    from harness.dialects import UnknownDialect
    from harness.origin.server import OriginError
    from harness.runner.recordings import UnreadableRecordings
    from harness.runner.session import Settings, WrongRun, run_session
    from harness.systems.known import UnreadableKnownFailures
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem

    with mendable(CatalogueError, UnknownDialect, UnknownSystem, UnreadableManifest, UnreadableKnownFailures, WrongRun):
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
        )
        progress = Progress(quiet=quiet, as_json=as_json)
        with progress, mendable(Unrenderable, UnreadableRecordings), mendable(OriginError, status=COULD_NOT_RUN):
            run = run_session(settings, progress.listeners)
    with mendable(status=COULD_NOT_RUN):
        _write_views(run, report, junit)
    if not quiet and not as_json:
        print_summary(run, report)
    raise typer.Exit(exit_status(run))


def _write_views(run: object, report: Path | None, junit: Path | None) -> None:
    from harness.runner.results import Run

    assert isinstance(run, Run)
    if report is not None:
        from harness.report.html import render_report

        render_report([run], report)
    if junit is not None:
        from harness.report.junit import render_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_bytes(render_junit(run))
