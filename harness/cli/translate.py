"""`harness translate`: a recorded stream in another dialect."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import mendable

if TYPE_CHECKING:
    from harness.stack.translate.translation import Translation

EXAMPLE = "Example: harness translate answer.sse --from openai-chat --to anthropic-messages"
READ_SIZE = 64 * 1024


def translate(
    file: Annotated[
        Path, typer.Argument(help="The body of a response as it came, a cassette (.yaml), or - for standard input.")
    ],
    source: Annotated[
        str, typer.Option("--from", "-f", metavar="NAME", help="The dialect that it is in, for example openai-chat.")
    ],
    target: Annotated[str, typer.Option("--to", "-t", metavar="NAME", help="The dialect that it is wanted in.")],
    exchange: Annotated[int, typer.Option(min=0, help="Which exchange of a cassette, counted from 0.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print frames and losses as one JSON object.")] = False,
    think_tags: Annotated[bool, typer.Option("--think-tags", help="Take inline <think> blocks for reasoning.")] = False,
) -> None:
    """Translate a recorded stream, and say on standard error what the other dialect could not."""
    from harness import api
    from harness.dialects import UnknownDialect
    from harness.recording.cassette import UnreadableCassette

    with mendable(UnknownDialect, UnreadableCassette), _reads(file, exchange) as chunks:
        translation = api.translate(source, target, chunks, think_tags=think_tags)
        if as_json:
            _print_json(source, target, translation)
        else:
            _print_frames(translation)


@contextmanager
def _reads(file: Path, exchange: int) -> Iterator[Iterable[bytes]]:
    """The body as it is read: whatever is there, so that a stream which is still coming is translated as it comes."""
    if file.suffix in (".yaml", ".yml"):
        yield _recorded(file, exchange)
    elif str(file) == "-":
        yield iter(lambda: os.read(sys.stdin.fileno(), READ_SIZE), b"")
    else:
        with file.open("rb") as body:
            yield iter(lambda: body.read(READ_SIZE), b"")


def _recorded(file: Path, exchange: int) -> list[bytes]:
    from harness.recording.cassette import UnreadableCassette, load_cassette

    exchanges = load_cassette(file).exchanges
    if exchange >= len(exchanges):
        raise UnreadableCassette(f"{file} has {len(exchanges)} exchanges, and no number {exchange}")
    return [chunk.data for chunk in exchanges[exchange].response.chunks]


def _print_frames(translation: Translation) -> None:
    out = sys.stdout.buffer
    for frame in translation:
        out.write(frame)
        out.flush()
    for loss in translation.losses:
        typer.echo(f"lost: {loss.what}" + (f" ({loss.detail})" if loss.detail else ""), err=True)


def _print_json(source: str, target: str, translation: Translation) -> None:
    import json

    frames = [frame.decode("utf-8", "replace") for frame in translation]
    losses = [{"what": loss.what, "detail": loss.detail} for loss in translation.losses]
    said = {"from": source, "to": target, "status": translation.status, "losses": losses, "frames": frames}
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
