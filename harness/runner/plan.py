"""What a run will do: which scenarios, in which dialects, rendered to wire responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.catalogue.models import Scenario
from harness.catalogue.render import NotExpressible, RenderedScenario, render
from harness.dialects import dialect_names

CANARY_FAMILY = "canary"
"""Canaries run first: a system that fails one makes the harness or the adapter the first suspect."""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One scenario in one dialect, ready to be played to any system."""

    scenario: Scenario
    dialect: str
    rendered: RenderedScenario


def plan_cases(scenarios: Iterable[Scenario], dialects: Sequence[str] | None = None) -> list[PlannedCase]:
    """Every scenario for clients in every dialect that can express it (and that is asked for): canaries, then the
    longest first.

    Raises UnknownDialect for a name in `dialects` that is none, Unrenderable for a scenario that contradicts itself.
    """
    in_order = sorted(scenarios, key=_turn)
    return [
        PlannedCase(scenario, name, rendered)
        for scenario in in_order
        if "client" in scenario.subjects
        for name in dialects or dialect_names()
        if not isinstance(rendered := render(scenario, name), NotExpressible)
    ]


def _turn(scenario: Scenario) -> tuple[bool, float, str]:
    """Those that may take long begin early, so that the run does not end by waiting for them alone."""
    return scenario.family != CANARY_FAMILY, -scenario.deadline_s, scenario.id
