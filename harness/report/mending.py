"""What a client's maintainer would do first to work with more servers: failures to mend, and what nobody tried yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from harness.report.matrix import Cell, Matrix
from harness.report.played import streams_of
from harness.report.readiness import Pairing, Verdict, pairings
from harness.report.served import Server
from harness.report.stood import Aspect, Failed, Standing, standings_of
from harness.runner.results import Run

Why: TypeAlias = Literal["unclaimed", "failed", "doubt", "not run", "no scenario"]
"""Why it is not known whether a client reads streams with a trait; see WHY_WORDS."""

MendKey: TypeAlias = tuple[str, Aspect, frozenset[str]]
"""A dialect, what goes wrong, and the traits that a stream must have for it."""

WHY_WORDS: dict[Why, str] = {
    "unclaimed": "the client does not claim what the scenarios with it need, so that they did not run",
    "failed": "the only cases with it failed, and something else in them may be to blame",
    "doubt": "a case with it failed, and the client reads everything in it elsewhere",
    "not run": "scenarios with it did not run, or were not measured",
    "no scenario": "no scenario of this run has it",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A server that something concerns: how many of its streams."""

    pairing: Pairing
    streams: int


@dataclass(frozen=True, slots=True)
class Mend:
    """A failure that was shown. Of several `traits` one is to blame, or all of them together."""

    dialect: str
    aspect: Aspect
    traits: tuple[str, ...]
    silent: bool
    shown_by: tuple[Failed, ...]
    hits: tuple[Hit, ...]

    @property
    def streams(self) -> int:
        """How many streams of all servers it spoils."""
        return sum(hit.streams for hit in self.hits)

    @property
    def keeps_from(self) -> tuple[Hit, ...]:
        """The servers that the client is not ready for, and this is among the reasons."""
        return tuple(hit for hit in self.hits if hit.pairing.verdict == "not ready")


@dataclass(frozen=True, slots=True)
class Gap:
    """A trait of servers' streams of which it is not known whether the client reads it."""

    dialect: str
    trait: str
    why: Why
    cells: tuple[Cell, ...]
    """Those that show why."""
    hits: tuple[Hit, ...]

    @property
    def streams(self) -> int:
        """How many streams of all servers have it and are not known for it, or for it among others."""
        return sum(hit.streams for hit in self.hits)


@dataclass(frozen=True, slots=True)
class ClientReadiness:
    """All that is known of one client, in all its dialects."""

    system: str
    version: str
    pairings: tuple[Pairing, ...]
    mends: tuple[Mend, ...]
    """What spoils most first: silent before loud, answers before counts, many servers before few."""
    gaps: tuple[Gap, ...]

    def having(self, verdict: Verdict) -> tuple[Pairing, ...]:
        """The pairings with this verdict."""
        return tuple(each for each in self.pairings if each.verdict == verdict)

    @property
    def suspects(self) -> tuple[Standing, ...]:
        """Dialects in which its canary failed."""
        seen = {each.standing.column.number: each.standing for each in self.pairings}
        return tuple(standing for standing in seen.values() if standing.suspect)


def clients_of(every: Iterable[Pairing]) -> tuple[ClientReadiness, ...]:
    """The clients of these pairings, in their order."""
    groups: dict[tuple[str, str], list[Pairing]] = {}
    for pairing in every:
        column = pairing.standing.column
        groups.setdefault((column.system, column.version), []).append(pairing)
    return tuple(_client(*key, group) for key, group in groups.items())


def _client(system: str, version: str, group: Sequence[Pairing]) -> ClientReadiness:
    judged = [each for each in group if not each.standing.suspect]
    return ClientReadiness(system, version, tuple(group), _mends(judged), _gaps(judged))


