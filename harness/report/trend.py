"""How a run stood, in counts: one point of a line over many runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from harness.report.score import Tally, tally
from harness.runner.results import Result, Run


class Standing(msgspec.Struct, frozen=True):
    """Counts of cases; `must_silent` and `must_hung` are of those `must` cases that failed, each in one of the two."""

    cases: int = 0
    must_passed: int = 0
    must_judged: int = 0
    silent: int = 0
    hung: int = 0
    errors: int = 0

    @property
    def rate(self) -> float | None:
        """The share of judged `must` cases that passed; None where none was judged."""
        return self.must_passed / self.must_judged if self.must_judged else None


class Point(msgspec.Struct, frozen=True):
    """One run: when it began (ISO 8601), of which catalogue and harness, and how it stood.

    `systems` and `families` have the same by the system's name (all versions and dialects together) and by family.
    """

    started: str
    catalogue: str
    harness: str
    all: Standing
    systems: dict[str, Standing] = {}
    families: dict[str, Standing] = {}


def point_of(runs: Sequence[Run]) -> Point:
    """The point of these runs together, in which each case counts once."""
    results = [result for run in runs for result in run.results]
    return Point(
        started=min(run.header.started for run in runs),
        catalogue=" and ".join(dict.fromkeys(run.header.catalogue for run in runs)),
        harness=" and ".join(dict.fromkeys(run.header.harness for run in runs)),
        all=_standing(results),
        systems=_by((each.system, each) for each in results),
        families=_by((each.family, each) for each in results),
    )


def _by(named: Iterable[tuple[str, Result]]) -> dict[str, Standing]:
    groups: dict[str, list[Result]] = {}
    for name, result in named:
        groups.setdefault(name, []).append(result)
    return {name: _standing(groups[name]) for name in sorted(groups)}


def _standing(results: Iterable[Result]) -> Standing:
    counts: Tally = tally(results)
    return Standing(
        cases=counts.cases,
        must_passed=counts.must_passed,
        must_judged=counts.must_judged,
        silent=counts.silent,
        hung=counts.hung,
        errors=counts.errors,
    )
