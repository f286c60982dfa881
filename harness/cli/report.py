"""`harness report`: views of results files."""

from __future__ import annotations

import errno
import os
import signal
import threading
import webbrowser
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import fail, make_parent, mendable, said
from harness.cli.runs import HISTORY, read_baseline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.cli.earlier import Earlier
    from harness.lint.record import LintRecord
    from harness.runner.results import Run

EXAMPLE = "Example: harness report results.jsonl --html report --history history.sqlite --junit junit.xml"
File = Path | None

FILES = typer.Argument(help="Results files: of one run, of its shards, or of several runs.", metavar="FILE...")
HTML = typer.Option("--html", metavar="PATH", help="Write the HTML report into this folder.")
BADGES = typer.Option("--badges", metavar="PATH", help="Write badges, as JSON and SVG, into this folder.")
BASELINE = typer.Option("--baseline", metavar="PATH", help="A results file: say what changed since then.")
LINT = typer.Option(
    "--lint", metavar="PATH", help="What `harness lint --json` said: the HTML report tells how endpoints stand."
)
SERVE = typer.Option("--serve", help="Serve the HTML report on 127.0.0.1, until Ctrl-C; nothing is written for it.")
PORT = typer.Option("--port", "-p", metavar="NUMBER", min=0, max=65535, help="Where to serve it; 0 takes a free port.")
OPEN = typer.Option("--open", help="Open the HTML report in a browser; without --html, serve it.")


def report(
    results: Annotated[list[Path] | None, FILES] = None,
    html: Annotated[File, HTML] = None,
    junit: Annotated[File, typer.Option("--junit", metavar="PATH", help="Write JUnit XML here.")] = None,
    markdown: Annotated[
        File, typer.Option("--markdown", metavar="PATH", help="Write a summary for a pull request here.")
    ] = None,
    sarif: Annotated[File, typer.Option("--sarif", metavar="PATH", help="Write SARIF 2.1.0 here.")] = None,
    csv: Annotated[File, typer.Option("--csv", metavar="PATH", help="Write a table here, a line each result.")] = None,
    badges: Annotated[File, BADGES] = None,
    github: Annotated[bool, typer.Option("--github", help="Print annotations, and write the step's summary.")] = False,
    history: Annotated[File, HISTORY] = None,
    baseline: Annotated[File, BASELINE] = None,
    lint: Annotated[File, LINT] = None,
    serve: Annotated[bool, SERVE] = False,
    port: Annotated[int, PORT] = 0,
    open_it: Annotated[bool, OPEN] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of results files.")] = False,
) -> None:
    """Turn results files into an HTML report, JUnit XML, Markdown, SARIF, CSV, badges, or annotations for GitHub.

    Several files are shown as one run, whatever the view: shards of it, or runs of other systems or days; of a case
    that two have, the later file's result stands.
    """
    if schema:
        _print_schema()
        return
    runs, whole = _read(results or [])
    known, linted = _earlier(runs, history, baseline), _linted(lint)
    if html is not None:
        _write_html(runs, html, known, linted, open_it=open_it and not serve)
    summary = _summary_for(whole, known) if markdown or github else ""
    _write_views(whole, {"junit": junit, "markdown": markdown, "sarif": sarif, "csv": csv}, badges, summary)
    if github:
        _tell_github(whole, summary)
    if serve or (open_it and html is None):
        _serve(runs, known, linted, port, open_it=open_it)
    elif not (github or any((html, junit, markdown, sarif, csv, badges))):
        _summarise(runs, whole, known)


def _print_schema() -> None:
    from harness.runner.schema import schema_text

    typer.echo(schema_text(), nl=False)


def _read(paths: Sequence[Path]) -> tuple[list[Run], Run]:
    """The runs, each with a pointer to its evidence, and all as one without; what does not go together is said."""
    from harness.runner.merge import join_runs, what_differs
    from harness.runner.results import UnreadableResults, read_run

    if not paths:
        fail("name a results file, such as `harness replay --results FILE` writes")
    with mendable(UnreadableResults):
        runs = [read_run(path, evidence=False) for path in paths]
        whole = join_runs(runs)
    for remark in what_differs([run.header for run in runs]):
        typer.echo(remark, err=True)
    return runs, whole


