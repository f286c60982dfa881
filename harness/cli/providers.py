"""`harness providers`: who can be asked, and how."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import completion
from harness.cli.exits import mendable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.endpoints.providers import Changes, Endpoint, Provider

app = typer.Typer(help="List the providers that can be recorded, or show one.", no_args_is_help=True)

AS_JSON = typer.Option("--json", help="Print JSON.")


@app.callback()
def _providers() -> None:
    """List the providers that can be recorded, or show one."""


@app.command("list", epilog="Example: harness providers list")
def list_providers(as_json: Annotated[bool, AS_JSON] = False) -> None:
    """List the providers: name, key variable, dialects with their default models."""
    from harness.endpoints.providers import load_providers

    with mendable(ValueError):
        providers = load_providers()
    if as_json:
        rows = [_as_data(name, provider) for name, provider in providers.items()]
        typer.echo(json.dumps({"providers": rows}, ensure_ascii=False, indent=2))
        return
    width = max(map(len, providers))
    variables = {name: _variable(provider) for name, provider in providers.items()}
    wide = max(map(len, variables.values()))
    for name, provider in providers.items():
        typer.echo(f"{name:<{width}}  {variables[name]:<{wide}}  {', '.join(provider.endpoints)}")
    typer.echo(f"{len(providers)} providers; a key in brackets is shown where it is set, and not asked for")


@app.command("show", epilog="Example: harness providers show openai")
def show_provider(
    name: Annotated[
        str, typer.Argument(help="A provider's name, as `list` shows it.", autocompletion=completion.providers)
    ],
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Show how a provider is asked, which probes it can be brought to show, and what is odd about it."""
    from harness.endpoints.providers import provider_named

    with mendable(ValueError):
        provider = provider_named(name)
        data = _as_data(name, provider)
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    for line in _in_words(name, provider, data):
        typer.echo(line)


def _as_data(name: str, provider: Provider) -> dict[str, Any]:
    """The entry with its name, and for each endpoint the probes that are asked there and those that are not."""
    data = {"name": name, **provider.model_dump()}
    for dialect, endpoint in data["endpoints"].items():
        cannot = _not_asked(provider, dialect)
        endpoint["cannot"] = cannot
        endpoint["probes"] = [probe for probe in _probe_names() if probe not in cannot]
    del data["cannot"]
    return data


def _probe_names() -> list[str]:
    from harness.endpoints.probes import load_probes

    return [probe.name for probe in load_probes()]


def _not_asked(provider: Provider, dialect: str) -> dict[str, str]:
    """The probes that the dialect cannot say or the provider cannot show, each with the reason."""
    from harness.endpoints.probes import load_probes

    unsayable = {probe.name: probe.cannot[dialect] for probe in load_probes() if dialect in probe.cannot}
    return {**provider.cannot_in(dialect), **unsayable}


def _variable(provider: Provider) -> str:
    variable = provider.key_variable or "-"
    return f"[{variable}]" if provider.needs_no_key and provider.key_variable else variable


def _in_words(name: str, provider: Provider, data: dict[str, Any]) -> Iterator[str]:
    yield f"{name}: {provider.title}"
    yield f"key: {_variable(provider)}" + (" (asked for by no server unless it was told to)" if provider.local else "")
    yield "cost: free, the server is your own" if provider.local else f"prices: {provider.prices or 'unknown'}"
    for dialect, endpoint in provider.endpoints.items():
        yield f"\n{dialect}"
        yield from _endpoint_in_words(provider, endpoint)
        shown = data["endpoints"][dialect]
        yield from _folded(f"probes: {', '.join(shown['probes'])}", 2)
        for probe, why in shown["cannot"].items():
            yield from _folded(f"not {probe}: {why}", 2)
    yield "" if provider.quirks else "\nnothing odd is known"
    for quirk in provider.quirks:
        yield from _folded(f"- {quirk.fact} ({quirk.source})", 0)


def _endpoint_in_words(provider: Provider, endpoint: Endpoint) -> Iterator[str]:
    url = endpoint.base_url or (f"${provider.base_url_variable}" if provider.base_url_variable else "--base-url")
    yield f"  base URL: {url}" + (f", path {endpoint.path}" if endpoint.path else "")
    yield f"  model: {endpoint.model or '--model'}"
    if endpoint.key_header or endpoint.bearer:
        yield f"  key in: {endpoint.key_header or 'authorization: Bearer …'}"
    for change in _changes_in_words(endpoint.body):
        yield f"  body: {change}"


def _changes_in_words(changes: Changes) -> Iterator[str]:
    yield from (f"{old} is called {new}" for old, new in changes.rename.items())
    yield from (f"{name} is left out" for name in changes.drop)
    yield from (f"{name} is {json.dumps(value)}" for name, value in changes.put.items())


def _folded(text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text, 100, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2), break_on_hyphens=False
    )
