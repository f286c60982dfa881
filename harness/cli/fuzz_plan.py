"""`harness fuzz --plan`: one input played again, with its bytes and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import typer

from harness.cli.exits import CONFORMS, COULD_NOT_RUN, FAILED, fail, mendable
from harness.fuzz.campaign import Campaign
from harness.fuzz.outcome import Outcome
from harness.fuzz.readers import behind, known_of, prepared, runs_here, start
from harness.fuzz.result_lines import played as bytes_of
from harness.fuzz.single import NotTold, Played, WrongPlan, play
from harness.fuzz.stream import Stream
from harness.report.visible import plain
from harness.runner.lineup import WrongRun
from harness.systems.base import SystemBroken
from harness.systems.isolation import isolate
from harness.systems.known_files import UnreadableKnownFailures
from harness.systems.manifest import UnreadableManifest
from harness.systems.registry import UnknownSystem

SHOWN = 400
"""Characters of a text that are shown; --json has all of it."""


def play_plan(campaign: Campaign, plan: str, *, as_json: bool, quiet: bool) -> NoReturn:
    """Plays the one input that the options name, shows it, and ends the command: 1 where a must is broken."""
    read = _read(plan)
    stream = _the_only(campaign)
    played = _played(campaign, stream, read)
    if as_json:
        typer.echo(json.dumps(played.as_json(), ensure_ascii=True, indent=2))
    elif not quiet:
        typer.echo("\n".join(_lines(played)))
    raise typer.Exit(FAILED if played.nonconformant else CONFORMS)


def _read(plan: str) -> Mapping[str, Any]:
    try:
        read = json.loads(plan)
    except ValueError as error:
        fail(f"--plan is JSON, as a finding has it: {error}")
    if not isinstance(read, dict):
        fail(f"--plan is a JSON object, as a finding has it, and not {plan!r}")
    return read


def _the_only(campaign: Campaign) -> Stream:
    """The one stream; where the options name more than one of anything, the command ends."""
    if len(campaign.systems) != 1 or len(campaign.kinds) != 1:
        fail("--plan plays one input: name one --system, and one of --cuts, --neutral and --damage")
    if len(campaign.streams) != 1:
        found = ", ".join(f"{each.id} in {each.dialect}" for each in campaign.streams[:3])
        fail(
            f"--plan plays one input: name one stream with --scenario and --dialect, and not {len(campaign.streams)}"
            f"{f' ({found}, …)' if found else ''}"
        )
    return campaign.streams[0]


def _played(campaign: Campaign, stream: Stream, plan: Mapping[str, Any]) -> Played:
    [spec], [kind] = campaign.systems, campaign.kinds
    ours = mendable(UnreadableKnownFailures, SystemBroken, NotTold, status=COULD_NOT_RUN)
    with ours, mendable(UnknownSystem, UnreadableManifest, WrongRun, WrongPlan):
        unbuilt = prepared([spec], in_process=campaign.in_process)
        if campaign.isolated and not runs_here(spec):
            isolate()
        subject = start(spec, unbuilt, in_process=campaign.in_process)
        try:
            known = known_of(spec, subject.description, campaign.known)
            return play(behind(subject, campaign.front), stream, kind, plan, known, campaign.front)
        finally:
            subject.close()


def _lines(played: Played) -> Iterator[str]:
    variant, response = played.variant, bytes_of(played.variant)
    yield f"{played.stream.id} ({played.stream.dialect}), {variant.kind}, {variant.level}: {plain(variant.words)}"
    if variant.demand is not None:
        yield f"what must hold: {plain(variant.demand.why)}"
    yield f"\nHTTP {response.status}"
    yield from (f"  {plain(name)}: {plain(value)}" for name, value in response.headers)
    at = 0
    for chunk in response.chunks:
        yield f"  {at:>7}  {chunk.data.decode('utf-8', 'backslashreplace')!r}"
        at += len(chunk.data)
    yield f"  {at:>7}  ends: {response.ending}"
    for coding, other in response.codings:
        yield f"  in {coding}, where the request accepts it: {len(other.body)} bytes in {len(other.chunks)} chunks"
    yield f"\nintact: {_said(played.intact)}"
    yield f"now:    {_said(played.seen)}"
    if not played.differences:
        yield "\nnothing that must hold is broken"
    for each in played.differences:
        yield f"\n{each.kind}{', silently' if each.silent else ''}: {plain(each.what)}"
    if played.known is not None:
        yield f"\nknown: {plain(played.known.reason)}"


def _said(outcome: Outcome) -> str:
    """An outcome in one line."""
    transcript = outcome.transcript
    said = [f"{name} {_short(transcript[name])}" for name in ("reasoning", "text", "refusal") if transcript.get(name)]
    calls = [f"call of {each['name']}({_short(each['arguments'])})" for each in transcript.get("tool_calls") or ()]
    finish = [f"finish {transcript['finish']}"] if transcript.get("finish") else []
    error = [f"{outcome.error.kind}: {_short(outcome.error.message)}"] if outcome.error else []
    return plain(", ".join([outcome.ended, *finish, *said, *calls, *error]))


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")
