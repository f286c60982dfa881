"""`harness drift`: what a provider changed since it was recorded."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import completion
from harness.cli.asking import BASE_URL, DIALECT, KEY_ENV, MAX_COST, MAX_REQUESTS, MODEL, Names
from harness.cli.exits import CONFORMS, COULD_NOT_RUN, FAILED, INTERRUPTED, fail, mendable

if TYPE_CHECKING:
    from harness.endpoints.drift import Drift
    from harness.endpoints.drift_finding import Evidence, Finding
    from harness.endpoints.session import Limits
    from harness.endpoints.shape import Shape

EXAMPLE = "Example: harness drift --against cassettes/openai --recorded cassettes/openai-new"

PROVIDER = typer.Option(
    "--provider",
    metavar="NAME",
    help="Who is asked anew, every probe; `harness providers list` names them.",
    autocompletion=completion.providers,
)
AGAINST = typer.Option("--against", metavar="PATH", help="The folder of older recordings (cassettes/PROVIDER).")
RECORDED = typer.Option("--recorded", metavar="PATH", help="A folder of newer recordings; nobody is asked then.")
PROBE = typer.Option("--probe", metavar="NAME", help="Ask only these probes.")
KEEP = typer.Option("--keep", metavar="PATH", help="Keep the new recordings in this folder.")
LEAST = typer.Option("--least", metavar="LEVEL", help="Show findings from this severity on: breaking, notable or info.")
AS_JSON = typer.Option("--json", help="Print all findings as JSON.")


def drift(
    provider: Annotated[str | None, PROVIDER] = None,
    against: Annotated[Path | None, AGAINST] = None,
    recorded: Annotated[Path | None, RECORDED] = None,
    dialect: Annotated[Names, DIALECT] = None,
    probe: Annotated[Names, PROBE] = None,
    model: Annotated[str | None, MODEL] = None,
    base_url: Annotated[str | None, BASE_URL] = None,
    key_env: Annotated[str | None, KEY_ENV] = None,
    max_requests: Annotated[int | None, MAX_REQUESTS] = None,
    max_cost: Annotated[float | None, MAX_COST] = None,
    keep: Annotated[Path | None, KEEP] = None,
    least: Annotated[str, LEAST] = "info",
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Compare the shape of new recordings with that of old ones, and say what the provider changed.

    Exit status 1 where something that clients rely on vanished or has another type.
    """
    from harness.endpoints.drift import compare

    severities = _shown(least)
    before = _shape(_older(provider, against, recorded), dialect)
    with ExitStack() as stack:
        newer = recorded or _room(keep, stack)
        if recorded is None and provider is not None:
            asked = {"dialects": dialect, "probes": probe, "model": model, "base_url": base_url}
            _record(provider, newer, key_env, _limits(max_requests, max_cost), asked)
        found = compare(before, _shape(newer, dialect))
    _tell(found, severities, as_json=as_json)
    raise typer.Exit(FAILED if found.of("breaking") else CONFORMS)


def _shown(least: str) -> list[str]:
    """The severities from that one on."""
    from harness.endpoints.drift_finding import SEVERITIES

    names: list[str] = [*SEVERITIES]
    if least not in names:
        fail(f"--least is one of {', '.join(names)}, and not {least!r}")
    return names[: names.index(least) + 1]


def _older(provider: str | None, against: Path | None, recorded: Path | None) -> Path:
    """The folder of the older recordings; without two sides there is nothing to compare."""
    if provider is None and recorded is None:
        fail("name who is asked anew with --provider, or newer recordings with --recorded DIR")
    if provider is None and against is None:
        fail("name the older recordings with --against DIR, or the provider whose they are with --provider")
    return against or Path("cassettes") / str(provider)


def _room(keep: Path | None, stack: ExitStack) -> Path:
    """An empty folder for the new recordings."""
    if keep is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="harness-drift-")))
    if keep.is_dir() and any(keep.iterdir()):
        fail(f"{keep}: holds something already; give --keep an empty folder, or compare it with --recorded")
    return keep


def _limits(max_requests: int | None, max_cost: float | None) -> Limits:
    from harness.endpoints.session import Limits

    if max_cost is not None and not isfinite(max_cost):
        fail(f"--max-cost takes US dollars, not {max_cost}")
    return Limits(max_requests, None if max_cost is None else Decimal(str(max_cost)))


def _shape(folder: Path, dialects: Names) -> Shape:
    """The shape of what lies there; a folder without cassettes ends the command."""
    from harness.endpoints.shape import shape_of
    from harness.recording.cassette import UnreadableCassette
    from harness.recording.folder import read_cassettes

    with mendable(UnreadableCassette):
        found = read_cassettes([folder])
    shape = shape_of(
        (named.name, number, exchange)
        for named in found.cassettes
        for number, exchange in enumerate(named.cassette.exchanges)
    )
    wanted = {name: each for name, each in shape.items() if not dialects or name in dialects}
    if not wanted:
        fail(f"{folder}: no recording there is of a dialect that can be compared")
    return wanted


def _record(provider: str, out: Path, key_env: str | None, limits: Limits, asked: dict[str, Any]) -> None:
    """Asks the provider every probe; an endpoint of which nothing could be recorded ends the command."""
    import asyncio

    from harness.cli.record_progress import RecordProgress
    from harness.endpoints.plan import make_plan
    from harness.endpoints.providers import key_of, provider_named
    from harness.endpoints.session import check_limits, record

    with mendable(ValueError):
        key = key_of(provider, provider_named(provider), key_variable=key_env)
        plan = make_plan(provider, key=key, **asked)
        check_limits(plan, limits)
    with RecordProgress(plan, quiet=True) as progress, mendable(status=COULD_NOT_RUN):
        try:
            recording = asyncio.run(record(plan, out, limits=limits, on_event=progress.tell))
        except KeyboardInterrupt:
            fail("the recording was interrupted", INTERRUPTED)
    for outcome in (*recording.of("not elicited"), *recording.of("not asked")):
        typer.echo(f"{outcome.state}: {outcome.dialect} {outcome.probe}: {outcome.why}", err=True)
    if not recording.of("recorded"):
        fail(f"nothing of {provider} could be recorded", COULD_NOT_RUN)


def _tell(found: Drift, severities: list[str], *, as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    for finding in found.findings:
        if finding.severity in severities:
            _tell_finding(finding)
    for note in found.notes:
        typer.echo(f"note: {note}")
    from harness.endpoints.drift_finding import SEVERITIES

    counts = (f"{len(found.of(severity))} {severity}" for severity in SEVERITIES)
    typer.echo(f"{', '.join(counts)}; {found.before} recordings of before, {found.now} of now")


def _tell_finding(finding: Finding) -> None:
    typer.echo(f"{finding.severity}: {finding.dialect}: {finding.where}")
    typer.echo(f"    {finding.rule}: {finding.message}")
    typer.echo(f"    before: {_words(finding.before)}")
    typer.echo(f"    now:    {_words(finding.now)}")


def _words(side: Evidence) -> str:
    """How often, and one place: what stood there, or what stands there instead."""
    counted = f"{side.seen} of {side.of}"
    if side.place is None:
        return counted
    at = "" if side.place.offset is None else f" byte {side.place.offset}"
    instead = "" if side.seen else "without it, "
    shown = " ".join(side.place.excerpt.split())
    return f"{counted}; {instead}{side.place.file}#{side.place.exchange}{at}: {shown}"
