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


app.command("record", epilog=record.EXAMPLE)(record.record)
app.command("replay", epilog=replay.EXAMPLE)(replay.replay)
app.command("matrix", epilog=matrix.EXAMPLE)(matrix.matrix)
app.command("fuzz", epilog=fuzz.EXAMPLE)(fuzz.fuzz)
app.command("merge", epilog=merge.EXAMPLE)(merge.merge)
app.command("decode", epilog=decode.EXAMPLE)(decode.decode)
app.command("translate", epilog=translate.EXAMPLE)(translate.translate)
app.command("lint", epilog=lint.EXAMPLE)(lint.lint)
app.command("drift", epilog=drift.EXAMPLE)(drift.drift)
app.command("import", epilog=import_.EXAMPLE)(import_.import_)
app.command("scrub", epilog=scrub.EXAMPLE)(scrub.scrub)
app.command("serve", epilog=serve.EXAMPLE)(serve.serve)
app.command("gateway", epilog=gateway.EXAMPLE)(gateway.gateway)
app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
app.command("report", epilog=report.EXAMPLE)(report.report)
app.command("readiness", epilog=readiness.EXAMPLE)(readiness.readiness)
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
