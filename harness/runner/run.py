"""Carries out a run: every planned case through every system, a few systems at once, one result as each case ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from harness.catalogue.checks import missing_features
from harness.catalogue.observation import Observation
from harness.runner.case import Lane
from harness.runner.evidence import Subject, result_of, unsupported
from harness.runner.plan import CANARY_FAMILY, PlannedCase
from harness.runner.results import Result
from harness.systems.base import Description, Driver
from harness.systems.known import KnownFailures

BREAKDOWNS = 20
"""How many cases may break a system down all by themselves, until its other doubtful cases are not run again."""

CLOSE_S = 30.0
"""How long a system may take to be stopped, with all that is done to end it by force."""

ResultListener = Callable[[Result], None]


@dataclass(slots=True)
class SystemRun:
    """One system with its share of the plan. `spec` is how the user named it, and how the run is reproduced.

    `source` are the options that name where the scenarios lie, none for the built-in catalogue.
    """

    spec: str
    driver: Driver
    known: KnownFailures
    cases: list[PlannedCase] = field(default_factory=list)
    source: tuple[str, ...] = ()

    @property
    def description(self) -> Description:
        """What the system says of itself."""
        return self.driver.description

    def subject(self, lane: Lane) -> Subject:
        """Who is run and how, for its results."""
        return Subject(self.spec, self.driver.description, lane.name, self.source)


async def run_systems(
    systems: Sequence[SystemRun], lane: Lane, *, jobs: int, systems_at_once: int, on_result: ResultListener
) -> None:
    """Runs all cases of all systems, and stops each system when it is through. Raises what `on_result` raises.

    At most `systems_at_once` systems run side by side, those with the most cases first, and at most `jobs` cases of one
    system.
    """
    places = asyncio.Semaphore(systems_at_once)

    async def take_turn(system: SystemRun) -> None:
        async with places:
            try:
                await _run_system(system, lane, jobs, on_result)
            finally:
                await stop(system.driver)

    try:
        async with asyncio.TaskGroup() as group:
            for system in sorted(systems, key=lambda each: -len(each.cases)):
                group.create_task(take_turn(system))
    except ExceptionGroup as several:
        raise _first(several) from several


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


async def stop(driver: Driver) -> None:
    """Stops a system, and waits for it no longer than is sensible."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await driver.close()


async def _run_system(system: SystemRun, lane: Lane, jobs: int, on_result: ResultListener) -> None:
    """Canaries first, then the rest at once; then, alone, the cases that were in flight when the worker broke."""
    runnable: list[PlannedCase] = []
    for planned in system.cases:
        claims = system.description.claims(planned.dialect)
        documented = system.description.retries_by_default(planned.dialect)
        missing = missing_features(planned.scenario, planned.dialect, claims, documented, planned.upstream)
        if missing:
            on_result(unsupported(planned, system.subject(lane), missing))
        else:
            runnable.append(planned)
    broken: list[tuple[PlannedCase, str]] = []
    jobs = min(jobs, system.description.at_once or jobs)

    def take(planned: PlannedCase, observation: Observation, alone: bool) -> None:
        if observation.broken is not None and not alone:
            broken.append((planned, observation.broken))
        else:
            on_result(_judged(system, lane, planned, observation))

    for group in _in_turn(runnable):
        await _observe_all(system, lane, group, jobs, partial(take, alone=len(group) == 1))
    await _run_alone(system, lane, broken, on_result)


def _in_turn(cases: Sequence[PlannedCase]) -> list[list[PlannedCase]]:
    """Groups that run one after another: one canary of each dialect alone, the other canaries, the rest.

    Many libraries load half of themselves when they are first used, and not all of them survive that in several threads
    at once: this is no property of a stream, and whom it strikes is chance.
    """
    canaries = [planned for planned in cases if planned.scenario.family == CANARY_FAMILY]
    first = {planned.dialect: planned for planned in reversed(canaries)}
    alone = [planned for planned in canaries if first[planned.dialect] is planned]
    others = [planned for planned in canaries if first[planned.dialect] is not planned]
    return [*([each] for each in alone), others, [each for each in cases if each.scenario.family != CANARY_FAMILY]]


async def _run_alone(
    system: SystemRun, lane: Lane, cases: Sequence[tuple[PlannedCase, str]], on_result: ResultListener
) -> None:
    """One after another; a system that breaks down time and again is not started for each of its other cases too."""
    breakdowns = 0
    for planned, why in cases:
        if breakdowns < BREAKDOWNS:
            observation = await _observe(system, lane, planned)
        else:
            again = f"not run again, after {BREAKDOWNS} cases that broke the system down all by themselves"
            observation = _unmeasured(f"{why} ({again})")
        breakdowns += observation.broken is not None
        on_result(_judged(system, lane, planned, observation))


async def _observe_all(
    system: SystemRun,
    lane: Lane,
    cases: Sequence[PlannedCase],
    jobs: int,
    take: Callable[[PlannedCase, Observation], None],
) -> None:
    """Hands every observation to `take` as it comes, so that no more of them are in memory than there are jobs."""
    turns = iter(cases)

    async def work() -> None:
        for planned in turns:
            take(planned, await _observe(system, lane, planned))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(jobs, len(cases))):
            group.create_task(work())


async def _observe(system: SystemRun, lane: Lane, planned: PlannedCase) -> Observation:
    try:
        return await lane.observe(system.driver, planned)
    except Exception as error:  # ours, not the system's: it costs this case its verdict, and no other
        return _unmeasured(f"the harness could not run it: {type(error).__name__}: {error}")


def _judged(system: SystemRun, lane: Lane, planned: PlannedCase, observation: Observation) -> Result:
    known = system.known.entry_for(planned.scenario.id, planned.dialect)
    subject = system.subject(lane)
    try:
        return result_of(planned, subject, observation, known)
    except Exception as error:  # likewise
        why = f"the harness could not judge it: {type(error).__name__}: {error}"
        return result_of(planned, subject, _unmeasured(why), known)


def _unmeasured(why: str) -> Observation:
    return Observation((), None, (), 0.0, broken=why)
