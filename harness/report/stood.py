"""What each client was shown to read, and on what it was shown to fail, by the traits of the streams in its cells.

A cell that passes shows that the client reads a stream with all of its traits. A cell that fails shows nothing of any
one of them, unless the client reads all the others in other cells: what is left is to blame. Where nothing is left,
the cell shows that these traits together, or something that has no name here, is too much: no server's stream that has
all of them counts as read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.catalogue.findings import Finding
from harness.lint.traits import is_broken, matter
from harness.report.matrix import Cell, Column, Matrix
from harness.report.played import Played, StreamKey

Aspect: TypeAlias = Literal["answer", "counts"]
"""The answer with its ending; or the token counts, which an application can mostly do without."""

COUNTS = frozenset({"usage-as-sent"})
"""Checks whose findings are about token counts alone."""
NOT_OF_READING = frozenset({"retry", "request", "late"})
"""Kinds of findings that do not come from what a stream says."""
OF_REQUESTS = frozenset({"requests", "history", "multi-turn", "translate-request"})
"""Families whose scenarios are about what a client sends: that one fails says nothing of what it reads."""
WRITING = frozenset({"wire 0", "wire 1", "wire 2"})
"""Matters that are about how bytes are written and sent, whatever they say."""
COMMON = 0.25
"""The share of a dialect's scenarios that have a trait from which on it is part of how scenarios are written."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A cell in which a client failed. `blamed` are the traits of its stream that the client reads in no other.

    `traits` are those of its stream that do not belong to how most scenarios are written. `needed` are those that a
    stream must have for the client to fail on it, too: with the blamed ones those that are about the same matter or
    about how the bytes are written, and whatever went wrong besides, since it may be all of these together that is too
    much.
    """

    cell: Cell
    aspect: Aspect
    traits: frozenset[str]
    blamed: frozenset[str]
    needed: frozenset[str]
    silent: bool


@dataclass(slots=True)
class Standing:
    """What is known of one client in one dialect."""

    column: Column
    common: frozenset[str] = frozenset()
    played: frozenset[str] = frozenset()
    """Traits of all streams that the run's scenarios send in the dialect."""
    read: dict[Aspect, dict[str, list[Cell]]] = field(default_factory=lambda: {"answer": {}, "counts": {}})
    """By trait: cells in which this was right in a stream with it."""
    failed: list[Failed] = field(default_factory=list)
    unclaimed: dict[str, list[Cell]] = field(default_factory=dict)
    """By trait: cells that did not run, for want of something that the client does not claim."""

    @property
    def suspect(self) -> bool:
        """Its canary fails: the harness or the adapter is suspected first, and nothing is said of it."""
        return self.column.canary is not None

    @property
    def unexplained(self) -> list[Failed]:
        """Failed answers whose every trait the client reads elsewhere."""
        return [each for each in self.failed if each.aspect == "answer" and not each.blamed]


def standings_of(matrix: Matrix, played: Mapping[StreamKey, Played]) -> tuple[Standing, ...]:
    """One standing for each column of the matrix that is a client's, in their order."""
    cells: dict[int, list[Cell]] = {}
    for cell in matrix.cells:
        cells.setdefault(cell.column, []).append(cell)
    clients = [column for column in matrix.columns if not column.upstream]
    common = {dialect: common_traits(played, dialect) for dialect in {column.dialect for column in clients}}
    every = {dialect: _every_trait(played, dialect) for dialect in common}
    return tuple(
        _standing(Standing(each, common[each.dialect], every[each.dialect]), cells.get(each.number, ()), played)
        for each in clients
    )


def _every_trait(played: Mapping[StreamKey, Played], dialect: str) -> frozenset[str]:
    return frozenset(trait for (spoken, _), stream in played.items() if spoken == dialect for trait in stream.traits)


def common_traits(played: Mapping[StreamKey, Played], dialect: str) -> frozenset[str]:
    """Traits that so many of the dialect's scenarios have that no single one is about them."""
    streams = [stream for (spoken, _), stream in played.items() if spoken == dialect]
    counted = Counter(trait for stream in streams for trait in stream.traits)
    return frozenset(trait for trait, count in counted.items() if count >= COMMON * len(streams))


def _standing(standing: Standing, cells: Iterable[Cell], played: Mapping[StreamKey, Played]) -> Standing:
    open_: list[tuple[Cell, Aspect, Played, list[Finding]]] = []
    for cell in cells:
        stream = played.get((standing.column.dialect, cell.result.scenario))
        if stream is None:
            continue
        if cell.result.verdict == "unsupported":
            _keep(standing.unclaimed, stream.traits, cell)
        elif cell.result.verdict in ("pass", "fail") and cell.result.attempts:
            open_ += _aspects(standing, cell, stream)
    standing.failed = [_failed(standing, *each) for each in open_]
    return standing


def _aspects(standing: Standing, cell: Cell, stream: Played) -> Iterable[tuple[Cell, Aspect, Played, list[Finding]]]:
    """Keeps what the cell shows to be right; gives what it shows to be wrong."""
    found = [each for each in cell.result.failures if each.kind not in NOT_OF_READING]
    counts = [each for each in found if each.check in COUNTS]
    answer = [each for each in found if each.check not in COUNTS]
    if (answer or counts) and cell.result.family in OF_REQUESTS:
        return []
    if answer:
        return [(cell, "answer", stream, answer)]
    _keep(standing.read["answer"], stream.traits, cell)
    if counts:
        return [(cell, "counts", stream, counts)]
    if stream.counts_judged:
        _keep(standing.read["counts"], stream.traits, cell)
    return []


def _failed(standing: Standing, cell: Cell, aspect: Aspect, stream: Played, findings: Iterable[Finding]) -> Failed:
    blamed = frozenset(trait for trait in stream.traits if trait not in standing.read[aspect])
    matters = {matter(trait) for trait in blamed} | WRITING
    distinctive = stream.traits - standing.common
    beside = frozenset(trait for trait in distinctive if is_broken(trait) or matter(trait) in matters)
    return Failed(
        cell=cell,
        aspect=aspect,
        traits=distinctive,
        blamed=blamed,
        needed=blamed | beside if blamed else blamed,
        silent=any(each.silent for each in findings),
    )


def _keep(table: dict[str, list[Cell]], traits: Iterable[str], cell: Cell) -> None:
    for trait in traits:
        table.setdefault(trait, []).append(cell)
