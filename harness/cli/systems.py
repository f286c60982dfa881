"""`harness systems`: what can be put under test, and whether its adapter is sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import completion
from harness.cli.exits import COULD_NOT_RUN, FAILED, fail, mendable

if TYPE_CHECKING:
    from harness.systems.base import Description, SystemBroken
    from harness.systems.registry import SystemSpec

app = typer.Typer(help="List, install, check and draft systems.", no_args_is_help=True)

AS_JSON = typer.Option("--json", help="Print JSON.")
NAMES = typer.Argument(help="Bundled names, adapter scripts or manifests.", autocompletion=completion.systems)
ALL = typer.Option("--all", help="Every bundled system.")
DIALECT = typer.Option(
    "--dialect", "-d", metavar="NAME", help="The dialect that the draft speaks.", autocompletion=completion.dialects
)
LANGUAGE = typer.Option("--language", "-l", metavar="NAME", help="python or node.")
PACKAGE = typer.Option(
    "--package", "-p", metavar="NAME", help="What its environment is built from, such as my-client==1.2.3."
)
FOLDER = typer.Option("--folder", metavar="PATH", help="Where the draft is written.")


@app.callback()
def _systems() -> None:
    """List, install, check and draft systems."""


@app.command("list", epilog="Example: harness systems list")
def list_systems(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """List the bundled systems, what is installed of them and what they claim; and what cannot be had, and why."""
    from harness.systems.descriptions import describe
    from harness.systems.isolation import isolate
    from harness.systems.registry import bundled_names, installed, resolve
    from harness.systems.unavailable import UnreadableList, unavailable

    with mendable(UnreadableList, status=COULD_NOT_RUN):
        missing = unavailable()
    specs = [resolve(name) for name in bundled_names()]
    present = {spec.name for spec in specs if installed(spec)}
    isolate()  # describing a system runs its code; where it cannot be cut off, it says nothing more than in a run
    said = describe(spec for spec in specs if spec.name in present)
    rows = [_row(spec, spec.name in present, said.get(spec.name)) for spec in specs]
    if as_json:
        lost = [entry.model_dump() for entry in missing]
        typer.echo(json.dumps({"systems": rows, "unavailable": lost}, indent=2))
        return
    _print_rows(rows)
    for entry in missing:
        typer.echo(f"not available: {entry.name}: {' '.join(entry.reason.split())}")


def _row(spec: SystemSpec, present: bool, said: Description | SystemBroken | None) -> dict[str, Any]:
    from harness.systems.base import Description
    from harness.systems.registry import is_gateway

    row: dict[str, Any] = {"name": spec.name, "installed": present, "version": None, "language": None}
    row |= {"kind": "gateway" if is_gateway(spec) else "client", "dialects": [], "features": {}, "problem": None}
    row["runs"] = _how(spec)
    row["upstream"] = None
    if isinstance(said, Description):
        row |= {"version": said.version, "language": said.language, "kind": said.kind, "upstream": said.upstream}
        row["dialects"] = list(said.dialects)
        row["features"] = {dialect: sorted(said.claims(dialect)) for dialect in said.dialects}
    elif said is not None:
        row["problem"] = str(said)
    return row


def _how(spec: SystemSpec) -> str:
    from harness.systems.registry import InProcessSpec, is_gateway

    if isinstance(spec, InProcessSpec):
        return "in this process"
    return "as a server" if is_gateway(spec) else "as a worker"


def _print_rows(rows: list[dict[str, Any]]) -> None:
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        state = "installed" if row["installed"] else "not installed"
        typer.echo(f"{row['name']:<{width}} {row['version'] or '-':<12} {state:<14} {_dialects_of(row)}")
        for features in dict.fromkeys(", ".join(each) for each in row["features"].values()):
            where = [dialect for dialect, each in row["features"].items() if ", ".join(each) == features]
            typer.echo(
                f"{'':<{width + 1}}{'' if len(where) == len(row['features']) else ', '.join(where) + ': '}{features}"
            )
    absent = sum(not row["installed"] for row in rows)
    if absent:
        typer.echo(f"\n{absent} are not installed: harness systems install NAME…, or --all")


def _dialects_of(row: dict[str, Any]) -> str:
    if row["problem"]:
        return f"cannot be started: {row['problem']}"
    dialects = ", ".join(row["dialects"])
    if row["upstream"]:
        return f"({row['kind']}) {row['upstream']} → {dialects}"
    return dialects if row["kind"] == "client" else f"({row['kind']}) {dialects}"


@app.command("install", epilog="Example: harness systems install openai-python anthropic-python")
def install(
    names: Annotated[list[str] | None, NAMES] = None,
    everything: Annotated[bool, ALL] = False,
) -> None:
    """Build the environments of systems, side by side; what is built already is left as it is."""
    import time
    from concurrent.futures import ThreadPoolExecutor

    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem, bundled_names, prepare, resolve

    if bool(names) == everything:
        fail("name the systems to install, or give --all")
    with mendable(UnknownSystem, UnreadableManifest):
        specs = [resolve(name) for name in names or bundled_names()]

    def built(spec: SystemSpec) -> bool:
        began = time.monotonic()
        problem = prepare([spec]).get(spec.name)
        took = f"{time.monotonic() - began:.1f} s"
        typer.echo(f"{spec.name:<22} {problem or 'installed, ' + took}", err=problem is not None)
        return problem is None

    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = list(pool.map(built, specs))
    if not all(outcomes):
        fail(f"{outcomes.count(False)} of {len(outcomes)} systems could not be installed", COULD_NOT_RUN)


@app.command("check", epilog="Example: harness systems check my_adapter.py")
def check(
    name: Annotated[
        str, typer.Argument(help="A bundled name, an adapter script or a manifest.", autocompletion=completion.systems)
    ],
) -> None:
    """Run the canaries and one plain scenario for each claimed feature, and say what is wrong with the adapter."""
    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.runner.adapter_check import check_adapter
    from harness.runner.lineup import WrongRun
    from harness.systems.manifest import UnreadableManifest
    from harness.systems.registry import UnknownSystem

    with mendable(CatalogueError, UnknownSystem, UnreadableManifest, WrongRun):
        outcome = check_adapter(name, load_catalogue(), lambda words: typer.echo(words, err=True))
    if outcome.broken:
        fail(outcome.broken, COULD_NOT_RUN)
    for each in outcome.diagnoses:
        typer.echo(f"{each.suspect}: {each.scenario} ({each.dialect}): {each.problem}")
        typer.echo(f"  {each.mend}\n  {each.reproduce}\n")
    if outcome.diagnoses:
        typer.echo(f"{len(outcome.diagnoses)} things are wrong; {outcome.passed} plain scenarios passed")
        raise typer.Exit(FAILED)
    typer.echo(f"the adapter is sound: {outcome.passed} plain scenarios passed, and it shows what it claims")


@app.command("new", epilog="Example: harness systems new my-client --package my-client==1.2.3")
def new(
    name: Annotated[str, typer.Argument(help="What the system is to be called.")],
    dialect: Annotated[str, DIALECT] = "openai-chat",
    language: Annotated[str, LANGUAGE] = "python",
    package: Annotated[str | None, PACKAGE] = None,
    folder: Annotated[Path, FOLDER] = Path(),
) -> None:
    """Draft an adapter that passes the canaries as it stands."""
    from harness.systems.scaffold import WrongScaffold, draft_adapter

    with mendable(WrongScaffold):
        path = draft_adapter(name, folder, language=language, dialect=dialect, package=package)
    typer.echo(f"{path}\nput your client into it, then: harness systems check {path}")
