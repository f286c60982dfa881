"""What the shell completes besides options: systems, scenarios, families, dialects.

Names are read off files, and nothing that is big is imported: a shell waits for them at every press of a key. Where no
name begins so, shells go on to complete files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

from harness.folders import data_folder

SYSTEMS = Path(__file__).parents[1] / "systems" / "bundled"
OWN = ("decoders", "translation")
"""What `fuzz` takes for systems besides."""


def systems(incomplete: str) -> list[str]:
    """Bundled systems that begin so."""
    files = (each for each in SYSTEMS.iterdir() if each.suffix in (".py", ".mjs", ".yaml") and each.name[0] != "_")
    return _beginning({each.stem.replace("_", "-") for each in files}, incomplete)


def searched_systems(incomplete: str) -> list[str]:
    """The same, and our own readers."""
    return [*_beginning(OWN, incomplete), *systems(incomplete)]


def scenarios(ctx: typer.Context, incomplete: str) -> list[str]:
    """Scenarios that begin so, of the catalogue that the options before name."""
    folder = _catalogue(ctx)
    found = (each.relative_to(folder).with_suffix("").as_posix() for each in folder.glob("*/*.yaml"))
    return _beginning(found, incomplete)


def families(ctx: typer.Context, incomplete: str) -> list[str]:
    """Families that begin so."""
    return _beginning({each.parent.name for each in _catalogue(ctx).glob("*/*.yaml")}, incomplete)


def dialects(incomplete: str) -> list[str]:
    """Dialects that begin so."""
    from harness.dialects import dialect_names

    return _beginning(dialect_names(), incomplete)


def streams(incomplete: str) -> list[str]:
    """Dialects that begin so, those that are only served among them."""
    from harness.dialects import stream_names

    return _beginning(stream_names(), incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


def _catalogue(ctx: typer.Context) -> Path:
    given = ctx.params.get("catalogue")
    return Path(given) if given else data_folder("specs/scenarios")


def providers(incomplete: str) -> list[str]:
    """Providers that begin so."""
    from harness.endpoints.providers import load_providers

    return _beginning(load_providers(), incomplete)
