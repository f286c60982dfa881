"""The compatibility report: a folder of static pages that work from a disk, offline, without a script.

Everything that came from outside is hostile: it is escaped, its invisible characters are made visible, and a content
security policy forbids scripts and foreign resources on every page. The same results give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.catalogue.findings import Finding
from harness.report.evidence import evidence_view
from harness.report.filters import column_rules
from harness.report.front_page import front_page
from harness.report.marks import LEVELS, by_gravity
from harness.report.matrix import Cell, Matrix, Row, SystemEntry, build_matrix, cell_key
from harness.report.recordings import grouped, left_out, recordings_line
from harness.report.visible import counted, moment, plain, seconds, shortened, shown
from harness.report.wire_log import size_words
from harness.runner.results import Result, Run

BROKEN_LENGTH = 200
"""How many recordings that do not hold are spelt out."""

LANES = {"sockets": "over real sockets", "in-process": "in process, on a virtual clock"}

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

_THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+", re.ASCII)
_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./~%+#?=&:-]*)?", re.ASCII)


def render_report(runs: Sequence[Run], folder: Path) -> Path:
    """Writes the report of these runs into `folder` (made if need be) and returns the path of its `index.html`.

    Pages of an earlier report in the same folder are replaced or removed; other files are left alone.
    Raises ValueError without a run, OSError where the folder cannot be written, and UnreadableResults where a results
    file that holds the evidence has changed meanwhile.
    """
    if not runs:
        raise ValueError("a report needs at least one run")
    matrix = build_matrix(runs)
    environment = _environment(matrix)
    _clear(folder)
    _write(folder / "static" / "report.css", _asset("report.css"))
    _write(folder / "static" / "columns.css", column_rules(matrix))
    _write_cells(environment, matrix, runs, folder)
    _write_scenarios(environment, matrix, folder)
    _write_systems(environment, matrix, folder)
    if matrix.recordings:
        _write_recordings(environment, matrix, folder)
    index = folder / "index.html"
    _write(index, environment.get_template("index.html").render(root="", **front_page(matrix)))
    return index


def _environment(matrix: Matrix) -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        matrix=matrix,
        lanes=LANES,
        levels=LEVELS,
        counted=counted,
        moment=moment,
        seconds=seconds,
        shown=shown,
        shortened=shortened,
        size_words=size_words,
        incident_address=incident_address,
        reason=_reason,
        happened=_happened,
        recordings_line=recordings_line(matrix.recordings),
    )
    return environment


def _finalize(value: Any) -> Any:
    """Every string that a template shows loses its invisible characters, in attributes as well as in text."""
    return plain(value) if type(value) is str else value


def _asset(name: str) -> str:
    return files("harness.report").joinpath("static", name).read_text("utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def _clear(folder: Path) -> None:
    """Removes the pages of an earlier report, so that no page stays that nothing links to."""
    for name in ("cells", "scenarios", "systems"):
        for page in (folder / name).glob("*.html"):
            page.unlink()
    (folder / "recordings.html").unlink(missing_ok=True)


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
        _write(folder / cell.href, page)


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
        _write(folder / row.href, template.render(root="../", row=row))


def _write_systems(environment: Environment, matrix: Matrix, folder: Path) -> None:
    template = environment.get_template("system.html")
    for system in matrix.systems:
        page = template.render(root="../", system=system, sections=_sections(matrix, system))
        _write(folder / system.href, page)


def _sections(matrix: Matrix, system: SystemEntry) -> list[tuple[str, str, list[tuple[Row, Happenings]]]]:
    """What did not pass, by seriousness; empty sections are left out."""
    columns = {column.number for column in system.columns}
    sections = []
    for heading, symbol, states, levels in SECTIONS:
        groups = [
            (row, _by_what_happened(cells))
            for row in matrix.rows
            if (cells := [each for each in row.present if each.column in columns and _is(each, states, levels)])
        ]
        if groups:
            sections.append((heading, symbol, groups))
    return sections


def _by_what_happened(cells: Iterable[Cell]) -> Happenings:
    """Cells in which the same thing happened, said once."""
    groups: dict[Markup, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(_happened(cell.result), []).append(cell)
    return list(groups.items())


def _is(cell: Cell, states: tuple[str, ...], levels: tuple[str, ...]) -> bool:
    return cell.worst.state in states and cell.worst.level in levels


def _write_recordings(environment: Environment, matrix: Matrix, folder: Path) -> None:
    page = environment.get_template("recordings.html").render(
        root="",
        groups=grouped(matrix.recordings),
        broken=[recording for recording in matrix.recordings if recording.verdict == "fail"],
        left_out=left_out(matrix.recordings),
        broken_length=BROKEN_LENGTH,
    )
    _write(folder / "recordings.html", page)


def incident_address(reference: str) -> str:
    """Where a public thread is: `owner/repository#12` or an https address; empty for anything else."""
    if _THREAD.fullmatch(reference):
        repository, _, number = reference.partition("#")
        return f"https://github.com/{repository}/issues/{number}"
    return reference if _ADDRESS.fullmatch(reference) else ""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return {529: "Overloaded"}.get(status, "")


def _happened(result: Result) -> Markup:
    """A result in one line: its gravest finding, or why there is no verdict."""
    if result.failures:
        gravest: Finding = by_gravity(result.failures)[0]
        more = f" (and {len(result.failures) - 1} more)" if len(result.failures) > 1 else ""
        return Markup("<b>{}</b> {}{}").format(gravest.kind, shortened(gravest.message, 240), more)
    return shortened(result.note, 240)
