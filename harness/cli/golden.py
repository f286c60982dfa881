"""`harness replay --update`: shows what has changed since golden transcripts were reviewed, asks, and rewrites them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import typer

from harness.cli.exits import CONFORMS, COULD_NOT_RUN, FAILED, fail, mendable

if TYPE_CHECKING:
    from harness.recording.cassette import Exchange
    from harness.recording.folder import NamedCassette


@dataclass(frozen=True, slots=True)
class _Change:
    """An exchange that is to get another golden transcript, and in words why."""

    number: int
    exchange: Exchange
    words: tuple[str, ...]


def update_golden(cassettes: tuple[NamedCassette, ...], *, yes: bool) -> NoReturn:
    """Rewrites golden transcripts, file by file, as far as a person agrees (`yes`: to all), and ends the command.

    Status 1 where a difference stays, 2 where nobody is there to be asked.
    """
    changed = [(named, changes) for named in cassettes if (changes := list(_changes(named)))]
    if not changed:
        typer.echo("nothing to update: every exchange amounts to what its golden transcript says")
        raise typer.Exit(CONFORMS)
    refused = False
    for named, changes in changed:
        _show(named, changes)
        if named.cassette.path.suffix == ".json":
            fail(f"{named.cassette.path}: only YAML is rewritten; bring it over with `harness import` first")
        if not yes and not sys.stdin.isatty():
            continue
        if yes or typer.confirm(f"Is this right, and to be written into {named.cassette.path}?"):
            _write(named, changes)
        else:
            refused = True
    if not yes and not sys.stdin.isatty():
        fail("--update asks before it rewrites, and there is no terminal to ask on; --yes takes all of it as right")
    raise typer.Exit(FAILED if refused else CONFORMS)


def _changes(named: NamedCassette) -> Iterator[_Change]:
    """The exchanges without a golden transcript, or with another one; cleaned, as they are written."""
    from harness.recording.golden import Undecoded, decoded, golden_differences
    from harness.recording.writer import default_redactor
    from harness.runner.cassettes import summary

    cleaner = default_redactor()
    for number, exchange in enumerate(named.cassette.exchanges):
        now = decoded(exchange)
        words: tuple[str, ...]
        if isinstance(now, Undecoded):
            continue
        if exchange.transcript is None:
            words = (f"new: {summary(now)}",)
        else:
            words = tuple(map(str, golden_differences(exchange.transcript, now)))
        if words:
            cleaned, _ = cleaner.clean(exchange)
            kept = decoded(cleaned)
            assert not isinstance(kept, Undecoded)
            yield _Change(number, replace(cleaned, transcript=kept.to_dict()), words)


def _show(named: NamedCassette, changes: list[_Change]) -> None:
    from harness.catalogue.recorded import exchange_id
    from harness.report.visible import plain

    for change in changes:
        typer.echo(plain(exchange_id(named.name, change.number)))
        for words in change.words:
            typer.echo(f"  {plain(words)}")


def _write(named: NamedCassette, changes: list[_Change]) -> None:
    from harness.recording.writer import save_cassette
    from harness.report.visible import counted

    exchanges = list(named.cassette.exchanges)
    for change in changes:
        exchanges[change.number] = change.exchange
    with mendable(ValueError, status=COULD_NOT_RUN):
        save_cassette(named.cassette.path, exchanges)
    typer.echo(f"{named.cassette.path}: {counted(len(changes), 'golden transcript')} written")
