"""The compatibility report: a folder of static pages that work from a disk, offline, without a script.

Everything that came from outside is hostile: it is escaped, its invisible characters are made visible, and a content
security policy forbids scripts and foreign resources on every page. The same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment

from harness.report.case.evidence import evidence_view
from harness.report.matrix import Cell, Matrix, SystemEntry, build_matrix, cell_key
from harness.report.recordings import grouped, left_out
from harness.report.searches import searched_systems
from harness.report.site.filters import column_rules
from harness.report.site.front_page import front_page
from harness.report.site.pages import asset, page_environment, write_page
from harness.report.site.search_pages import write_searches
from harness.report.site.sections import sections
from harness.runner.results import Run

BROKEN_LENGTH = 200
"""How many recordings that do not hold are spelt out."""


def render_report(runs: Sequence[Run], folder: Path) -> Path:
    """Writes the report of these runs into `folder` (made if need be) and returns the path of its `index.html`.

    Pages of an earlier report in the same folder are replaced or removed; other files are left alone.
    Raises ValueError without a run, OSError where the folder cannot be written, and UnreadableResults where a results
    file that holds the evidence has changed meanwhile.
    """
    if not runs:
        raise ValueError("a report needs at least one run")
    matrix = build_matrix(runs)
    environment = page_environment(matrix)
    _clear(folder)
    write_page(folder / "static" / "report.css", asset("report.css"))
    write_page(folder / "static" / "columns.css", column_rules(matrix))
    _write_cells(environment, matrix, runs, folder)
    _write_scenarios(environment, matrix, folder)
    _write_systems(environment, matrix, folder)
    if matrix.recordings:
        _write_recordings(environment, matrix, folder)
    write_searches(environment, matrix.searches, folder)
    index = folder / "index.html"
    write_page(index, environment.get_template("index.html").render(root="", **front_page(matrix)))
    return index


def _clear(folder: Path) -> None:
    """Removes the pages of an earlier report, so that no page stays that nothing links to."""
    for name in ("cells", "scenarios", "systems", "searches"):
        for page in (folder / name).glob("*.html"):
            page.unlink()
    for name in ("recordings.html", "searches.html"):
        (folder / name).unlink(missing_ok=True)


def _write_cells(environment: Environment, matrix: Matrix, runs: Sequence[Run], folder: Path) -> None:
    """A page for every cell. The evidence, which may be larger than the memory, comes one result at a time."""
    template = environment.get_template("cell.html")
    system_of = {column.number: system for system in matrix.systems for column in system.columns}
    failing = {system.number: _failing_cells(matrix, system) for system in matrix.systems}
    cells = {cell_key(cell.result): (row, cell) for row in matrix.rows for cell in row.present}
    for result in (result for run in runs for result in run.complete_results()):
        row, cell = cells[cell_key(result)]
        if result.without_evidence() != cell.result.without_evidence():
            continue  # a later one stands in its place
        system = system_of[cell.column]
        before, after = _neighbours(cell, failing[system.number])
        page = template.render(
            root="../",
            cell=cell,
            row=row,
            system=system,
            view=evidence_view(result),
            suspect=matrix.columns[cell.column].canary,
            before=before,
            after=after,
        )
        write_page(folder / cell.href, page)


def _failing_cells(matrix: Matrix, system: SystemEntry) -> list[Cell]:
    columns = {column.number for column in system.columns}
    return [cell for cell in matrix.cells if cell.column in columns and cell.worst.failing]


def _neighbours(cell: Cell, failing: Sequence[Cell]) -> tuple[Cell | None, Cell | None]:
    """The failures of the same system before and after a failing cell."""
    place = next((number for number, each in enumerate(failing) if each is cell), None)
    if place is None:
        return None, None
    return (failing[place - 1] if place else None), (failing[place + 1] if place + 1 < len(failing) else None)


def _write_scenarios(environment: Environment, matrix: Matrix, folder: Path) -> None:
    template = environment.get_template("scenario.html")
    for row in matrix.rows:
        write_page(folder / row.href, template.render(root="../", row=row))


def _write_systems(environment: Environment, matrix: Matrix, folder: Path) -> None:
    template = environment.get_template("system.html")
    searched = {(each.name, each.version): each.href for each in searched_systems(matrix.searches)}
    for system in matrix.systems:
        href = searched.get((system.name, system.version), "")
        page = template.render(root="../", system=system, sections=sections(matrix, system.columns), searched=href)
        write_page(folder / system.href, page)


def _write_recordings(environment: Environment, matrix: Matrix, folder: Path) -> None:
    page = environment.get_template("recordings.html").render(
        root="",
        groups=grouped(matrix.recordings),
        broken=[recording for recording in matrix.recordings if recording.verdict == "fail"],
        left_out=left_out(matrix.recordings),
        broken_length=BROKEN_LENGTH,
    )
    write_page(folder / "recordings.html", page)
