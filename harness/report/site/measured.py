"""What a system's evidence shows of it besides verdicts: the requests that it sends, and how it repeats them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from markupsafe import Markup

from harness.report.matrix import Cell, Column, ColumnKey, Matrix, Row, SystemEntry
from harness.report.retries import SCENARIOS as RETRY_SCENARIOS
from harness.report.retries import TRIES, WAITS, Behaviour, Situation, behaviour
from harness.report.sent import LONG_BODY, SentRequest, sent_request
from harness.report.sent import SCENARIOS as SENT_SCENARIOS
from harness.report.site.short_failures import anonymous
from harness.report.visible import laid_out, shortened
from harness.runner.results import Result

SCENARIOS: Final = RETRY_SCENARIOS | {*SENT_SCENARIOS}
"""The scenarios whose evidence is needed."""

Gathered: TypeAlias = Mapping[tuple[str, ColumnKey], Result]
"""Results with their evidence, by cell."""


@dataclass(frozen=True, slots=True)
class RetryCell:
    """What one system did in one situation in one dialect; `cell` is None where the case did not run."""

    behaviour: Behaviour
    words: str
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class RetryRow:
    """One situation in all dialects of a system."""

    says: str
    row: Row
    cells: tuple[RetryCell, ...]

    @property
    def measured(self) -> bool:
        """Whether anything was measured in one of the dialects."""
        return any(each.behaviour.state != "none" for each in self.cells)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of one system in one dialect, and the case that it is from."""

    column: Column
    cell: Cell
    request: SentRequest
    body: Markup


RetryTable: TypeAlias = tuple[str, list[RetryRow], list[tuple[str, list[str]]]]
"""A heading, the situations in which something was measured, and by the reason why not those in which nothing was."""


def retry_tables(matrix: Matrix, system: SystemEntry, results: Gathered) -> list[RetryTable]:
    """What it waits, and how often it tries; nothing where nothing of the kind ran."""
    rows = {row.scenario: row for row in matrix.rows}
    found = []
    for heading, situations, waits in (("What it waits for", WAITS, True), ("How often it tries", TRIES, False)):
        there = [each for each in situations if each.scenario in rows]
        table = [_row(rows[each.scenario], each, system, results, waits) for each in there]
        ran = [row for row in table if any(each.cell for each in row.cells)]
        if ran:
            found.append((heading, [row for row in ran if row.measured], _unmeasured(ran)))
    return found


def _unmeasured(rows: Sequence[RetryRow]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for row in rows:
        if not row.measured:
            reasons = dict.fromkeys(each.words for each in row.cells if each.cell)
            groups.setdefault("; ".join(reasons), []).append(row.says)
    return list(groups.items())


def _row(row: Row, situation: Situation, system: SystemEntry, results: Gathered, waits: bool) -> RetryRow:
    return RetryRow(
        situation.says, row, tuple(_cell(row, situation, column, results, waits) for column in system.columns)
    )


def _cell(row: Row, situation: Situation, column: Column, results: Gathered, waits: bool) -> RetryCell:
    cell, result = row.cells[column.number], results.get((row.scenario, _key(column)))
    if cell is None or result is None:
        return RetryCell(Behaviour("none"), "not sent in this dialect" if cell is None else "not measured", None)
    found = behaviour(result, situation)
    return RetryCell(found, anonymous(found.waits if waits else found.tries), cell)


def _key(column: Column) -> ColumnKey:
    return column.system, column.version, column.dialect, column.upstream


def requests_sent(matrix: Matrix, system: SystemEntry, results: Gathered) -> list[tuple[Row, list[Sent]]]:
    """By scenario, the first request in each of the system's dialects; of a gateway, what it sends upstream."""
    rows = {row.scenario: row for row in matrix.rows}
    found = [(rows[name], _sent(rows[name], system.columns, results)) for name in SENT_SCENARIOS if name in rows]
    return [(row, sent) for row, sent in found if sent]


def _sent(row: Row, columns: Sequence[Column], results: Gathered) -> list[Sent]:
    found = []
    for column in columns:
        cell, result = row.cells[column.number], results.get((row.scenario, _key(column)))
        if cell is None or result is None or result.evidence is None or not result.evidence.wire:
            continue
        request = sent_request(result.evidence.wire[0])
        found.append(Sent(column, cell, request, shortened(anonymous(request.body), LONG_BODY, laid_out)))
    return found
