"""What changed since an earlier run, as the overview shows it: by kind of change, and by case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.report.comparison import CHANGE_KINDS, CaseKey, Change, ChangeKind, Comparison, Outcome, Past, past_of
from harness.report.matrix import Cell, Matrix
from harness.report.outputs.comparison_text import HEADINGS, states
from harness.report.visible import counted, moment
from harness.runner.results import Run

OPEN: tuple[ChangeKind, ...] = ("broke", "new-failure", "unmeasured")
"""Kinds that are spelt out at once; the others are folded."""
CASES_SHOWN = 12
"""How many cases of one kind are spelt out."""
VERSIONS_SHOWN = 8

STATES: dict[ChangeKind, str] = {
    "broke": "silent",
    "new-failure": "fail",
    "changed": "should",
    "unmeasured": "error",
    "fixed": "pass",
    "support": "unsupported",
    "gone": "unsupported",
}
"""The colour of each kind."""


class Place(NamedTuple):
    """One change of a case: in which dialect or pair, what it was and is, and the address of its page, if any."""

    change: Change
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """One case with all systems in which it changed in one way. `title` and `href` are empty for no scenario."""

    case: str
    title: str
    href: str
    level: str
    systems: tuple[tuple[str, tuple[Place, ...]], ...]


@dataclass(frozen=True, slots=True)
class ChangeSection:
    """All changes of one kind; `more` is the number of cases that are not spelt out."""

    kind: ChangeKind
    heading: str
    state: str
    count: int
    cases: tuple[ChangedCase, ...]
    more: int
    open: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """Everything that the overview says of changes."""

    since: str
    words: str
    between: tuple[str, ...]
    """What else is not as it was: the catalogue, the harness, versions of systems."""
    sections: tuple[ChangeSection, ...]
    same: int


def changed(matrix: Matrix, runs: Sequence[Run], before: Past, comparison: Comparison) -> Changed:
    """What these runs have otherwise than the one before."""
    now = past_of(runs)
    return Changed(
        since=moment(before.started),
        words=_in_words(comparison),
        between=tuple(_between(before, now)),
        sections=tuple(_section(kind, found, matrix) for kind in CHANGE_KINDS if (found := comparison.of(kind))),
        same=comparison.same,
    )


def _in_words(comparison: Comparison) -> str:
    """One sentence, which begins small."""
    broke = [change for change in comparison.of("broke") if change.is_regression]
    known = len(comparison.of("broke")) - len(broke)
    new, fixed = len(comparison.of("new-failure")), len(comparison.of("fixed"))
    parts = [f"{counted(len(broke), 'case')} that passed {_now(len(broke))}" if broke else "nothing broke"]
    musts = sum(change.level == "must" for change in broke)
    if musts < len(broke):
        parts.append(f"{musts or 'none'} of them a must" if len(broke) > 1 else f"at the level {broke[0].level}")
    if known:
        parts.append(f"{known:,} {_now(known)} again that {'is' if known == 1 else 'are'} known to")
    if new:
        parts.append(f"{new:,} that had no verdict {_now(new)}")
    if fixed:
        parts.append(f"{fixed:,} {'was' if fixed == 1 else 'were'} fixed")
    return f"{', '.join(parts)}."


def _now(count: int) -> str:
    return "fails" if count == 1 else "fail"


def _between(before: Past, now: Past) -> Iterator[str]:
    for what, was, is_now in (("catalogue", before.catalogue, now.catalogue), ("harness", before.harness, now.harness)):
        if was != is_now:
            yield f"{what} {was} → {is_now}"
    old, new = _versions(before.outcomes), _versions(now.outcomes)
    moved = [name for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    for name in moved[:VERSIONS_SHOWN]:
        yield f"{name} {_joined(old[name])} → {_joined(new[name])}"
    if len(moved) > VERSIONS_SHOWN:
        yield f"and {len(moved) - VERSIONS_SHOWN} more systems in other versions"


def _versions(outcomes: Mapping[CaseKey, Outcome]) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for (system, _, _), outcome in outcomes.items():
        if outcome.version:
            versions.setdefault(system, set()).add(outcome.version)
    return versions


def _joined(versions: Iterable[str]) -> str:
    return ", ".join(sorted(versions))


def _section(kind: ChangeKind, changes: Sequence[Change], matrix: Matrix) -> ChangeSection:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.case, []).append(change)
    heading = HEADINGS[kind]
    return ChangeSection(
        kind=kind,
        heading=heading[0].upper() + heading[1:],
        state=STATES[kind],
        count=len(changes),
        cases=tuple(_case(case, matrix, groups[case]) for case in list(groups)[:CASES_SHOWN]),
        more=max(0, len(groups) - CASES_SHOWN),
        open=kind in OPEN,
    )


def _case(case: str, matrix: Matrix, changes: Sequence[Change]) -> ChangedCase:
    row = next((row for row in matrix.rows if row.scenario == case), None)
    cells = {(cell.result.system, cell.result.pair): cell for cell in row.present} if row else {}
    systems: dict[str, list[Place]] = {}
    for change in changes:
        systems.setdefault(change.system, []).append(_place(change, cells))
    return ChangedCase(
        case=case,
        title=row.title if row else "",
        href=row.href if row else "",
        level=changes[0].level,
        systems=tuple((name, tuple(places)) for name, places in systems.items()),
    )


def _place(change: Change, cells: Mapping[tuple[str, str], Cell]) -> Place:
    cell = cells.get((change.system, change.pair))
    return Place(change, states(change), cell.href if cell else "")
