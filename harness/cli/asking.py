"""The options of the verbs that ask a provider: which one, with what, and how much at most."""

from __future__ import annotations

import typer

from harness.cli import completion

Names = list[str] | None
PROVIDER = typer.Option(
    "--provider",
    metavar="NAME",
    help="Who is asked; `harness providers list` names them.",
    autocompletion=completion.providers,
)
MODEL = typer.Option("--model", metavar="NAME", help="The model, in place of the provider's own.")
DIALECT = typer.Option(
    "--dialect", "-d", metavar="NAME", help="Only these dialects.", autocompletion=completion.dialects
)
BASE_URL = typer.Option("--base-url", metavar="URL", help="Where it is asked, without a version path.")
KEY_ENV = typer.Option("--key-env", metavar="NAME", help="The environment variable that holds the key.")
MAX_REQUESTS = typer.Option("--max-requests", metavar="NUMBER", min=0, help="Send no more requests than this.")
MAX_COST = typer.Option(
    "--max-cost", metavar="DOLLARS", min=0, help="Spend no more than so many US dollars, by published prices."
)
