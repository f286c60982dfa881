"""`harness import`: recordings that others made, as cassettes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import completion
from harness.cli.exits import COULD_NOT_RUN, WRONG_CALL, fail, mendable

if TYPE_CHECKING:
    from harness.recording.importers.imported import Imported, Wishes
    from harness.recording.importers.store import Stored

EXAMPLE = "Example: harness import capture.har --out cassettes/imported"
FORM = (
    "The form, where the content does not show it: har, har-zip, cassette (vcrpy, go-vcr, Ruby's VCR), body, "
    "list (of frames, or of chunks in base64), chunks (an object with a chunk list), recordings (a line each)."
)
DIALECT = typer.Option(
    "--dialect",
    "-d",
    metavar="NAME",
    help="That of bodies; and only exchanges of that dialect.",
    autocompletion=completion.dialects,
)


def import_(
    files: Annotated[list[Path], typer.Argument(help="Recordings: HAR files, cassettes, bodies, lists.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="PATH", help="A folder for a cassette per file; or one .yaml for all."),
    ],
    dialect: Annotated[str | None, DIALECT] = None,
    provider: Annotated[str | None, typer.Option("--provider", metavar="NAME", help="Who answered.")] = None,
    form: Annotated[str | None, typer.Option("--form", metavar="NAME", help=FORM)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also exchanges with no model's endpoint.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace cassettes that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Bring recordings of others into cassettes: browsers' and proxies' HAR, vcrpy's family, bodies, frame lists.

    Secrets are masked before anything is written. What a form does not hold is said in each exchange's note, and what
    was left out is said here. All files are read before the first cassette is written.
    """
    from harness.recording.importers.imported import UnreadableImport
    from harness.recording.importers.recognise import import_file
    from harness.recording.importers.store import store, targets

    wishes = _wishes(dialect, provider, form, everything=everything)
    with mendable(UnreadableImport):
        imported = [(file, import_file(file, wishes, form)) for file in files]
        placed = targets(imported, out)
    if not replace and (there := next((path for path in placed if path.exists()), None)):
        fail(f"{there}: is there already; give another --out, or --replace", WRONG_CALL)
    forms = ", ".join(sorted({each.form for _, each in imported}))
    with mendable(status=COULD_NOT_RUN):
        stored = [store(path, exchanges, forms) for path, exchanges in placed.items()]
    _tell(imported, stored, as_json=as_json)
    if not stored:
        fail("nothing was written: no exchange in these files is one to take", WRONG_CALL)


def _wishes(dialect: str | None, provider: str | None, form: str | None, *, everything: bool) -> Wishes:
    """What was asked for; names that nobody knows end the command."""
    from harness.dialects import UnknownDialect
    from harness.dialects import dialect as dialect_record
    from harness.folders import plain_name
    from harness.recording.importers.imported import Wishes
    from harness.recording.importers.recognise import FORMS

    if form is not None and form not in FORMS:
        fail(f"there is no form {form!r}; the forms are {', '.join(FORMS)}", WRONG_CALL)
    if provider is not None and plain_name(provider) != provider:
        fail(f"{provider!r} is no provider's name; {plain_name(provider)!r} would be one", WRONG_CALL)
    with mendable(UnknownDialect):
        if dialect is not None:
            dialect_record(dialect)
    return Wishes(dialect, provider, everything)


def _tell(imported: list[tuple[Path, Imported]], stored: list[Stored], *, as_json: bool) -> None:
    if as_json:
        import json

        read = [
            {"file": str(file), "form": each.form, "exchanges": len(each.exchanges), "notes": each.notes}
            for file, each in imported
        ]
        written = [
            {
                "cassette": str(each.path),
                "exchanges": each.exchanges,
                "statuses": each.statuses,
                "undecoded": each.undecoded,
                "masked": each.masked,
            }
            for each in stored
        ]
        typer.echo(json.dumps({"read": read, "written": written}, ensure_ascii=False, indent=2))
        return
    for file, each in imported:
        typer.echo(f"{file}: {each.form}, {_count(len(each.exchanges), 'exchange')}")
        for note in each.notes:
            typer.echo(f"    {note}")
    for cassette in stored:
        typer.echo(f"wrote {cassette.path}: {_words(cassette)}")


def _words(cassette: Stored) -> str:
    parts = [f"{count} {status}" for status, count in sorted(cassette.statuses.items())]
    parts += [f"{cassette.undecoded} not decoded"] if cassette.undecoded else []
    parts += [f"{_count(cassette.masked, 'place')} masked"] if cassette.masked else []
    return f"{_count(cassette.exchanges, 'exchange')} ({', '.join(parts)})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
