"""The `harness` command: gathers the verbs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from harness import __version__
from harness.cli import (
    compare,
    decode,
    drift,
    fuzz,
    gateway,
    import_,
    lint,
    matrix,
    merge,
    providers,
    readiness,
    record,
    replay,
    report,
    scenarios,
    scrub,
    serve,
    systems,
    translate,
)
from harness.cli.exits import COULD_NOT_RUN, said

app = typer.Typer(
    name="harness",
    help="Record-replay conformance harness for LLM streaming.",
    epilog="Exit status: 0 conforms; 1 a must failed; 2 the call was wrong; 3 the harness or a system could not run.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Record-replay conformance harness for LLM streaming."""


app.command("record", short_help="Ask a provider, and keep its answers as cassettes.", epilog=record.EXAMPLE)(
    record.record
)
app.command("replay", short_help="Run systems through scenarios or recordings, and judge them.", epilog=replay.EXAMPLE)(
    replay.replay
)
app.command("matrix", short_help="Run every installed system through the whole catalogue.", epilog=matrix.EXAMPLE)(
    matrix.matrix
)
app.command("fuzz", short_help="Search for cuts and damage that a system does not stand.", epilog=fuzz.EXAMPLE)(
    fuzz.fuzz
)
app.command("merge", short_help="Join results files into one.", epilog=merge.EXAMPLE)(merge.merge)
app.command("decode", short_help="Decode a recorded stream, and print its transcript.", epilog=decode.EXAMPLE)(
    decode.decode
)
app.command("translate", short_help="Translate a recorded stream into another dialect.", epilog=translate.EXAMPLE)(
    translate.translate
)
app.command("lint", short_help="Say what is malformed in streams, by rule and byte.", epilog=lint.EXAMPLE)(lint.lint)
app.command("drift", short_help="Compare new recordings with old ones.", epilog=drift.EXAMPLE)(drift.drift)
app.command("import", short_help="Bring recordings of others into cassettes.", epilog=import_.EXAMPLE)(import_.import_)
app.command("scrub", short_help="Mask secrets in files.", epilog=scrub.EXAMPLE)(scrub.scrub)
app.command("serve", short_help="Serve the scenarios, to any client.", epilog=serve.EXAMPLE)(serve.serve)
app.command("gateway", short_help="Serve every dialect's endpoint over any upstream.", epilog=gateway.EXAMPLE)(
    gateway.gateway
)
app.command("compare", short_help="Say what changed between two runs.", epilog=compare.EXAMPLE)(compare.compare)
app.command("report", short_help="Turn results files into pages, JUnit, Markdown, SARIF, CSV.", epilog=report.EXAMPLE)(
    report.report
)
app.command("readiness", short_help="Say which clients work with which servers.", epilog=readiness.EXAMPLE)(
    readiness.readiness
)
app.add_typer(providers.app, name="providers")
app.add_typer(scenarios.app, name="scenarios")
app.add_typer(systems.app, name="systems")


def main() -> None:
    """The console script's entry."""
    try:
        app()
    except OSError as error:  # of what no verb foresees, such as a full disk behind standard output
        print(f"harness: error: {said(error)}", file=sys.stderr)
        sys.exit(COULD_NOT_RUN)
