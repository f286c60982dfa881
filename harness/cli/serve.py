"""`harness serve`: the origin for people and programs of any kind."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import completion
from harness.cli.cassettes import SPEED, Cassettes, cassettes_in, speed_of
from harness.cli.exits import COULD_NOT_RUN, mendable

if TYPE_CHECKING:
    from harness.catalogue.models import Scenario
    from harness.origin.serve import RequestSeen, ServedScenario, ServeEvent, Unused

EXAMPLE = "Example: harness serve --port 8080 --family disconnects"

CASSETTE = typer.Option(
    "--cassette", metavar="PATH", help="Play this cassette, or all in this folder; scenarios only if asked for."
)
SHOWN_UNUSED = 20
"""Unused exchanges that are named in the end."""


def serve(
    port: Annotated[
        int, typer.Option("--port", "-p", metavar="NUMBER", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 0,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario", metavar="NAME", help="Only these; patterns will do.", autocompletion=completion.scenarios
        ),
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option("--family", "-f", metavar="NAME", help="Only these families.", autocompletion=completion.families),
    ] = None,
    cassette: Annotated[Cassettes, CASSETTE] = None,
    speed: Annotated[str, SPEED] = "recorded",
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", metavar="PATH", help="A folder of scenarios of your own.")
    ] = None,
) -> None:
    """Serve the scenarios: point any client at http://127.0.0.1:PORT/<family>/<slug>. Stop it with Ctrl-C."""
    import asyncio
    from contextlib import suppress

    from harness.catalogue.loader import CatalogueError, load_catalogue
    from harness.origin.serve import serve as serve_until_cancelled
    from harness.origin.server import OriginError

    pace = speed_of(speed)
    played = cassettes_in(cassette or [])
    wants_scenarios = not cassette or scenario or family or catalogue
    with mendable(CatalogueError):
        served = _served(load_catalogue(catalogue).select(ids=scenario, families=family)) if wants_scenarios else []
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who stops it so wants its last words as well
    with mendable(OriginError, status=COULD_NOT_RUN), suppress(KeyboardInterrupt):
        asyncio.run(serve_until_cancelled(served, cassettes=played, speed=pace, host=host, port=port, on_event=_tell))


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
    from harness.origin.serve import Listening, Unused

    match event:
        case Listening():
            typer.echo(f"serving {len(event.base_urls)} base URLs; {event.url}/ lists them")
            if len(event.base_urls) == 1:
                typer.echo(f"base URL: {next(iter(event.base_urls.values()))}")
        case Unused():
            _tell_unused(event)
        case _:
            _tell_request(event)


def _tell_request(event: RequestSeen) -> None:
    answer, request = event.answer, event.request
    spoken = event.dialect or "no dialect"
    said = f"{answer.response.status} {answer.response.ending}" if answer.response.head else answer.response.ending
    typer.echo(f"{event.base or '-'}: {request.method} {request.path} ({spoken}) -> {said}")
    for fault in answer.faults:
        if answer.planned or fault.rule != "not-recorded":
            typer.echo(
                f"    the vendor would refuse it: {fault.rule} at {fault.where or 'the request'}: {fault.message}"
            )
        else:
            typer.echo(f"    nothing recorded answers it: {fault.message}")
    for note in answer.notes:
        typer.echo(f"    {note}" if not answer.planned else f"    not as it was recorded: {note}")


def _tell_unused(event: Unused) -> None:
    """What nobody asked for: a client that was recorded does something else now, or the cassette has grown too long."""
    if not event.unused:
        return
    typer.echo(f"{len(event.unused)} of {event.recorded} recorded exchanges were never asked for:")
    for recorded in event.unused[:SHOWN_UNUSED]:
        typer.echo(f"    {recorded}")
    if len(event.unused) > SHOWN_UNUSED:
        typer.echo(f"    and {len(event.unused) - SHOWN_UNUSED} more")
