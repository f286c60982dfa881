"""Who takes part in a run: every system is started once to learn who it is, and given its share of the cases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from harness.origin.server import Origin
from harness.runner.plan import Plan
from harness.runner.run import SystemRun, stop
from harness.systems.base import Description, SystemBroken
from harness.systems.known_lists import KnownLists, Listed
from harness.systems.registry import SystemSpec, description_without_start
from harness.systems.standby import StandbyDriver

NOT_STARTED = "not started"
"""The version that results name for a system that could not be started."""


class WrongRun(ValueError):
    """What was asked for cannot be run together; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A system as it was asked for: `said` is what the user called it."""

    said: str
    spec: SystemSpec

    def listed(self, description: Description) -> Listed:
        """As lists of known failures may name it."""
        return Listed((self.spec.name, self.said, description.name), description.version)


@dataclass(frozen=True, slots=True)
class Broken:
    """A system that could not be started, and why."""

    entrant: Entrant
    error: SystemBroken

    @property
    def description(self) -> Description:
        """The little that is known of it."""
        known = description_without_start(self.entrant.spec)
        if known is not None:
            return replace(known, version=NOT_STARTED)
        return Description(self.entrant.spec.name, NOT_STARTED, "unknown", ())


@dataclass(frozen=True, slots=True)
class Lineup:
    """The systems that can run, with their cases, and those that cannot."""

    systems: tuple[SystemRun, ...]
    broken: tuple[Broken, ...]

    @property
    def descriptions(self) -> list[Description]:
        """What they all say of themselves."""
        return [*(each.description for each in self.systems), *(each.description for each in self.broken)]

    @property
    def idle(self) -> list[str]:
        """In words, why none of the cases is for a system, which would else seem to conform."""
        return [
            f"{each.spec} has no part in this run: it speaks {', '.join(each.description.dialects) or 'nothing'}, "
            "and no case that was asked for does"
            for each in self.systems
            if not each.cases
        ]


@asynccontextmanager
async def lined_up(
    entrants: Sequence[Entrant],
    unbuilt: dict[str, SystemBroken],
    plan: Plan,
    *,
    at_once: int,
    source: tuple[str, ...] = (),
    origin: Origin | None = None,
    known: KnownLists | None = None,
) -> AsyncIterator[Lineup]:
    """The lineup of these systems; all of them are stopped in the end.

    At most `at_once` are started side by side; where there are no more than that, they stay, and else each is stopped
    until its turn comes. `source`: the options that name where the scenarios lie; `origin`: what is behind gateways,
    None in process; `known`: None, the bundled lists. Raises UnknownSystem, UnreadableKnownFailures, and WrongRun where
    two could not be told apart.
    """
    standing_by: list[StandbyDriver] = []
    places = asyncio.Semaphore(at_once)

    async def describe(entrant: Entrant) -> StandbyDriver | SystemBroken:
        async with places:
            if entrant.spec.name in unbuilt:
                return unbuilt[entrant.spec.name]
            try:
                driver = await StandbyDriver.describe(entrant.spec, stay=len(entrants) <= at_once, origin=origin)
            except SystemBroken as error:
                return error
        standing_by.append(driver)
        return driver

    try:
        outcomes = await asyncio.gather(*map(describe, entrants))
        yield _lineup(zip(entrants, outcomes, strict=True), plan, source, known or KnownLists())
    finally:
        await asyncio.gather(*map(stop, standing_by))


def _lineup(
    outcomes: Iterable[tuple[Entrant, StandbyDriver | SystemBroken]],
    plan: Plan,
    source: tuple[str, ...],
    known: KnownLists,
) -> Lineup:
    systems, broken = [], []
    for entrant, outcome in outcomes:
        if isinstance(outcome, SystemBroken):
            broken.append(Broken(entrant, outcome))
            continue
        listed = known.of(entrant.listed(outcome.description))
        systems.append(SystemRun(entrant.said, outcome, listed, plan.of(outcome.description), source))
    _refuse_twins(systems)
    return Lineup(tuple(systems), tuple(broken))


def _refuse_twins(systems: Sequence[SystemRun]) -> None:
    """Results are told apart by what systems call themselves."""
    names = [f"{each.description.name} {each.description.version}" for each in systems]
    for name in names:
        if names.count(name) > 1:
            specs = ", ".join(each.spec for each, own in zip(systems, names, strict=True) if own == name)
            raise WrongRun(f"{specs}: each is {name}, and their results could not be told apart; give them other names")
