"""`harness scrub`: secrets in cassettes and other files, found or masked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import COULD_NOT_RUN, FAILED, mendable

if TYPE_CHECKING:
    from harness.recording.secrets.files import FoundInFile

EXAMPLE = "Example: harness scrub --check cassettes"
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors: the exit status says it.")


def scrub(
    paths: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Cassettes, HAR, any files; or folders.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit status 1 if a secret is found.")] = False,
    key_env: Annotated[
        list[str] | None,
        typer.Option(
            "--key-env",
            metavar="NAME",
            help="Look for this variable's value too. Repeatable; those named like keys are.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Mask secrets in files, each with as many asterisks; with --check, say where they are and change nothing.

    Looked for are keys by their shape, by the header, cookie, parameter or field that they stand in, and the values of
    the environment's key variables: in plain text, escaped, in base64 or packed, and in pieces over a stream's deltas.
    What is found is named by file, line and rule, and never shown. A cassette that held a secret is written anew.
    """
    from harness.recording.secrets.files import CannotScrub, files_below, found_in
    from harness.recording.secrets.files import scrub as scrub_file
    from harness.recording.secrets.redactor import UNSEARCHED, Redactor

    redactor = Redactor(variables=None, more_variables=key_env or ())
    with mendable(CannotScrub):
        files = list(files_below(paths))
    with mendable(CannotScrub, status=COULD_NOT_RUN):
        found = [one for file in files for one in (found_in if check else scrub_file)(file, redactor)]
        left = (
            found if check else [one for file in {one.file: None for one in found} for one in found_in(file, redactor)]
        )
    if as_json or not quiet:
        _tell(found, len(files), masked=not check, as_json=as_json)
    for one in left if not check else ():
        typer.echo(f"{one}: could not be masked" + (" or searched" if one.rule == UNSEARCHED else ""), err=True)
    if left:
        raise typer.Exit(FAILED)


def _tell(found: list[FoundInFile], files: int, *, masked: bool, as_json: bool) -> None:
    if as_json:
        import json

        rows = [{"file": str(one.file), "line": one.line, "rule": one.rule, "place": one.place} for one in found]
        typer.echo(json.dumps({"files": files, "found": rows}, indent=2))
        return
    for one in found:
        typer.echo(str(one))
    done = "masked" if masked else "found"
    typer.echo(
        f"{files} files searched, {len(found)} secrets {done}" if found else f"{files} files searched, no secret found"
    )
