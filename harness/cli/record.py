"""`harness record`: real endpoints become cassettes, by probes or through a proxy."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from harness.cli.asking import BASE_URL, DIALECT, KEY_ENV, MAX_COST, MAX_REQUESTS, MODEL, PROVIDER, Names
from harness.cli.exits import CONFORMS, COULD_NOT_RUN, INTERRUPTED, fail, mendable

if TYPE_CHECKING:
    from harness.endpoints.plan import Plan
    from harness.endpoints.session import Limits, Recording
    from harness.recording.proxy.events import ProxyEvent

EXAMPLE = "Example: harness record --provider openai --dry-run"

PROBE = typer.Option(
    "--probe", metavar="NAME", help="Only these probes, also those that the provider is said not to show."
)
OUT = typer.Option(
    "--out", metavar="PATH", help="The folder of the cassettes (cassettes/PROVIDER); with --proxy, the cassette."
)
DRY_RUN = typer.Option("--dry-run", help="Say what would be asked and what it may cost, and ask nothing.")
CONTEXT = typer.Option(
    "--context-tokens", metavar="NUMBER", min=1, help="How many tokens are too many, for the over-long prompt."
)
TIMEOUT = typer.Option(
    "--timeout", metavar="SECONDS", min=0.1, help="Seconds of silence after which an answer is given up."
)
PROXY = typer.Option("--proxy", help="Record what other programs ask, on its way through a proxy.")
LISTEN = typer.Option("--listen", metavar="ADDRESS", help="Where the proxy listens; port 0 takes a free one.")
UPSTREAM = typer.Option("--upstream", metavar="URL", help="Where the proxy sends requests: a base URL.")
APPEND = typer.Option("--append", help="With --proxy: add to the cassette that is there.")
AS_JSON = typer.Option("--json", help="Print JSON.")
QUIET = typer.Option("--quiet", "-q", help="Print nothing but errors and the summary.")


def record(
    provider: Annotated[str | None, PROVIDER] = None,
    model: Annotated[str | None, MODEL] = None,
    dialect: Annotated[Names, DIALECT] = None,
    probe: Annotated[Names, PROBE] = None,
    base_url: Annotated[str | None, BASE_URL] = None,
    key_env: Annotated[str | None, KEY_ENV] = None,
    out: Annotated[Path | None, OUT] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    max_requests: Annotated[int | None, MAX_REQUESTS] = None,
    max_cost: Annotated[float | None, MAX_COST] = None,
    context_tokens: Annotated[int | None, CONTEXT] = None,
    timeout: Annotated[float, TIMEOUT] = 120.0,
    proxy: Annotated[bool, PROXY] = False,
    listen: Annotated[str, LISTEN] = "127.0.0.1:0",
    upstream: Annotated[str | None, UPSTREAM] = None,
    append: Annotated[bool, APPEND] = False,
    as_json: Annotated[bool, AS_JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Ask a provider every probe and keep what comes, bytes, boundaries, times and endings; or record as a proxy."""
    if proxy:
        _through_proxy(upstream, listen, out, provider, append=append)
    if upstream is not None or append:
        fail("--upstream and --append go with --proxy; --base-url says where a provider is asked")
    if provider is None:
        fail("name who is asked with --provider (harness providers list), or record other programs with --proxy")
    settings = {"model": model, "base_url": base_url, "context_tokens": context_tokens}
    with mendable(ValueError):
        key = _key(provider, key_env, needed=not dry_run)
        plan = _plan(provider, dialects=dialect, probes=probe, key=key, **settings)
    if dry_run:
        _show_plan(plan, as_json=as_json)
    limits = _limits(plan, max_requests, max_cost)
    if not dry_run:
        _carry_out(plan, out or Path("cassettes") / provider, limits, timeout, as_json=as_json, quiet=quiet)


def _plan(provider: str, **settings: Any) -> Plan:
    from harness.endpoints.plan import make_plan

    return make_plan(provider, **settings)


def _limits(plan: Plan, max_requests: int | None, max_cost: float | None) -> Limits:
    """The limits; a plan that asks for more ends the command."""
    from harness.endpoints.session import LimitExceeded, Limits, check_limits

    if max_cost is not None and not isfinite(max_cost):
        fail(f"--max-cost takes US dollars, not {max_cost}")
    limits = Limits(max_requests, None if max_cost is None else Decimal(str(max_cost)))
    with mendable(LimitExceeded):
        check_limits(plan, limits)
    return limits


def _key(provider: str, variable: str | None, *, needed: bool) -> str:
    """The provider's key; where it is missing but not `needed`, that is only said. Raises ValueError."""
    from harness.endpoints.providers import MissingSetting, key_of, provider_named

    entry = provider_named(provider)
    try:
        return key_of(provider, entry, key_variable=variable)
    except MissingSetting as missing:
        if needed:
            raise
        typer.echo(f"note: {missing}", err=True)
        return ""


