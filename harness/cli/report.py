"""`harness report`: views of results files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import fail, make_parent, mendable

if TYPE_CHECKING:
    from harness.runner.results import Run

EXAMPLE = "Example: harness report results.jsonl --html report --junit junit.xml --sarif results.sarif"
File = Path | None


def report(
    results: Annotated[list[Path] | None, typer.Argument(help="Results files that `replay` wrote.")] = None,
    html: Annotated[File, typer.Option("--html", help="Write the HTML report into this folder.")] = None,
    junit: Annotated[File, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    markdown: Annotated[File, typer.Option("--markdown", help="Write a summary for a pull request here.")] = None,
    sarif: Annotated[File, typer.Option("--sarif", help="Write SARIF 2.1.0 here.")] = None,
    csv: Annotated[File, typer.Option("--csv", help="Write a table here, a line each result.")] = None,
    badges: Annotated[File, typer.Option("--badges", help="Write badges, as JSON and SVG, into this folder.")] = None,
    github: Annotated[bool, typer.Option("--github", help="Print annotations, and write the step's summary.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of results files.")] = False,
) -> None:
    """Turn results files into an HTML report, JUnit XML, Markdown, SARIF, CSV, badges, or annotations for GitHub.

    The HTML report joins all files; every other view is of the last one.
    """
    from harness.runner.results import UnreadableResults, read_run

    if schema:
        from harness.runner.schema import schema_text

        typer.echo(schema_text(), nl=False)
        return
    if not results:
        fail("name a results file, such as `harness replay --results FILE` writes")
    with mendable(UnreadableResults):
        runs = [read_run(path, evidence=False) for path in results]
        if html is not None:
            from harness.report.site.html import render_report

            typer.echo(f"report: {render_report(runs, html)}")
        _write_views(runs[-1], {"junit": junit, "markdown": markdown, "sarif": sarif, "csv": csv})
        if badges is not None:
            _write_badges(runs[-1], badges)
        if github:
            _tell_github(runs[-1])
    if not (github or any((html, junit, markdown, sarif, csv, badges))):
        from harness.cli.verdicts import print_summary

        print_summary(runs[-1], None)


def _write_views(run: Run, paths: dict[str, File]) -> None:
    """The files that were asked for; raises OSError."""
    for name, path in paths.items():
        if path is not None:
            make_parent(path)
            path.write_bytes(_view(name, run))


def _view(name: str, run: Run) -> bytes:
    from harness.report.outputs.csv_table import render_csv
    from harness.report.outputs.junit import render_junit
    from harness.report.outputs.markdown import render_markdown
    from harness.report.outputs.sarif import render_sarif

    match name:
        case "junit":
            return render_junit(run)
        case "sarif":
            return render_sarif(run)
        case "csv":
            return render_csv(run).encode()
    return render_markdown(run).encode()


def _write_badges(run: Run, folder: Path) -> None:
    from harness.folders import plain_name
    from harness.report.outputs.badges import badge, badge_json, badge_svg

    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted({result.system for result in run.results}):
        made = badge((result for result in run.results if result.system == name), name)
        (folder / f"{plain_name(name)}.json").write_bytes(badge_json(made))
        (folder / f"{plain_name(name)}.svg").write_bytes(badge_svg(made))


def _tell_github(run: Run) -> None:
    from harness.report.outputs.github import step_summary, workflow_commands
    from harness.report.outputs.markdown import render_markdown

    for line in workflow_commands(run):
        typer.echo(line)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as summary:
            summary.write(step_summary(render_markdown(run)))
