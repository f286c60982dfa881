"""The page of every cell of the matrix, with all evidence: packed by scenario."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.case.evidence import evidence_view
from harness.report.matrix import Cell, Matrix, Row, SystemEntry, cell_key
from harness.report.site.packs import pack, pack_name
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.runner.results import Result


def write_cells(site: Site) -> None:
    """Writes the page that shows a cell, and the packs of all cells, one a scenario; nothing where no case ran.

    Raises UnreadableResults where a results file that holds the evidence has changed meanwhile, and OSError.
    """
    if not site.matrix.cells:
        return
    site.write("cell.html", "cell.html", cell=None)
    write_page(site.folder / "static" / "cell.js", asset("cell.js"))
    pages = CellPages(site)
    packs: dict[str, dict[str, str]] = {}
    for result in (result for run in site.runs for result in run.complete_results()):
        html = pages.html(result)
        if html:
            column = site.matrix.columns[pages.place(result)[1].column]
            packs.setdefault(result.scenario, {})[column.address] = html
    for scenario, cells in packs.items():
        write_page(site.folder / "cells" / pack_name(scenario), pack(scenario, cells))


class CellPages:
    """Lays out the evidence of cells."""

    def __init__(self, site: Site) -> None:
        """Over the cells of the site's matrix."""
        matrix = site.matrix
        self._matrix = matrix
        self._template = site.environment.get_template("_cell.html")
        self._system_of = {column.number: system for system in matrix.systems for column in system.columns}
        self._failing = {system.number: _failing_cells(matrix, system) for system in matrix.systems}
        self._places = {cell_key(cell.result): (row, cell) for row in matrix.rows for cell in row.present}

    def place(self, result: Result) -> tuple[Row, Cell]:
        """Where a result stands in the matrix; raises KeyError where it does not."""
        return self._places[cell_key(result)]

    def html(self, result: Result) -> str:
        """A cell's title, its trail and its evidence; empty where another result stands in its place."""
        row, cell = self.place(result)
        if result.without_evidence() != cell.result.without_evidence():
            return ""
        system = self._system_of[cell.column]
        before, after = _neighbours(cell, self._failing[system.number])
        return self._template.render(
            root="",
            cell=cell,
            row=row,
            system=system,
            view=evidence_view(result),
            suspect=self._matrix.columns[cell.column].canary,
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
