"""A page for every scenario: why it is there, where it happened, who passes, and what happened to the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from harness.report.marks import LEVELS, Mark
from harness.report.matrix import Cell, Matrix, Row, SystemEntry
from harness.report.site.sections import happened
from harness.report.site.site import Site

STATES: Final = ("silent", "hang", "fail", "error")
"""What did not pass, the gravest first."""


@dataclass(frozen=True, slots=True)
class SystemCells:
    """A system with its cells in one scenario, in the order of its columns."""

    system: SystemEntry
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened alike to some systems."""

    mark: Mark
    words: Markup
    systems: tuple[SystemCells, ...]


def write_scenarios(site: Site) -> None:
    """Writes the pages of all scenarios; raises OSError."""
    for row in site.matrix.rows:
        site.write(
            "scenario.html",
            row.href,
            row=row,
            passing=_by_system(site.matrix, (cell for cell in row.present if cell.worst.state == "pass")),
            happenings=happenings(site.matrix, row),
            unsupported=_by_system(site.matrix, (cell for cell in row.present if cell.worst.state == "unsupported")),
        )


def happenings(matrix: Matrix, row: Row) -> list[Happening]:
    """What happened in cells that did not pass, alike ones once, the gravest and the most frequent first."""
    groups: dict[tuple[Mark, str], list[Cell]] = {}
    for cell in row.present:
        if cell.worst.state in STATES:
            groups.setdefault((cell.worst, str(happened(cell.result))), []).append(cell)
    found = [Happening(mark, Markup(words), _by_system(matrix, cells)) for (mark, words), cells in groups.items()]
    return sorted(found, key=lambda each: (LEVELS.index(each.mark.level), STATES.index(each.mark.state), -_size(each)))


def _size(each: Happening) -> int:
    return sum(len(system.cells) for system in each.systems)


def _by_system(matrix: Matrix, cells: Iterable[Cell]) -> tuple[SystemCells, ...]:
    system_of = {column.number: system for system in matrix.systems for column in system.columns}
    groups: dict[int, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(system_of[cell.column].number, []).append(cell)
    return tuple(SystemCells(matrix.systems[number], tuple(own)) for number, own in groups.items())
