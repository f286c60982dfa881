"""Carries out a run: every planned case through every system, side by side, one journal line as each one ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.catalogue.checks import missing_features
from harness.catalogue.observation import Observation
from harness.runner.case import Lane
from harness.runner.evidence import Subject, result_of, unsupported
from harness.runner.plan import CANARY_FAMILY, PlannedCase
from harness.runner.results import Result
from harness.systems.base import Description, Driver
from harness.systems.known import KnownFailures

ResultListener = Callable[[Result], None]


@dataclass(slots=True)
class SystemRun:
    """One system with its share of the plan. `spec` is how the user named it, and how the run is reproduced.

    `catalogue` is the folder of scenarios, None for the built-in one.
    """

    spec: str
    driver: Driver
    known: KnownFailures
    cases: list[PlannedCase] = field(default_factory=list)
    catalogue: Path | None = None

    @property
    def description(self) -> Description:
        """What the system says of itself."""
        return self.driver.description

    def subject(self, lane: Lane) -> Subject:
        """Who is run and how, for its results."""
        return Subject(self.spec, self.driver.description, lane.name, self.catalogue)


async def run_systems(systems: Sequence[SystemRun], lane: Lane, *, jobs: int, on_result: ResultListener) -> None:
    """Runs all cases of all systems; at most `jobs` cases of one system at once. Raises what `on_result` raises."""
    try:
        async with asyncio.TaskGroup() as group:
            for system in systems:
                group.create_task(_run_system(system, lane, jobs, on_result))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several


async def _run_system(system: SystemRun, lane: Lane, jobs: int, on_result: ResultListener) -> None:
    """Canaries first; then the rest at once; then, alone, the cases that were in flight when the worker broke."""
    runnable: list[PlannedCase] = []
    for planned in system.cases:
        missing = missing_features(planned.scenario, planned.dialect, system.description.claims(planned.dialect))
        if missing:
            on_result(unsupported(planned, system.subject(lane), missing))
        else:
            runnable.append(planned)
    canaries = [planned for planned in runnable if planned.scenario.family == CANARY_FAMILY]
    others = [planned for planned in runnable if planned.scenario.family != CANARY_FAMILY]
    broken: list[PlannedCase] = []
    for group in (canaries, others):
        async for planned, observation in _observe_all(system, lane, group, jobs):
            if observation.broken is not None and len(group) > 1:
                broken.append(planned)
            else:
                on_result(_judged(system, lane, planned, observation))
    for planned in broken:
        on_result(_judged(system, lane, planned, await lane.observe(system.driver, planned)))


async def _observe_all(
    system: SystemRun, lane: Lane, cases: Sequence[PlannedCase], jobs: int
) -> AsyncIterator[tuple[PlannedCase, Observation]]:
    places = asyncio.Semaphore(jobs)

    async def observe(planned: PlannedCase) -> tuple[PlannedCase, Observation]:
        async with places:
            return planned, await lane.observe(system.driver, planned)

    tasks = [asyncio.create_task(observe(planned)) for planned in cases]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _judged(system: SystemRun, lane: Lane, planned: PlannedCase, observation: Observation) -> Result:
    known = system.known.reason_for(planned.scenario.id, planned.dialect)
    return result_of(planned, system.subject(lane), observation, known)
