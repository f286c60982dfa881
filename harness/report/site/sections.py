"""A system's results by seriousness: what did not pass, the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from markupsafe import Markup

from harness.catalogue.findings import Finding
from harness.report.marks import by_gravity
from harness.report.matrix import Cell, Column, Matrix, Row
from harness.report.visible import shortened
from harness.runner.results import Result

SECTIONS = (
    ("Silent failures", "silent", ("silent",), ("must", "should", "may")),
    ("Hangs", "hang", ("hang",), ("must", "should", "may")),
    ("Other must failures", "fail", ("fail",), ("must",)),
    ("Should failures", "should", ("fail",), ("should",)),
    ("May failures", "may", ("fail",), ("may",)),
    ("Not measured", "error", ("error",), ("must", "should", "may")),
    ("Unsupported", "unsupported", ("unsupported",), ("must", "should", "may")),
)
"""A system's page by seriousness: heading, symbol, states, levels."""

Happenings: TypeAlias = list[tuple[Markup, list[Cell]]]
Section: TypeAlias = tuple[str, str, list[tuple[Row, Happenings]]]


def sections(matrix: Matrix, columns: Sequence[Column]) -> list[Section]:
    """What did not pass in these columns, by seriousness; empty sections are left out."""
    numbers = {column.number for column in columns}
    found = []
    for heading, symbol, states, levels in SECTIONS:
        groups = [
            (row, _by_what_happened(cells))
            for row in matrix.rows
            if (cells := [each for each in row.present if each.column in numbers and _is(each, states, levels)])
        ]
        if groups:
            found.append((heading, symbol, groups))
    return found


def _by_what_happened(cells: Iterable[Cell]) -> Happenings:
    """Cells in which the same thing happened, said once."""
    groups: dict[Markup, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(happened(cell.result), []).append(cell)
    return list(groups.items())


def _is(cell: Cell, states: tuple[str, ...], levels: tuple[str, ...]) -> bool:
    return cell.worst.state in states and cell.worst.level in levels


def happened(result: Result) -> Markup:
    """A result in one line: its gravest finding, or why there is no verdict."""
    if result.failures:
        gravest: Finding = by_gravity(result.failures)[0]
        more = f" (and {len(result.failures) - 1} more)" if len(result.failures) > 1 else ""
        return Markup("<b>{}</b> {}{}").format(gravest.kind, shortened(gravest.message, 240), more)
    return shortened(result.note, 240)
