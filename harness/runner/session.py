"""One whole run: systems are found, built and started, cases carried out, recordings checked, and all of it written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.catalogue.loader import Catalogue
from harness.catalogue.models import Scenario
from harness.catalogue.observation import Observation
from harness.origin.server import Origin
from harness.runner.case import InProcessLane, Lane, LaneName, SocketLane
from harness.runner.evidence import Subject, result_of
from harness.runner.journal import Journal, header
from harness.runner.plan import CANARY_FAMILY, PlannedCase, plan_cases
from harness.runner.recordings import RecordedStream, check_recordings, read_recordings
from harness.runner.results import Line, Run
from harness.runner.run import SystemRun, run_systems
from harness.systems.base import PARSER_FAMILIES, Description, SystemBroken
from harness.systems.isolation import Isolation, isolate
from harness.systems.known import known_failures
from harness.systems.registry import InProcessSpec, SystemSpec, open_driver, prepare, resolve

REFERENCE = "reference"
"""The system whose decoders read the recordings."""


class WrongRun(ValueError):
    """What was asked for cannot be run together; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run. `dialects` None: all; `jobs`: cases of one system at once; `workers`: processes for recordings."""

    systems: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    catalogue: Catalogue
    dialects: tuple[str, ...] | None = None
    lane: LaneName = "sockets"
    jobs: int = 24
    recordings: Path | None = None
    workers: int = 2
    results: Path | None = None
    isolated: bool = True
    catalogue_folder: Path | None = None
    """Where the catalogue was read from; None: it is the built-in one."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of what: of a note in words, of the number of cases before they begin, and of every line."""

    note: Callable[[str], None]
    planned: Callable[[int], None]
    line: Callable[[Line], None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that will be run: cases, and recorded streams."""

    cases: list[PlannedCase]
    streams: list[RecordedStream]


_Broken: TypeAlias = tuple[str, SystemSpec, SystemBroken]
"""What was asked for, what it is, and why it could not be started."""


def run_session(settings: Settings, listeners: Listeners) -> Run:
    """Carries the run out.

    Raises UnknownSystem, WrongRun, UnknownDialect, Unrenderable, UnreadableRecordings, UnreadableKnownFailures or
    OriginError before anything has run. A system that cannot be started gets the verdict `error`, and the run goes on.
    """
    specs = [resolve(name) for name in settings.systems]
    streams = list(read_recordings(settings.recordings)) if settings.recordings else []
    if settings.lane == "in-process" and (outside := [each.name for each in specs if not _in_process(each)]):
        raise WrongRun(f"{', '.join(outside)} cannot run in process, only over sockets: leave --in-process out")
    cases = plan_cases(settings.scenarios, settings.dialects)
    if not cases:
        raise WrongRun("nothing to run: no scenario that was asked for runs in a dialect that was asked for")
    unbuilt = prepare(specs)
    if settings.isolated and not all(map(_in_process, specs)):
        _tell_isolation(isolate(), listeners)
    return asyncio.run(_run(settings, specs, unbuilt, _Plan(cases, streams), listeners))


def _in_process(spec: SystemSpec) -> bool:
    return isinstance(spec, InProcessSpec)


def _tell_isolation(isolation: Isolation, listeners: Listeners) -> None:
    if isolation.active:
        listeners.note("systems run where they can reach nothing but this machine's loopback")
    else:
        listeners.note(f"systems are not cut off from the network: {isolation.why_not}")


async def _run(
    settings: Settings,
    specs: Sequence[SystemSpec],
    unbuilt: dict[str, SystemBroken],
    plan: _Plan,
    listeners: Listeners,
) -> Run:
    async with AsyncExitStack() as stack:
        systems: list[SystemRun] = []
        broken: list[_Broken] = []
        for said, spec in zip(settings.systems, specs, strict=True):
            try:
                if spec.name in unbuilt:
                    raise unbuilt[spec.name]
                driver = await open_driver(spec)
            except SystemBroken as error:
                listeners.note(f"{spec.name} could not be started: {error}")
                broken.append((said, spec, error))
                continue
            stack.push_async_callback(driver.close)
            mine = [planned for planned in plan.cases if _concerns(planned, driver.description)]
            systems.append(SystemRun(said, driver, known_failures(spec.name), mine, settings.catalogue_folder))
        _refuse_twins(systems)
        idle = [_idleness(each) for each in systems if not each.cases]
        if idle and len(idle) == len(specs):
            raise WrongRun(f"nothing to run: {'; '.join(idle)}")
        for words in idle:
            listeners.note(words)
        described = [each.description for each in systems] + [_undescribed(spec) for _, spec, _ in broken]
        first = header(settings.catalogue.version, settings.lane, described, settings.scenarios)
        journal = stack.enter_context(Journal(first, settings.results, listeners.line))
        listeners.planned(sum(len(each.cases) for each in systems))
        _give_up(broken, plan.cases, journal, settings)
        async with _lane(settings.lane) as lane:
            await run_systems(systems, lane, jobs=settings.jobs, on_result=journal.add)
        async for result in check_recordings(plan.streams, system=REFERENCE, workers=settings.workers):
            journal.add(result)
    return journal.run()


def _concerns(planned: PlannedCase, description: Description) -> bool:
    """Whether the case is for that system at all."""
    readable = description.kind != "parser" or planned.scenario.family in PARSER_FAMILIES
    return readable and planned.dialect in description.dialects


def _refuse_twins(systems: Sequence[SystemRun]) -> None:
    """Results are told apart by what systems call themselves."""
    names = [f"{each.description.name} {each.description.version}" for each in systems]
    for name in names:
        if names.count(name) > 1:
            specs = ", ".join(each.spec for each, own in zip(systems, names, strict=True) if own == name)
            raise WrongRun(f"{specs}: each is {name}, and their results could not be told apart; give them other names")


def _idleness(system: SystemRun) -> str:
    """Why none of the cases is for that system, which would else seem to conform."""
    spoken = ", ".join(system.description.dialects) or "nothing"
    return f"{system.spec} has no part in this run: it speaks {spoken}, and no case that was asked for does"


@asynccontextmanager
async def _lane(name: LaneName) -> AsyncIterator[Lane]:
    if name == "in-process":
        yield InProcessLane()
        return
    async with Origin() as origin:
        yield SocketLane(origin)


def _undescribed(spec: SystemSpec) -> Description:
    return Description(spec.name, "not started", "unknown", ())


def _give_up(broken: Sequence[_Broken], cases: list[PlannedCase], journal: Journal, settings: Settings) -> None:
    """The canaries of a system that could not be started get the verdict `error`, with its last words."""
    for said, spec, error in broken:
        observation = Observation((), None, (), 0.0, broken=str(error), stderr=error.stderr)
        canaries = [planned for planned in cases if planned.scenario.family == CANARY_FAMILY] or cases[:1]
        subject = Subject(said, _undescribed(spec), settings.lane, settings.catalogue_folder)
        for planned in canaries:
            journal.add(result_of(planned, subject, observation, None))
