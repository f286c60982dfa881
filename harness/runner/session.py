"""One whole run: systems are found, built and started, cases carried out, recordings checked, and all of it written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec.structs import replace as replace_fields

from harness.catalogue.loader import Catalogue
from harness.catalogue.models import Scenario
from harness.catalogue.observation import Observation
from harness.origin.server import Origin
from harness.runner.case import InProcessLane, Lane, LaneName, SocketLane
from harness.runner.evidence import Subject, result_of
from harness.runner.journal import Journal, header
from harness.runner.lineup import Broken, Entrant, Lineup, WrongRun, lined_up
from harness.runner.plan import CANARY_FAMILY, Plan
from harness.runner.recordings import RecordedStream, check_recordings, read_recordings
from harness.runner.results import Line, RecordingResult, Run
from harness.runner.run import run_systems
from harness.runner.shard import Shard
from harness.systems.base import SystemBroken
from harness.systems.isolation import Isolation, isolate
from harness.systems.known_lists import KnownLists
from harness.systems.registry import InProcessSpec, SystemSpec, installed, is_built, prepare, resolve

REFERENCE = "reference"
"""The system whose decoders read the recordings."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run. `dialects` None: all; `jobs`: cases of one system at once; `workers`: processes for recordings.

    Where there are more systems than `systems_at_once`, each is started when its turn comes, and stopped right after.
    """

    systems: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    catalogue: Catalogue
    dialects: tuple[str, ...] | None = None
    lane: LaneName = "sockets"
    jobs: int = 24
    systems_at_once: int = 4
    recordings: Path | None = None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    results: Path | None = None
    keep_evidence: bool = False
    """Whether the run that is returned has the evidence where no results file takes it."""
    isolated: bool = True
    source: tuple[str, ...] = ()
    """The options that name where the scenarios lie; none: they are the built-in ones."""
    reviewed: tuple[RecordingResult, ...] = ()
    """What became of exchanges with golden transcripts, for the results."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Systems that do not take part though one might look for them, and why: the results say so."""
    known: KnownLists = field(default_factory=KnownLists)
    """What systems are known to fail."""
    shard: Shard | None = None
    """Which part of the scenarios and recordings to run here; None: all of them."""

    def holds(self, name: str) -> bool:
        """Whether what is called so is run here."""
        return self.shard is None or self.shard.holds(name)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of what: of a note in words, of the number of cases before they begin, of every line, and, in words
    that hold until the next ones, of what goes on besides (but only once systems are cut off from the network)."""

    note: Callable[[str], None]
    planned: Callable[[int], None]
    line: Callable[[Line], None]
    doing: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that will be run, and by whom: cases, recorded streams, systems, and those that could not be built."""

    cases: Plan
    streams: list[RecordedStream]
    entrants: list[Entrant]
    unbuilt: dict[str, SystemBroken]


def run_session(settings: Settings, listeners: Listeners) -> Run:
    """Carries the run out.

    Raises UnknownSystem, WrongRun, UnknownDialect, Unrenderable, UnreadableRecordings, UnreadableKnownFailures or
    OriginError before anything has run. A system that cannot be started gets the verdict `error`, and the run goes on.
    """
    [run] = run_repeatedly(settings, listeners, times=1)
    return run


def run_repeatedly(settings: Settings, listeners: Listeners, *, times: int) -> list[Run]:
    """Carries the same run out so many times, one after another, and raises what `run_session` raises.

    The results of the second run lie beside those of the first, in `results-2.jsonl` where that was `results.jsonl`.
    """
    entrants = [Entrant(said, resolve(said)) for said in settings.systems]
    specs = [each.spec for each in entrants]
    recorded = read_recordings(settings.recordings) if settings.recordings else ()
    streams = [each for each in recorded if settings.holds(each.id)]
    if settings.lane == "in-process" and (outside := [each.name for each in specs if not _in_process(each)]):
        raise WrongRun(f"{', '.join(outside)} cannot run in process, only over sockets: leave --in-process out")
    cases = Plan([each for each in settings.scenarios if settings.holds(each.id)], settings.dialects)
    if not cases.cases and not cases.has_pairs and not (settings.reviewed and not specs):
        raise WrongRun("nothing to run: no scenario that was asked for runs in a dialect that was asked for")
    _tell_unbuilt(specs, listeners)
    unbuilt = prepare(specs)
    if settings.isolated and not all(map(_in_process, specs)):
        _tell_isolation(isolate(), listeners)
    plan = _Plan(cases, streams, entrants, unbuilt)
    return [asyncio.run(_run(_nth(settings, number), plan, listeners)) for number in range(1, times + 1)]


