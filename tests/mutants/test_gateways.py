"""Each broken gateway is caught by the scenarios that it names, in front of some upstream and some client."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase

import pytest

from harness.catalogue.checks import judge
from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Scenario
from harness.runner.case import InProcessLane
from harness.runner.plan import PlannedCase, plan_pairs
from harness.systems.in_process import InProcessDriver
from tests.mutants.gateway_machine import MutantGateway
from tests.mutants.gateways import GATEWAYS

FAMILIES = ("translate-stream", "translate-request", "translate-errors", "history", "gateway")
CATALOGUE = load_catalogue()


async def verdicts_of(mutant: MutantGateway, scenarios: list[Scenario]) -> dict[tuple[str, str, str], str]:
    """By scenario, upstream and served dialect; nothing is run any more for a scenario that has failed once."""
    verdicts: dict[tuple[str, str, str], str] = {}
    caught: set[str] = set()
    for upstream in mutant.upstreams:
        driver = InProcessDriver(mutant.over(upstream))
        for planned in plan_pairs(scenarios, upstream, mutant.serves):
            if planned.scenario.id not in caught:
                verdict = await _verdict(driver, planned)
                verdicts[planned.scenario.id, upstream, planned.dialect] = verdict
                caught |= {planned.scenario.id} if verdict == "fail" else set()
    return verdicts


async def _verdict(driver: InProcessDriver, planned: PlannedCase) -> str:
    observation = await InProcessLane().observe(driver, planned)
    assert observation.end is None or observation.end.raised is None, (
        f"{driver.description.name} is not broken but a crash"
    )
    told = driver.description
    retries = told.retries_by_default(planned.dialect)
    return judge(
        planned.scenario, planned.dialect, told.claims(planned.dialect), observation, retries, planned.upstream
    ).verdict


@pytest.mark.parametrize("mutant", GATEWAYS, ids=lambda mutant: mutant.name)
def test_each_broken_gateway_is_caught_by_the_scenarios_that_it_names(mutant: MutantGateway) -> None:
    named = [each for each in CATALOGUE if any(fnmatchcase(each.id, pattern) for pattern in mutant.kills)]
    assert {each.id for each in named} == set(mutant.kills)
    verdicts = asyncio.run(verdicts_of(mutant, named))
    caught = {scenario for (scenario, *_), verdict in verdicts.items() if verdict == "fail"}
    assert set(mutant.kills) - caught == set()


def test_an_error_told_within_a_stream_that_had_begun_breaks_no_must() -> None:
    [early] = [mutant for mutant in GATEWAYS if mutant.name == "begins-before-it-asks"]
    scenarios = [each for each in CATALOGUE if each.family == "translate-errors" and each.level == "must"]
    verdicts = asyncio.run(verdicts_of(early, scenarios))
    assert len(verdicts) > 100
    assert {case: verdict for case, verdict in verdicts.items() if verdict != "pass"} == {}


def test_a_gateway_with_nothing_broken_survives_them_all() -> None:
    sound = MutantGateway("sound", "does everything right", kills=())
    scenarios = [each for each in CATALOGUE if each.family in FAMILIES]
    verdicts = asyncio.run(verdicts_of(sound, scenarios))
    assert len(verdicts) > 500
    assert {case: verdict for case, verdict in verdicts.items() if verdict != "pass"} == {}
