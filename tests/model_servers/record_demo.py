"""Installs the servers of `servers.toml` from the registries, starts each on 127.0.0.1, and records it.

    make record-demo                                           # all of it
    python tests/model_servers/record_demo.py --out cassettes            # every server, every probe
    python tests/model_servers/record_demo.py --out /tmp/x llama-cpp-python --probe text

Cassettes are written to `<out>/<server>/<dialect>/<probe>.yaml`. A server that cannot be installed or started is told
of and left out. Exit status: 0 every server was recorded; 3 one was not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
from servers import KEY, Broken, Running, Servers, load, running
from situations import SITUATIONS

from harness.endpoints.plan import Plan, Step, make_plan
from harness.endpoints.providers import Changes
from harness.endpoints.session import Outcome, Recording, record
from harness.recording.secrets.redactor import Redactor


def main(arguments: Sequence[str] | None = None) -> int:
    """Records; returns the exit status."""
    asked = _parsed(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended whatever ends us
    servers = load(asked.servers)
    missing = 0
    for name in asked.names or servers.servers:
        began = time.monotonic()
        try:
            with contextlib.ExitStack() as stack:
                up = _started(stack, name, servers)
                print(f"{name}: up after {time.monotonic() - began:.0f} s", flush=True)
                _record(up, asked.out / name, asked.dialect, asked.probe)
        except Broken as why:
            missing += 1
            print(f"{name}: left out: {why}", flush=True)
    return 3 if missing else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SERVER", help="of servers.toml; all where none is named")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the recordings")
    parser.add_argument("--dialect", action="append", help="of the server's; all where none is named")
    parser.add_argument("--probe", action="append", help="or situation; all where none is named")
    parser.add_argument("--servers", type=Path, default=Path(__file__).with_name("servers.toml"))
    return parser.parse_args(arguments)


def _started(stack: contextlib.ExitStack, name: str, servers: Servers) -> Running:
    behind = servers.servers[name].behind
    upstream = stack.enter_context(running(behind, servers)) if behind else None
    return stack.enter_context(running(name, servers, upstream))


def _record(up: Running, out: Path, dialects: list[str] | None, probes: list[str] | None) -> None:
    named = None if probes is None else [probe for probe in probes if probe not in SITUATIONS]
    if named is None or named:
        _print(asyncio.run(_probes(up, out, dialects or up.server.dialects, named)))
    for name, situation in SITUATIONS.items():
        if name in up.server.situations and (probes is None or name in probes):
            print(f"  {name:<20} {situation(up, out)}", flush=True)


async def _probes(up: Running, out: Path, dialects: list[str], named: list[str] | None) -> Recording:
    server = up.server
    plan = make_plan(
        up.name,
        dialects=dialects,
        probes=named,
        model=server.model,
        base_url=up.url,
        key=KEY,
        context_tokens=server.context,
    )
    return await record(
        _small(plan, up),
        out,
        timeout_s=300,
        redactor=Redactor([KEY, *up.private]),
        connect=httpx.AsyncHTTPTransport,
        on_event=_told,
    )


def _small(plan: Plan, up: Running) -> Plan:
    """The plan, with what the server's requests get besides."""
    return replace(plan, steps=tuple(_with(step, up) for step in plan.steps))


def _with(step: Step, up: Running) -> Step:
    where = step.where
    puts = (up.server.put, up.server.probe_put.get(step.probe.name, {}))
    added = {name: value for put in puts for name, value in put.get(where.dialect, {}).items()}
    body = where.endpoint.body
    body = Changes(rename=body.rename, drop=body.drop, put={**body.put, **added})
    return replace(step, where=replace(where, endpoint=where.endpoint.model_copy(update={"body": body})))


def _told(event: object) -> None:
    if isinstance(event, Outcome):
        state = event.state if event.why is None else f"{event.state}: {event.why}"
        print(f"  {event.dialect:<20} {event.probe:<20} {event.ending or '':<14} {state}", flush=True)


def _print(recording: Recording) -> None:
    counts = ", ".join(f"{len(recording.of(state))} {state}" for state in ("recorded", "not elicited", "not asked"))
    print(f"  {recording.provider}: {counts}; {recording.requests} requests", flush=True)


if __name__ == "__main__":
    sys.exit(main())