def _tell_unbuilt(specs: Sequence[SystemSpec], listeners: Listeners) -> None:
    """Says what takes a while before anything runs."""
    if missing := [each.name for each in specs if is_built(each) and not installed(each)]:
        listeners.note(f"building what is not installed yet: {', '.join(missing)}")


def _nth(settings: Settings, number: int) -> Settings:
    path = settings.results
    if path is None or number == 1:
        return settings
    return replace(settings, results=path.with_name(f"{path.stem}-{number}{path.suffix}"))


def _in_process(spec: SystemSpec) -> bool:
    return isinstance(spec, InProcessSpec)


def _tell_isolation(isolation: Isolation, listeners: Listeners) -> None:
    if isolation.active:
        listeners.note("systems run where they can reach nothing but this machine's loopback")
    else:
        listeners.note(f"systems are not cut off from the network: {isolation.why_not}")


async def _run(settings: Settings, plan: _Plan, listeners: Listeners) -> Run:
    listeners.doing(f"starting {', '.join(each.spec.name for each in plan.entrants)}")
    async with AsyncExitStack() as stack:
        lane = await stack.enter_async_context(_lane(settings.lane))  # gateways are told where it is as they start
        lineup = await stack.enter_async_context(
            lined_up(
                plan.entrants,
                plan.unbuilt,
                plan.cases,
                at_once=settings.systems_at_once,
                source=settings.source,
                origin=lane.origin if isinstance(lane, SocketLane) else None,
                known=settings.known,
            )
        )
        _tell(lineup, listeners)
        _tell_known(lineup, plan, settings, listeners)
        first = replace_fields(
            header(settings.catalogue.version, settings.lane, lineup.descriptions, settings.scenarios),
            left_out=settings.left_out,
            shard=str(settings.shard) if settings.shard else "",
        )
        journal = stack.enter_context(
            Journal(first, settings.results, listeners.line, keep_evidence=settings.keep_evidence)
        )
        listeners.planned(sum(len(each.cases) for each in lineup.systems))
        for reviewed in settings.reviewed:
            if settings.holds(reviewed.id):
                journal.add(reviewed)
        _give_up(lineup.broken, plan.cases, journal, settings)
        await run_systems(
            lineup.systems,
            lane,
            jobs=settings.jobs,
            systems_at_once=settings.systems_at_once,
            on_result=journal.add,
        )
        async for result in check_recordings(plan.streams, system=REFERENCE, workers=settings.workers):
            journal.add(result)
    return journal.run()


def _tell(lineup: Lineup, listeners: Listeners) -> None:
    """Says who has no part; raises WrongRun where nobody has one."""
    for broken in lineup.broken:
        listeners.note(f"{broken.entrant.spec.name} could not be started: {broken.error}")
    if lineup.idle and len(lineup.idle) == len(lineup.systems) and not lineup.broken:
        raise WrongRun(f"nothing to run: {'; '.join(lineup.idle)}")
    for words in lineup.idle:
        listeners.note(words)


def _tell_known(lineup: Lineup, plan: _Plan, settings: Settings, listeners: Listeners) -> None:
    """Says what in the user's lists of known failures has no effect here."""
    entrants = {each.said: each for each in plan.entrants}
    listed = [entrants[each.spec].listed(each.description) for each in lineup.systems]
    ids = [each.id for each in settings.catalogue] if not settings.source else []
    for words in settings.known.remarks(listed, ids):
        listeners.note(words)


@asynccontextmanager
async def _lane(name: LaneName) -> AsyncIterator[Lane]:
    if name == "in-process":
        yield InProcessLane()
        return
    async with Origin() as origin:
        yield SocketLane(origin)


def _give_up(broken: Sequence[Broken], plan: Plan, journal: Journal, settings: Settings) -> None:
    """The canaries of a system that could not be started get the verdict `error`, with its last words."""
    for each in broken:
        observation = Observation((), None, (), 0.0, broken=str(each.error), stderr=each.error.stderr)
        cases = plan.of(each.description) if each.description.kind == "gateway" else plan.cases
        canaries = [planned for planned in cases if planned.scenario.family == CANARY_FAMILY] or cases[:1]
        subject = Subject(each.entrant.said, each.description, settings.lane, settings.source)
        for planned in canaries:
            journal.add(result_of(planned, subject, observation, None))
