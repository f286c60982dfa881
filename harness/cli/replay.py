"""`harness replay`: systems through scenarios, verdicts, results, reports."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from harness.cli.runs import (
    AS_JSON,
    AT_ONCE,
    CATALOGUE,
    DIALECT,
    FAMILY,
    ISOLATE,
    JOBS,
    JUNIT,
    QUIET,
    REPORT,
    RESULTS,
    SCENARIO,
    File,
    Names,
    carry_out,
    make_room,
    results_path,
    settings_for,
    show,
)

EXAMPLE = "Example: harness replay --system my_adapter.py --family tool-calls --report report"

SYSTEM = typer.Option("--system", "-s", help="A bundled name, an adapter script, a manifest, or pkg.module:attr.")
RECORDINGS = typer.Option("--recordings", help="Also decode every recorded stream in this folder.")
IN_PROCESS = typer.Option("--in-process", help="Without sockets, on a virtual clock; for in-process systems.")


def replay(
    system: Annotated[Names, SYSTEM] = None,
    scenario: Annotated[Names, SCENARIO] = None,
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    recordings: Annotated[File, RECORDINGS] = None,
    catalogue: Annotated[File, CATALOGUE] = None,
    jobs: Annotated[int, JOBS] = 24,
    systems_at_once: Annotated[int, AT_ONCE] = 4,
    in_process: Annotated[bool, IN_PROCESS] = False,
    isolate: Annotated[bool, ISOLATE] = True,
    report: Annotated[File, REPORT] = None,
    results: Annotated[File, RESULTS] = None,
    junit: Annotated[File, JUNIT] = None,
    as_json: Annotated[bool, AS_JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Run systems through the catalogue's scenarios and judge what they do."""
    settings = settings_for(
        system or ["reference"],
        scenario=scenario,
        family=family,
        dialect=dialect,
        catalogue=catalogue,
        lane="in-process" if in_process else "sockets",
        jobs=jobs,
        systems_at_once=systems_at_once,
        recordings=recordings,
        workers=os.cpu_count() or 1,
        results=results_path(results, report),
        isolated=isolate,
    )
    make_room(settings.results, report and report / "index.html", junit)
    [run] = carry_out(settings, quiet=quiet, as_json=as_json)
    show(run, report, junit, said=not quiet and not as_json)
