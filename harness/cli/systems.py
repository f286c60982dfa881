"""`harness systems`: what can be put under test."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Look at the bundled systems.", no_args_is_help=True)


@app.callback()
def _systems() -> None:
    """Look at the bundled systems."""


@app.command("list", epilog="Example: harness systems list")
def list_systems(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the bundled systems."""
    import json

    from harness.systems.registry import InProcessSpec, bundled_names, resolve

    rows = [
        {"name": name, "runs": "in this process" if isinstance(resolve(name), InProcessSpec) else "as a worker"}
        for name in bundled_names()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['name']:<20} {row['runs']}")