def _earlier(runs: Sequence[Run], history: File, baseline: File) -> Earlier:
    from harness.cli.earlier import earlier

    return earlier(runs, history, read_baseline(baseline))


def _summarise(runs: Sequence[Run], whole: Run, known: Earlier) -> None:
    """What the terminal says where no view was asked for."""
    from harness.cli.earlier import print_changes
    from harness.cli.verdicts import print_summary

    print_summary(whole, None)
    if known.before is not None:
        print_changes(runs, known.before)


def _linted(path: File) -> LintRecord | None:
    from harness.lint.record import UnreadableLint, read_lint

    with mendable(UnreadableLint):
        return None if path is None else read_lint(path)


def _write_html(runs: Sequence[Run], folder: Path, known: Earlier, linted: LintRecord | None, *, open_it: bool) -> None:
    from harness.report.site.html import render_report
    from harness.runner.results import UnreadableResults

    with mendable(UnreadableResults):
        index = render_report(runs, folder, before=known.before, trend=known.trend, linted=linted)
    typer.echo(f"report: {index}")
    if open_it:
        webbrowser.open(index.resolve().as_uri())


@contextmanager
def _free(port: int) -> Iterator[None]:
    """Within this block, that the port cannot be had ends the command."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES) or error.filename:
            raise
        fail(f"--port {port}: {said(error)}; --port 0 takes one that is free")


def _serve(runs: Sequence[Run], known: Earlier, linted: LintRecord | None, port: int, *, open_it: bool) -> None:
    """Serves the report until somebody stops it; a port that is taken ends the command."""
    from harness.report.server import serve_site
    from harness.runner.results import UnreadableResults

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing that was written for it stays
    beside = {"before": known.before, "trend": known.trend, "linted": linted}
    with (
        mendable(UnreadableResults),
        _free(port),
        suppress(KeyboardInterrupt),
        serve_site(runs, port, **beside) as server,
    ):
        typer.echo(f"report: {server.address} (until Ctrl-C)")
        if open_it:  # beside the server: a browser in the terminal holds up whoever opens it
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        server.serve_forever()


def _summary_for(run: Run, known: Earlier) -> str:
    from harness.report.outputs.markdown import render_markdown

    return render_markdown(run, known.before)


def _write_views(run: Run, paths: dict[str, File], badges: File, markdown: str) -> None:
    """The files that were asked for."""
    with mendable():
        for name, path in paths.items():
            if path is not None:
                make_parent(path)
                path.write_bytes(markdown.encode() if name == "markdown" else _view(name, run))
        if badges is not None:
            _write_badges(run, badges)


def _view(name: str, run: Run) -> bytes:
    from harness.report.outputs.csv_table import render_csv
    from harness.report.outputs.junit import render_junit
    from harness.report.outputs.sarif import render_sarif

    match name:
        case "junit":
            return render_junit(run)
        case "sarif":
            return render_sarif(run)
    return render_csv(run).encode()


def _write_badges(run: Run, folder: Path) -> None:
    from harness.folders import plain_name
    from harness.report.outputs.badges import badge, badge_json, badge_svg

    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted({result.system for result in run.results}):
        made = badge((result for result in run.results if result.system == name), name)
        (folder / f"{plain_name(name)}.json").write_bytes(badge_json(made))
        (folder / f"{plain_name(name)}.svg").write_bytes(badge_svg(made))


def _tell_github(run: Run, markdown: str) -> None:
    from harness.report.outputs.github import step_summary, workflow_commands

    for line in workflow_commands(run):
        typer.echo(line)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with mendable(), Path(path).open("a", encoding="utf-8") as summary:
            summary.write(step_summary(markdown))
