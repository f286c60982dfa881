"""`harness merge`: results files of shards, machines or days made one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.exits import mendable
from harness.cli.runs import JUNIT, QUIET, REPORT, File, make_room, show

EXAMPLE = "Example: harness merge shard-1.jsonl shard-2.jsonl --results all.jsonl"

FILES = typer.Argument(help="Results files that replay, matrix or fuzz wrote.", metavar="FILE...", show_default=False)
RESULTS = typer.Option("--results", "-o", metavar="PATH", help="Write the one results file here.")


def merge(
    files: Annotated[list[Path], FILES],
    results: Annotated[Path, RESULTS],
    report: Annotated[File, REPORT] = None,
    junit: Annotated[File, JUNIT] = None,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Join results files, say what does not go together, and show what they say as a run of their own would."""
    from harness.runner.merge import merge_results
    from harness.runner.results import UnreadableResults

    make_room(results, report and report / "index.html", junit)
    with mendable(UnreadableResults):
        merged = merge_results(files, results)
    if not quiet:
        for remark in merged.remarks:
            typer.echo(remark, err=True)
    show(merged.run, report, junit, said=not quiet)
