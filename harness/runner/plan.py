"""What a run will do: which scenarios, in which dialects, rendered to wire responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.catalogue.across import expresses_request, without_gates
from harness.catalogue.models import Scenario
from harness.catalogue.render import NotExpressible, RenderedScenario, render, render_other_form
from harness.dialects import dialect_names
from harness.systems.base import PARSER_FAMILIES, Description
from harness.wire.response import WireResponse

CANARY_FAMILY = "canary"
"""Canaries run first: a system that fails one makes the harness or the adapter the first suspect."""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One scenario in one dialect, ready to be played to any system.

    Of a gateway, `dialect` is that of the client in front of it, and `rendered` is in the dialect of its upstream.
    """

    scenario: Scenario
    dialect: str
    rendered: RenderedScenario
    upstream: str | None = None
    other_form: tuple[WireResponse, ...] = ()
    """Of a gateway: the same answers as documents, or as streams, if it asks its upstream for those instead."""

    @property
    def wire_dialect(self) -> str:
        """What the origin speaks."""
        return self.dialect if self.upstream is None else self.upstream


class Plan:
    """All cases that there are; each scenario is rendered once in each dialect.

    Raises UnknownDialect for a name in `dialects` that is none, Unrenderable for a scenario that contradicts itself.
    """

    def __init__(self, scenarios: Iterable[Scenario], dialects: Sequence[str] | None = None) -> None:
        self._scenarios = sorted(scenarios, key=_turn)
        self._dialects = tuple(dialects or dialect_names())
        self._rendered: dict[tuple[str, str], RenderedScenario | None] = {}
        self._other_forms: dict[tuple[str, str], tuple[WireResponse, ...]] = {}
        self._pairs: dict[tuple[str, str], list[PlannedCase]] = {}
        self.cases = [
            PlannedCase(scenario, name, rendered)
            for scenario in self._scenarios
            if "client" in scenario.subjects
            for name in self._dialects
            if (rendered := self._render(scenario, name)) is not None
        ]
        """Those of clients: canaries, then the longest first."""

    @property
    def has_pairs(self) -> bool:
        """Whether there is anything for gateways."""
        return any("gateway" in scenario.subjects for scenario in self._scenarios)

    def of(self, description: Description) -> list[PlannedCase]:
        """The cases that are for that system at all."""
        if description.kind == "gateway":
            if description.upstream is None:
                return []
            served = [name for name in self._dialects if name in description.dialects]
            found = [self._of_pair(description.upstream, name) for name in served]
            return sorted((case for cases in found for case in cases), key=lambda case: _turn(case.scenario))
        readable = None if description.kind != "parser" else PARSER_FAMILIES
        return [
            planned
            for planned in self.cases
            if planned.dialect in description.dialects and (readable is None or planned.scenario.family in readable)
        ]

    def _of_pair(self, upstream: str, served: str) -> list[PlannedCase]:
        if (upstream, served) not in self._pairs:
            self._pairs[upstream, served] = [
                PlannedCase(
                    scenario,
                    served,
                    without_gates(rendered, scenario, served),
                    upstream,
                    self._other_form(scenario, upstream),
                )
                for scenario in self._scenarios
                if "gateway" in scenario.subjects and expresses_request(scenario, served)
                if (rendered := self._render(scenario, upstream)) is not None
            ]
        return self._pairs[upstream, served]

    def _other_form(self, scenario: Scenario, name: str) -> tuple[WireResponse, ...]:
        key = (scenario.id, name)
        if key not in self._other_forms:
            self._other_forms[key] = render_other_form(scenario, name)
        return self._other_forms[key]

    def _render(self, scenario: Scenario, name: str) -> RenderedScenario | None:
        key = (scenario.id, name)
        if key not in self._rendered:
            rendered = render(scenario, name)
            self._rendered[key] = None if isinstance(rendered, NotExpressible) else rendered
        return self._rendered[key]


def plan_cases(scenarios: Iterable[Scenario], dialects: Sequence[str] | None = None) -> list[PlannedCase]:
    """Every scenario for clients in every dialect that can express it (and that is asked for), as `Plan` has them."""
    return Plan(scenarios, dialects).cases


def plan_pairs(scenarios: Iterable[Scenario], upstream: str, serves: Sequence[str] | None = None) -> list[PlannedCase]:
    """Every scenario for a gateway over `upstream`, in front of each dialect that it serves (None: all there are)."""
    served = tuple(serves or dialect_names())
    return Plan(scenarios).of(Description("", "", "", served, kind="gateway", upstream=upstream))


def _turn(scenario: Scenario) -> tuple[bool, float, str]:
    """Those that may take long begin early, so that the run does not end by waiting for them alone."""
    return scenario.family != CANARY_FAMILY, -scenario.deadline_s, scenario.id
