"""`harness compare`: two results files, and what changed from the first to the second."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.exits import FAILED, fail, make_parent, mendable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue.models import Level
    from harness.report.comparison import Change, Comparison, Outcome
    from harness.runner.results import Run

EXAMPLE = "Example: harness compare yesterday.jsonl today.jsonl --fail-on should"
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors: the exit status says it.")
FAIL_ON = ("must", "should", "may", "never")
SHOWN = 20
"""Changes of one kind that the terminal lists; the Markdown and the JSON have all of them."""


def compare(
    before: Annotated[Path, typer.Argument(help="The results file of the run that was.")],
    after: Annotated[Path, typer.Argument(help="The results file of the run that is.")],
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on", metavar="LEVEL", help="must, should, may or never: what may not go from pass to fail."
        ),
    ] = "must",
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="PATH", help="Write it for a pull request here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Say what broke, what was fixed, what fails in another way, and what is new or gone between two runs.

    Exit status 1 if a case that passed now fails, at the level of `--fail-on` or above. Known failures do not count.
    """
    from harness.report.comparison import compare_runs
    from harness.report.outputs.comparison_text import comparison_markdown
    from harness.runner.results import UnreadableResults, read_run

    levels = levels_for(fail_on)
    with mendable(UnreadableResults):
        runs = [read_run(path, evidence=False) for path in (before, after)]
        comparison = compare_runs(*runs)
        if markdown is not None:
            make_parent(markdown)
            markdown.write_text(comparison_markdown(comparison), encoding="utf-8")
    if as_json:
        _print_json(comparison)
    elif not quiet:
        print_comparison(comparison, *map(run_in_words, runs))
    if comparison.regressions(*levels):
        raise typer.Exit(FAILED)


def levels_for(fail_on: str) -> tuple[Level, ...]:
    """The levels at which a regression counts; a word that is none ends the command."""
    from harness.report.marks import LEVELS

    if fail_on not in FAIL_ON:
        fail(f"--fail-on {fail_on}: no such word; it is one of {', '.join(FAIL_ON)}")
    return LEVELS[: FAIL_ON.index(fail_on) + 1] if fail_on != "never" else ()


def print_comparison(comparison: Comparison, before: str, after: str) -> None:
    """The changes on stdout, the gravest first."""
    from harness.report.comparison import CHANGE_KINDS
    from harness.report.outputs.comparison_text import HEADINGS, in_one_line
    from harness.report.visible import counted

    typer.echo(f"{before}\n{after}")
    for kind in CHANGE_KINDS:
        changes = comparison.of(kind)
        if not changes:
            continue
        typer.echo(f"\n{HEADINGS[kind]}: {len(changes)}")
        for change in changes[:SHOWN]:
            typer.echo(f"  {in_one_line(change)}")
            if kind in ("broke", "new-failure", "changed") and change.after and change.after.reproduce:
                typer.echo(f"    {change.after.reproduce}")
        if len(changes) > SHOWN:
            typer.echo(f"  … and {len(changes) - SHOWN} more")
    typer.echo(f"\n{counted(comparison.same, 'case')} as before, {counted(len(comparison.changes), 'change')}")


def run_in_words(run: Run) -> str:
    """When a run began, and of what."""
    from harness.report.visible import plain

    header = run.header
    systems = ", ".join(f"{name} {version}" for name, version in sorted(header.systems.items())[:5])
    more = f" and {len(header.systems) - 5} more" if len(header.systems) > 5 else ""
    whole = "" if run.footer and not run.footer.interrupted else ", not whole"
    said = f"{header.started}: harness {header.harness}, catalogue {header.catalogue}, {systems}{more}{whole}"
    return plain(said)


def _print_json(comparison: Comparison) -> None:
    import json

    rows = list(_rows(comparison.changes))
    typer.echo(json.dumps({"same": comparison.same, "changes": rows}, ensure_ascii=False, indent=2))


def _rows(changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    for change in changes:
        yield {
            "change": change.kind,
            "system": change.system,
            "dialect": change.pair,
            "case": change.case,
            "level": change.level,
            "regression": change.is_regression,
            "before": _outcome(change.before),
            "after": _outcome(change.after),
        }


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    return {
        "verdict": outcome.verdict,
        "version": outcome.version,
        "failures": list(map(str, outcome.how)),
        "message": outcome.message,
        "silent": outcome.silent,
        "known": outcome.known,
        "reproduce": outcome.reproduce,
    }