def _mends(group: Iterable[Pairing]) -> tuple[Mend, ...]:
    cells: dict[MendKey, dict[str, Failed]] = {}
    hits: dict[MendKey, dict[int, Hit]] = {}
    for number, pairing in enumerate(group):
        for reading in pairing.readings:
            causes = {(pairing.server.dialect, each.aspect, each.needed): None for each in reading.because}
            for each in reading.because:
                key = (pairing.server.dialect, each.aspect, each.needed)
                cells.setdefault(key, {})[each.cell.result.scenario] = each
            for key in causes:
                _hit(hits.setdefault(key, {}), number, pairing, reading.alike.streams)
    smallest = [key for key in cells if not any(_within(other, key) for other in cells)]
    found = [
        Mend(
            dialect=key[0],
            aspect=key[1],
            traits=tuple(sorted(key[2])),
            silent=any(each.silent for each in cells[key].values()),
            shown_by=tuple(cells[key][name] for name in sorted(cells[key])),
            hits=_most_first(hits[key]),
        )
        for key in smallest
    ]
    return tuple(sorted(found, key=_gravity))


def _within(less: MendKey, more: MendKey) -> bool:
    """Whether whoever mends the first has mended the second."""
    return less[:2] == more[:2] and less[2] < more[2]


def _gravity(mend: Mend) -> tuple[object, ...]:
    weight = (mend.aspect == "counts", not mend.silent)
    return (*weight, -len(mend.keeps_from), -len(mend.hits), -mend.streams, mend.dialect, mend.traits)


def _gaps(group: Iterable[Pairing]) -> tuple[Gap, ...]:
    hits: dict[tuple[str, str], dict[int, Hit]] = {}
    standings: dict[tuple[str, str], Standing] = {}
    doubts: dict[tuple[str, str], dict[str, Failed]] = {}
    for number, pairing in enumerate(group):
        for reading in pairing.readings:
            dialect = pairing.server.dialect
            doubted = {trait for each in reading.doubts for trait in each.traits}
            for trait in reading.untried | doubted:
                standings[dialect, trait] = pairing.standing
                _hit(hits.setdefault((dialect, trait), {}), number, pairing, reading.alike.streams)
            for each in reading.doubts:
                for trait in each.traits:
                    doubts.setdefault((dialect, trait), {})[each.cell.result.scenario] = each
    found = [
        Gap(*key, *_why(standings[key], key[1], tuple(doubts.get(key, {}).values())), _most_first(hits[key]))
        for key in hits
    ]
    return tuple(sorted(found, key=lambda gap: (-len(gap.hits), -gap.streams, gap.dialect, gap.trait)))


def _why(standing: Standing, trait: str, doubts: Sequence[Failed]) -> tuple[Why, tuple[Cell, ...]]:
    if trait in standing.read["answer"]:
        return "doubt", tuple(each.cell for each in doubts)
    if failed := tuple(each.cell for each in standing.failed if trait in each.blamed):
        return "failed", failed
    if cells := standing.unclaimed.get(trait):
        return "unclaimed", tuple(cells)
    return ("not run" if trait in standing.played else "no scenario"), ()


def _hit(hits: dict[int, Hit], number: int, pairing: Pairing, streams: int) -> None:
    before = hits.get(number)
    hits[number] = Hit(pairing, streams + (before.streams if before else 0))


def _most_first(hits: dict[int, Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(hits.values(), key=lambda hit: (-hit.streams, hit.pairing.server.name)))


def readiness_of(
    matrix: Matrix, runs: Iterable[Run], servers: Iterable[Server], *, only: frozenset[str] = frozenset()
) -> tuple[ClientReadiness, ...]:
    """Every client of the matrix with these servers and the gateways of the runs, by what the runs' evidence shows.

    With `only` those servers that are called so. Raises OSError, and UnreadableResults where a results file has
    changed.
    """
    streams = streams_of(runs)
    every = [each for each in [*servers, *streams.gateways] if not only or each.name in only]
    return clients_of(pairings(standings_of(matrix, streams.played), every))