def _carry_out(plan: Plan, folder: Path, limits: Limits, timeout_s: float, *, as_json: bool, quiet: bool) -> NoReturn:
    """Records it, shown on stderr, prints what came of it, and ends the command with its exit status."""
    import asyncio

    from harness.cli.record_progress import RecordProgress, plan_in_words
    from harness.endpoints.session import record as record_plan

    with RecordProgress(plan, quiet=quiet or as_json) as progress, mendable(status=COULD_NOT_RUN):
        folder.mkdir(parents=True, exist_ok=True)  # before anything is paid for
        progress.say(plan_in_words(plan))
        told: dict[str, Any] = {"limits": limits, "timeout_s": timeout_s, "on_event": progress.tell}
        try:
            recording = asyncio.run(record_plan(plan, folder, **told))
        except KeyboardInterrupt:
            fail(f"the recording was interrupted; {progress.kept} cassettes lie in {folder}", INTERRUPTED)
    _show(recording, folder, as_json=as_json)
    raise typer.Exit(COULD_NOT_RUN if recording.of("not asked") else CONFORMS)


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    from harness.cli.record_progress import dollars, plan_in_words

    if as_json:
        typer.echo(json.dumps(plan.to_dict(), indent=2))
        return
    rows = [step.to_dict() for step in plan.steps]
    widths = [max((len(row[column]) for row in rows), default=0) for column in ("dialect", "probe", "model")]
    for step, row in zip(plan.steps, rows, strict=True):
        names = "  ".join(
            row[name].ljust(width) for name, width in zip(("dialect", "probe", "model"), widths, strict=True)
        )
        tokens = f"{step.input_tokens:>10,} + {step.output_tokens:>5,} tokens"
        typer.echo(f"{names}  {tokens}  {dollars(step.cost)}")
    for left in plan.left_out:
        typer.echo(f"not asked: {left.dialect} {left.probe}: {left.why}")
    typer.echo(plan_in_words(plan))


def _show(recording: Recording, folder: Path, *, as_json: bool) -> None:
    from harness.cli.record_progress import dollars

    if as_json:
        typer.echo(json.dumps(recording.to_dict(), indent=2))
        return
    for state in ("not elicited", "not asked"):
        for outcome in recording.of(state):
            typer.echo(f"{state}: {outcome.dialect} {outcome.probe}: {outcome.why}")
    counts = f"{len(recording.of('recorded'))} of {len(recording.outcomes)} probes recorded"
    unknown = any(outcome.cost is None for outcome in recording.outcomes)
    cost = "at unknown prices" if unknown else f"for {dollars(recording.cost)}"
    typer.echo(f"{counts} in {folder}, by {recording.requests} requests, {cost}")


def _through_proxy(
    upstream: str | None, listen: str, out: Path | None, provider: str | None, *, append: bool
) -> NoReturn:
    import asyncio
    from contextlib import suppress

    from harness.cli.gateway import address
    from harness.recording.cassette import UnreadableCassette
    from harness.recording.proxy.server import ProxyError, record_through_proxy
    from harness.recording.tape import Recorder, RecordingError
    from harness.recording.writer import CassetteWriter

    if upstream is None or out is None:
        fail("--proxy needs --upstream URL, where requests go, and --out FILE, the cassette")
    host, port = address(listen)
    with mendable(UnreadableCassette):
        writer = CassetteWriter(out, append=append)
    with mendable(ProxyError, RecordingError, status=COULD_NOT_RUN), mendable(ValueError), writer:
        recorder = Recorder(writer.append, provider=provider)
        with suppress(KeyboardInterrupt):
            asyncio.run(record_through_proxy(upstream, recorder, host=host, port=port, on_event=_tell))
        recorder.close()
    typer.echo(f"recorded in {out}" if out.exists() else "nothing was asked, so nothing was recorded")
    raise typer.Exit(CONFORMS)


def _tell(event: ProxyEvent) -> None:
    from harness.recording.proxy.events import Listening, NotRecorded, NotRelayed, OddAnswer, Recorded

    match event:
        case Listening(url=url, upstream=upstream):
            typer.echo(f"recording what goes through {url} to {upstream}; stop it with Ctrl-C")
        case Recorded():
            status = event.status or "no answer"
            typer.echo(f"{event.method} {event.url} -> {status}, {event.size} bytes, {event.ending}")
        case NotRecorded() | OddAnswer():
            typer.echo(f"{event.method} {event.url}: {event.problem}", err=True)
        case NotRelayed():
            typer.echo(f"{event.problem}; {event.mend}", err=True)
    sys.stdout.flush()
