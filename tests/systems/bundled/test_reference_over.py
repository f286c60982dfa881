"""Our own gateway as a system: the whole catalogue passes through it for every pair of dialects, up to named losses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from itertools import product

import pytest

from harness.catalogue.checks import missing_features
from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import FEATURES, Scenario
from harness.dialects import dialect_names
from harness.runner.case import InProcessLane
from harness.runner.evidence import Subject, result_of
from harness.runner.plan import Plan, PlannedCase
from harness.runner.results import Result
from harness.systems.base import Description
from harness.systems.bundled._gateway import ReferenceOver
from harness.systems.in_process import InProcessDriver
from harness.systems.known_files import known_failures
from harness.systems.registry import InProcessSpec, bundled_names, resolve

PAIRS = tuple(product(dialect_names(), dialect_names()))


@cache
def plan() -> Plan:
    """All cases; each scenario is rendered once in each dialect."""
    return Plan(load_catalogue().scenarios)


def cases(upstream: str, served: str) -> list[PlannedCase]:
    planned = plan().of(Description("", "", "", (served,), kind="gateway", upstream=upstream))
    return [replace(each, scenario=well_formed(each.scenario)) for each in planned]


def well_formed(scenario: Scenario) -> Scenario:
    """The scenario, and that a strict reader finds no fault in what our gateway says, whatever it is about."""
    front = scenario.expect.front.model_copy(update={"well_formed": True})
    return scenario.model_copy(update={"expect": scenario.expect.model_copy(update={"front": front})})


async def carried_out(upstream: str, planned: list[PlannedCase]) -> list[Result]:
    driver, lane = InProcessDriver(ReferenceOver(upstream)), InProcessLane()
    subject = Subject(driver.description.name, driver.description, "in-process")
    known = known_failures(driver.description.name).of(driver.description.version)
    results = []
    for case in planned:
        observation = await lane.observe(driver, case)
        results.append(result_of(case, subject, observation, known.entry_for(case.scenario.id, case.dialect)))
    return results


def words(result: Result) -> str:
    found = [f"{failure.check} {failure.kind}: {failure.message}" for failure in result.failures]
    return f"{result.scenario} [{result.level}] {'; '.join(found) or result.note}"


@pytest.mark.parametrize(("upstream", "served"), PAIRS, ids=[f"{one}-to-{other}" for one, other in PAIRS])
def test_the_whole_catalogue_passes_through_every_pair(upstream: str, served: str) -> None:
    results = asyncio.run(carried_out(upstream, cases(upstream, served)))
    assert len(results) > 200
    assert [words(each) for each in results if each.verdict != "pass" and not each.known] == []
    assert [words(each) for each in results if each.verdict == "pass" and each.known] == []


def test_there_is_one_over_each_dialect_and_it_claims_every_feature() -> None:
    assert {f"reference-over-{name}" for name in dialect_names()} <= set(bundled_names())
    for name in dialect_names():
        spec = resolve(f"reference-over-{name}")
        assert isinstance(spec, InProcessSpec)
        description = ReferenceOver(name).description
        assert (description.kind, description.upstream, description.dialects) == ("gateway", name, dialect_names())
        assert description.claims("gemini") == set(FEATURES)


def test_nothing_that_a_pair_runs_is_unsupported() -> None:
    claims = frozenset(FEATURES)
    for upstream, served in PAIRS[:6]:
        lacking = [
            case.scenario.id
            for case in cases(upstream, served)
            if missing_features(case.scenario, served, claims, 3, upstream)
        ]
        assert lacking == []
