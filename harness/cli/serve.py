"""`harness serve`: the origin for people and programs of any kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.exits import COULD_NOT_RUN, mendable

if TYPE_CHECKING:
    from harness.catalogue.models import Scenario
    from harness.origin.serve import ServedScenario, ServeEvent

EXAMPLE = "Example: harness serve --port 8080 --family disconnects"


def serve(
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    scenario: Annotated[list[str] | None, typer.Option("--scenario", help="Only these; patterns will do.")] = None,
    family: Annotated[list[str] | None, typer.Option("--family", "-f", help="Only these families.")] = None,
    cassette: Annotated[Path | None, typer.Option("--cassette", help="Also play this vcrpy cassette.")] = None,
    catalogue: Annotated[Path | None, typer.Option("--catalogue", help="A folder of scenarios of your own.")] = None,
) -> None:
    """Serve the scenarios: point any client at http://127.0.0.1:PORT/<family>/<slug>. Stop it with Ctrl-C."""
    import asyncio
    from contextlib import suppress

    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.origin.serve import serve as serve_until_cancelled
    from harness.origin.server import OriginError
    from harness.recording.cassette import UnreadableCassette, load_cassette

    with mendable(CatalogueError, UnreadableCassette):
        served = _served(load_catalogue(catalogue).select(ids=scenario, families=family))
        played = load_cassette(cassette) if cassette else None
    with mendable(OriginError, status=COULD_NOT_RUN), suppress(KeyboardInterrupt):
        asyncio.run(serve_until_cancelled(served, cassette=played, host=host, port=port, on_event=_tell))


def _served(scenarios: tuple[Scenario, ...]) -> list[ServedScenario]:
    from harness.catalogue.render import RenderedScenario, dialects_of, render
    from harness.origin.case import CasePlan
    from harness.origin.serve import ServedScenario

    served = []
    for scenario in scenarios:
        rendered = [render(scenario, name) for name in dialects_of(scenario)]
        plans = tuple(
            CasePlan(f"{each.scenario_id}:{each.dialect}", each.dialect, each.responses, each.fallback_responses)
            for each in rendered
            if isinstance(each, RenderedScenario)
        )
        served.append(ServedScenario(scenario.id, scenario.title, plans))
    return served


def _tell(event: ServeEvent) -> None:
    from harness.origin.serve import Listening

    if isinstance(event, Listening):
        typer.echo(f"serving {len(event.base_urls)} base URLs; {event.url}/ lists them")
        if len(event.base_urls) == 1:
            typer.echo(f"base URL: {next(iter(event.base_urls.values()))}")
        return
    answer, request = event.answer, event.request
    spoken = event.dialect or "no dialect"
    said = f"{answer.response.status} {answer.response.ending}" if answer.response.head else answer.response.ending
    typer.echo(f"{event.base or '-'}: {request.method} {request.path} ({spoken}) -> {said}")
    for fault in answer.faults:
        typer.echo(f"    the vendor would refuse it: {fault.rule} at {fault.where or 'the request'}: {fault.message}")
