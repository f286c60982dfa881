"""What the verbs that play cassettes share: their options, and how cassettes are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.exits import mendable

if TYPE_CHECKING:
    from harness.recording.folder import NamedCassette

Cassettes = list[Path] | None
SPEED = typer.Option(
    "--speed", metavar="SPEED", help="How cassettes play: recorded, instant, or so many times as fast."
)


def speed_of(text: str) -> float:
    """The speed that a person asked for; what is none ends the command."""
    from harness.recording.speed import UnknownSpeed, read_speed

    with mendable(UnknownSpeed):
        return read_speed(text)


def cassettes_in(paths: list[Path]) -> tuple[NamedCassette, ...]:
    """The cassettes in those files and folders; one that cannot be read ends the command.

    Files in a folder that are no cassettes are told of on stderr.
    """
    if not paths:
        return ()
    from harness.recording.cassette import UnreadableCassette
    from harness.recording.folder import read_cassettes

    with mendable(UnreadableCassette):
        found = read_cassettes(paths)
    for other in found.others:
        typer.echo(f"{other}: no cassette, left out", err=True)
    return found.cassettes
