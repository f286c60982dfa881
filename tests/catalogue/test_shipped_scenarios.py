"""Every scenario that we ship is complete, renders the same each time, and loads fast."""

import pytest

from harness.catalogue.completeness import completeness_problems
from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Scenario
from harness.catalogue.render import dialects_of, render
from harness.dialects import dialect_names

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("scenario", CATALOGUE.scenarios, ids=lambda scenario: scenario.id)
def test_a_shipped_scenario_is_complete(scenario: Scenario) -> None:
    assert completeness_problems(scenario) == []


def test_every_dialect_has_its_canaries() -> None:
    for name in ("canary/plain-text", "canary/tool-call"):
        assert dialects_of(CATALOGUE.get(name)) == dialect_names()


def test_rendering_is_pure() -> None:
    for scenario in CATALOGUE:
        for name in dialects_of(scenario):
            assert render(scenario, name) == render(scenario, name)


def test_titles_are_told_apart() -> None:
    titles = [scenario.title for scenario in CATALOGUE]
    assert sorted(titles) == sorted(set(titles))
