"""A page for every cell of the matrix, with all evidence."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.case.evidence import evidence_view
from harness.report.matrix import Cell, Matrix, SystemEntry, cell_key
from harness.report.site.site import Site


def write_cells(site: Site) -> None:
    """Writes the pages of all cells. The evidence, which may be larger than the memory, comes one result at a time.

    Raises UnreadableResults where a results file that holds the evidence has changed meanwhile, and OSError.
    """
    matrix = site.matrix
    system_of = {column.number: system for system in matrix.systems for column in system.columns}
    failing = {system.number: _failing_cells(matrix, system) for system in matrix.systems}
    cells = {cell_key(cell.result): (row, cell) for row in matrix.rows for cell in row.present}
    for result in (result for run in site.runs for result in run.complete_results()):
        row, cell = cells[cell_key(result)]
        if result.without_evidence() != cell.result.without_evidence():
            continue  # a later one stands in its place
        system = system_of[cell.column]
        before, after = _neighbours(cell, failing[system.number])
        site.write(
            "cell.html",
            cell.href,
            cell=cell,
            row=row,
            system=system,
            view=evidence_view(result),
            suspect=matrix.columns[cell.column].canary,
            before=before,
            after=after,
        )


def _failing_cells(matrix: Matrix, system: SystemEntry) -> list[Cell]:
    columns = {column.number for column in system.columns}
    return [cell for cell in matrix.cells if cell.column in columns and cell.worst.failing]


def _neighbours(cell: Cell, failing: Sequence[Cell]) -> tuple[Cell | None, Cell | None]:
    """The failures of the same system before and after a failing cell."""
    place = next((number for number, each in enumerate(failing) if each is cell), None)
    if place is None:
        return None, None
    return (failing[place - 1] if place else None), (failing[place + 1] if place + 1 < len(failing) else None)
