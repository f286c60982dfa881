"""Two runs side by side: what broke, what was fixed, what fails otherwise than before, what is new and what is gone.

A case is one scenario for one system in one dialect (or pair), one recorded stream, or one search; versions of the
system may differ, since that is what two runs are compared for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from harness.catalogue.findings import Verdict
from harness.catalogue.models import Level
from harness.report.marks import LEVELS
from harness.runner.results import FuzzResult, RecordingResult, Result, Run, pair_words

ChangeKind: TypeAlias = Literal["broke", "new-failure", "changed", "unmeasured", "fixed", "support", "gone"]
"""`broke`: what passed fails. `new-failure`: what was not run before fails. `changed`: it fails in another way.
`unmeasured`: what had a verdict has none, for the harness or the environment broke. `support`: a system claims what it
did not, or no longer does. `gone`: the case was not run."""
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)


class Way(NamedTuple):
    """One way of failing: its kind, the broken rule or the problem in words, and whether nobody could notice."""

    kind: str
    rule: str = ""
    silent: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.rule}".rstrip() + (" silently" if self.silent else "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: all that must not depend on chance."""

    verdict: Verdict
    level: Level
    how: tuple[Way, ...] = ()
    """The ways in which it fails, each once."""
    message: str = ""
    """The first failure in words."""
    known: bool = False
    version: str = ""
    reproduce: str = ""
    flaky: bool = False
    """Whether it is known that it may pass or fail: neither is a change then."""

    @property
    def silent(self) -> bool:
        """Whether the caller had no way to notice one of the failures."""
        return any(each.silent for each in self.how)


@dataclass(frozen=True, slots=True)
class Change:
    """One case that is not as it was; `before` or `after` None: it was not run then."""

    kind: ChangeKind
    system: str
    pair: str
    case: str
    before: Outcome | None
    after: Outcome | None

    @property
    def level(self) -> Level:
        """How much the case matters now, or else did."""
        outcome = self.after or self.before
        return outcome.level if outcome else "may"

    @property
    def is_regression(self) -> bool:
        """Whether a pipeline that guards what works should stop: what passed fails, and was not known to."""
        return self.kind == "broke" and self.after is not None and not self.after.known


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes from one run to another, and how many cases are as they were."""

    changes: tuple[Change, ...]
    same: int

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind, the gravest first."""
        return tuple(change for change in self.changes if change.kind == kind)

    def regressions(self, *levels: Level) -> tuple[Change, ...]:
        """What broke at those levels."""
        return tuple(change for change in self.changes if change.is_regression and change.level in levels)


CaseKey: TypeAlias = tuple[str, str, str]
"""The system's name, its dialect or pair, the case."""


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run, as far as later ones are compared with it: when it began, of what, and how each case came out."""

    started: str
    harness: str
    catalogue: str
    outcomes: Mapping[CaseKey, Outcome]


def past_of(runs: Sequence[Run]) -> Past:
    """These runs as one that others are compared with; where two have the same case, the later one stands."""
    return Past(
        started=min(run.header.started for run in runs),
        harness=" and ".join(dict.fromkeys(run.header.harness for run in runs)),
        catalogue=" and ".join(dict.fromkeys(run.header.catalogue for run in runs)),
        outcomes={key: outcome for run in runs for key, outcome in _outcomes(run)},
    )


def compare_runs(before: Run, after: Run) -> Comparison:
    """The changes from `before` to `after`, by kind, then those of a `must` and silent ones first."""
    return compare_with(past_of([before]), [after])


def compare_with(before: Past, after: Sequence[Run]) -> Comparison:
    """The same from what is kept of an earlier run to several that are one together."""
    old, new = before.outcomes, past_of(after).outcomes
    changes = [
        change
        for key in sorted(old.keys() | new.keys())
        if (change := _change(key, old.get(key), new.get(key))) is not None
    ]
    changes.sort(key=_gravity)
    same = len(old.keys() & new.keys()) - sum(bool(change.before and change.after) for change in changes)
    return Comparison(tuple(changes), same)


def _gravity(change: Change) -> tuple[int, int, bool, CaseKey]:
    silent = bool(change.after and change.after.silent)
    place = (change.system, change.pair, change.case)
    return CHANGE_KINDS.index(change.kind), LEVELS.index(change.level), not silent, place


def _change(key: CaseKey, before: Outcome | None, after: Outcome | None) -> Change | None:
    kind = _kind(before, after)
    return None if kind is None else Change(kind, *key, before, after)


def _kind(before: Outcome | None, after: Outcome | None) -> ChangeKind | None:
    if after is None:
        return "gone"
    if before is None:
        return "new-failure" if after.verdict == "fail" and not after.known else None
    was, now = before.verdict, after.verdict
    if after.flaky and {was, now} <= {"pass", "fail"}:
        return None
    if was == now:
        return "changed" if now == "fail" and before.how != after.how else None
    if "unsupported" in (was, now):
        return "support"
    if now == "error":
        return "unmeasured"
    if now == "fail":
        return "broke" if was == "pass" else "new-failure"
    return "fixed" if was == "fail" else None


def _outcomes(run: Run) -> Iterator[tuple[CaseKey, Outcome]]:
    for result in run.results:
        yield (result.system, result.pair, result.scenario), _of_result(result)
    for recording in run.recordings:
        yield (recording.system, recording.dialect, recording.id), _of_recording(recording)
    for search in run.searches:
        case = f"fuzz {search.kind} {search.stream}"
        yield (search.system, pair_words(search.dialect, search.upstream), case), _of_search(search)


def _of_result(result: Result) -> Outcome:
    how = _ways((each.kind, each.check, each.silent) for each in result.failures)
    message = result.failures[0].message if result.failures else result.note
    known = result.known is not None
    version, reproduce = result.system_version, result.reproduce
    return Outcome(result.verdict, result.level, how, message, known, version, reproduce, result.flaky)


def _of_recording(recording: RecordingResult) -> Outcome:
    ways = tuple(Way("another outcome", problem) for problem in recording.problems)
    return Outcome(recording.verdict, "must", ways, ways[0].rule if ways else "")


def _of_search(search: FuzzResult) -> Outcome:
    how = _ways((each.kind, each.family, each.silent) for each in search.findings)
    message = search.findings[0].words if search.findings else search.note
    level: Level = min((each.level for each in search.findings), key=LEVELS.index, default="must")
    known = bool(search.findings) and all(each.known for each in search.findings)
    return Outcome(search.verdict, level, how, message, known, search.system_version, search.reproduce)


def _ways(failures: Iterable[tuple[str, str, bool]]) -> tuple[Way, ...]:
    return tuple(sorted({Way(*failure) for failure in failures}))
