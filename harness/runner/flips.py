"""Verdicts that are not the same each time: what several runs of the same cases say, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.runner.results import Result, Run


@dataclass(frozen=True, slots=True)
class Flip:
    """A case whose verdict flipped. `outcomes` are in the order of the runs, None where a run has no such case."""

    system: str
    pair: str
    """The dialect, or both of a gateway's."""
    scenario: str
    outcomes: tuple[str | None, ...]
    reproduce: str
    flaky: str = ""
    """Why it is known to flip; empty where it is not."""

    @property
    def words(self) -> str:
        """The outcomes in one line."""
        return ", ".join(outcome or "did not run" for outcome in self.outcomes)


def flips(runs: Sequence[Run]) -> list[Flip]:
    """Every case that did not come out the same in all runs: in its verdict, its columns, or the kinds of failure."""
    by_case: dict[tuple[str, str, str], dict[int, Result]] = {}
    for number, run in enumerate(runs):
        for result in run.results:
            by_case.setdefault((result.system, result.pair, result.scenario), {})[number] = result
    found = []
    for (system, pair, scenario), results in sorted(by_case.items()):
        outcomes = tuple(_outcome(results.get(number)) for number in range(len(runs)))
        if len(set(outcomes)) > 1:
            first = next(iter(results.values()))
            flaky = (first.known or "") if first.flaky else ""
            found.append(Flip(system, pair, scenario, outcomes, first.reproduce, flaky))
    return found


def _outcome(result: Result | None) -> str | None:
    """All that must not depend on chance, in a few words."""
    if result is None:
        return None
    kinds = ", ".join(sorted({failure.kind for failure in result.failures}))
    return f"{result.verdict} (content {result.content}, ending {result.ending}{f': {kinds}' if kinds else ''})"
