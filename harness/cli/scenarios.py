"""`harness scenarios`: what is in the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import completion
from harness.cli.exits import mendable
from harness.cli.runs import CATALOGUE, DIALECT, FAMILY, Names

app = typer.Typer(help="List the catalogue's scenarios, or show one.", no_args_is_help=True)

CatalogueOption = Annotated[Path | None, CATALOGUE]


@app.command("list", epilog="Example: harness scenarios list --family tool-calls")
def list_scenarios(
    family: Annotated[Names, FAMILY] = None,
    dialect: Annotated[Names, DIALECT] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    catalogue: CatalogueOption = None,
) -> None:
    """List the scenarios: id, level, dialects, title."""
    import json

    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.catalogue.render import dialects_of
    from harness.dialects import UnknownDialect
    from harness.dialects import dialect as known_dialect

    with mendable(CatalogueError, UnknownDialect):
        loaded = load_catalogue(catalogue)
        for name in dialect or ():
            known_dialect(name)
        chosen = loaded.select(families=family, dialects=dialect)
        rows = [
            {
                "id": scenario.id,
                "level": scenario.level,
                "dialects": [name for name in dialects_of(scenario) if not dialect or name in dialect],
                "title": scenario.title,
            }
            for scenario in chosen
        ]
    if as_json:
        typer.echo(json.dumps({"catalogue": loaded.version, "scenarios": rows}, ensure_ascii=False, indent=2))
        return
    width = max((len(str(row["id"])) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['id']:<{width}}  {row['level']:<6}  {row['title']}")
    typer.echo(f"{len(rows)} scenarios, catalogue {loaded.version}")


@app.command("show", epilog="Example: harness scenarios show canary/plain-text --dialect gemini")
def show_scenario(
    scenario: Annotated[
        str, typer.Argument(help="A scenario's id, as `list` shows it.", autocompletion=completion.scenarios)
    ],
    dialect: Annotated[
        str | None,
        typer.Option(
            "--dialect",
            "-d",
            metavar="NAME",
            help="Also show the bytes in this dialect.",
            autocompletion=completion.dialects,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    catalogue: CatalogueOption = None,
) -> None:
    """Show one scenario, and with --dialect the bytes that the origin sends."""
    import json

    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.catalogue.render import dialects_of
    from harness.cli.wire_text import wire_text
    from harness.dialects import UnknownDialect

    with mendable(CatalogueError, UnknownDialect):
        loaded = load_catalogue(catalogue)
        found = loaded.get(scenario)
        shown = wire_text(found, dialect) if dialect else None
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, indent=2))
        return
    typer.echo(f"{found.id}  ({found.level})\n{found.title}\n\n{found.why}")
    typer.echo(f"\nruns in:   {', '.join(dialects_of(found))}")
    if found.incidents:
        typer.echo(f"incidents: {', '.join(found.incidents)}")
    if shown is not None:
        typer.echo(f"\n{shown}")
