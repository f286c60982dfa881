"""A scenario is worth having only if it can fail: each broken client is caught, each `must` scenario catches one."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from functools import cache

import pytest

from harness.catalogue.checks import judge
from harness.catalogue.loader import Catalogue, load_catalogue
from harness.runner.case import InProcessLane
from harness.runner.plan import PlannedCase, plan_cases
from harness.systems.in_process import InProcessDriver
from tests.mutants.askers import ASKERS
from tests.mutants.callers import CALLERS
from tests.mutants.counters import COUNTERS
from tests.mutants.gateways import GATEWAYS
from tests.mutants.judges import JUDGES
from tests.mutants.machine import Mutant
from tests.mutants.readers import READERS
from tests.mutants.repairers import REPAIRERS
from tests.mutants.talkers import TALKERS
from tests.mutants.thinkers import THINKERS
from tests.mutants.unpackers import UNPACKERS

MUTANTS = (*READERS, *THINKERS, *CALLERS, *TALKERS, *JUDGES, *UNPACKERS, *COUNTERS, *ASKERS, *REPAIRERS)


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def cases_of(mutant: Mutant, pattern: str) -> list[PlannedCase]:
    found = [each for each in catalogue() if fnmatchcase(each.id, pattern)]
    assert found, f"{pattern} names no scenario"
    return [planned for planned in plan_cases(found) if planned.dialect in mutant.dialects]


async def verdict_of(mutant: Mutant, planned: PlannedCase) -> str:
    observation = await InProcessLane().observe(InProcessDriver(mutant), planned)
    assert observation.end is None or observation.end.raised is None, f"{mutant.name} is not broken but a crash"
    told = mutant.description
    retries = told.retries_by_default(planned.dialect)
    return judge(planned.scenario, planned.dialect, told.features, observation, retries).verdict


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_broken_client_is_caught_by_the_scenarios_that_it_names(mutant: Mutant) -> None:
    async def survived() -> list[str]:
        alive = []
        for pattern in mutant.kills:
            verdicts = [await verdict_of(mutant, planned) for planned in cases_of(mutant, pattern)]
            if "fail" not in verdicts:
                alive.append(f"{pattern}: {verdicts}")
        return alive

    assert not asyncio.run(survived())


def test_a_client_with_nothing_broken_survives_them_all() -> None:
    sound = Mutant("sound", "does everything right", kills=("*",))

    async def lost() -> list[tuple[str, str]]:
        cases = cases_of(sound, "*")
        return [(each.scenario.id, each.dialect) for each in cases if await verdict_of(sound, each) != "pass"]

    assert not asyncio.run(lost())


def test_each_must_scenario_catches_a_broken_client() -> None:
    caught = {
        scenario.id
        for scenario in catalogue()
        for mutant in (*MUTANTS, *GATEWAYS)
        for pattern in mutant.kills
        if fnmatchcase(scenario.id, pattern)
    }
    assert not {scenario.id for scenario in catalogue() if scenario.level == "must"} - caught


def test_names_and_stories_are_told_once() -> None:
    everyone = (*MUTANTS, *GATEWAYS)
    assert len({mutant.name for mutant in everyone}) == len(everyone)
    assert len({mutant.story for mutant in everyone}) == len(everyone)
