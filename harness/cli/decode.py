"""`harness decode`: what a recorded stream amounts to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.cli.exits import mendable

EXAMPLE = "Example: harness decode answer.sse --dialect openai-chat --json"
READ_SIZE = 64 * 1024


def decode(
    file: Annotated[Path, typer.Argument(help="The body of a response as it came, or - for standard input.")],
    dialect: Annotated[
        str,
        typer.Option(
            "--dialect",
            "-d",
            metavar="NAME",
            help="The wire dialect, for example openai-chat.",
            autocompletion=completion.streams,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the transcript as JSON.")] = False,
    think_tags: Annotated[bool, typer.Option("--think-tags", help="Take inline <think> blocks for reasoning.")] = False,
) -> None:
    """Decode a recorded stream and print its transcript."""
    import json

    from harness import api
    from harness.dialects import UnknownDialect

    with mendable(UnknownDialect):
        incremental = api.decoder(dialect, think_tags=think_tags)
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as body:
            chunks = iter(lambda: body.read(READ_SIZE), b"")
            transcript = api.transcript_of(dialect, incremental, chunks)
    if as_json:
        typer.echo(json.dumps(transcript.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(transcript.to_dict())


def _show(transcript: dict[str, object]) -> None:
    for key, value in transcript.items():
        if key == "tool_calls" and isinstance(value, list):
            for call in value:
                typer.echo(f"tool call:   {call['name']}({call['arguments']})  id {call['id']}")
        elif key == "warnings" and isinstance(value, list):
            for warning in value:
                typer.echo(f"warning:     {warning['rule']}: {warning['message']} (byte {warning['offset']})")
        elif words := _words(value):
            typer.echo(f"{key + ':':<12} {words}")


def _words(value: object) -> str:
    """A value in words; none for what is not known."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items() if item is not None)
    return "" if value in (None, []) else str(value)
