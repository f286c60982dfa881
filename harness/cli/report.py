"""`harness report`: views of results files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.exits import make_parent, mendable

EXAMPLE = "Example: harness report results.jsonl --html report --junit junit.xml"


def report(
    results: Annotated[list[Path], typer.Argument(help="Results files that `replay` wrote.")],
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML report into this folder.")] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here (of the last file).")] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", help="Write a summary for a pull request here (of the last file).")
    ] = None,
) -> None:
    """Turn results files into an HTML report, JUnit XML or a Markdown summary."""
    from harness.cli.verdicts import print_summary
    from harness.report.html import render_report
    from harness.report.junit import render_junit
    from harness.report.markdown import render_markdown
    from harness.runner.results import UnreadableResults, read_run

    with mendable(UnreadableResults):
        runs = [read_run(path, evidence=False) for path in results]
        if html is not None:
            typer.echo(f"report: {render_report(runs, html)}")
        if junit is not None:
            make_parent(junit)
            junit.write_bytes(render_junit(runs[-1]))
        if markdown is not None:
            make_parent(markdown)
            markdown.write_text(render_markdown(runs[-1]), encoding="utf-8")
        if html is junit is markdown is None:
            print_summary(runs[-1], None)
