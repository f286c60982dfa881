"""The overview: the run in one sentence, whom to suspect, what changed, what to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.catalogue.findings import KIND_MEANINGS
from harness.report.marks import LEVELS
from harness.report.matrix import CANARY_FAMILY, Cell, Column, Matrix, Row
from harness.report.searches import search_counts, searches_line
from harness.report.site.changed import Changed, changed
from harness.report.site.charts import BINS, FAMILIES_NOTE, families_in_words, family_lines, percent, trend_of
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.report.visible import counted

DIGEST_LENGTH = 8
"""How many silent failures the overview spells out."""
DIGEST_SYSTEMS = 8
"""How many systems it names with each."""

SUSPECTS_LENGTH = 4
"""How many columns whose canary failed it spells out at once; more of them fold."""
COLUMNS_LENGTH = 40
"""Up to so many columns each has a line in the table of systems; of more, each system has one."""
ASSET = "overview.css"


def write_front_page(site: Site) -> None:
    """Writes the overview; raises OSError."""
    write_page(site.folder / "static" / ASSET, asset(ASSET))
    site.write(
        "index.html",
        "index.html",
        **front_page(site.matrix),
        trend=trend_of(site.trend),
        runs_known=len(site.trend),
        changed=_changed(site),
        percent=percent,
        left_out=_left_out(site.matrix),
        matrix_href="matrix.html" if site.matrix.cells else "",
        columns_length=COLUMNS_LENGTH,
        suspects_length=SUSPECTS_LENGTH,
    )


def _left_out(matrix: Matrix) -> dict[str, str]:
    """By name why systems took no part; one that took part in another of the runs is not among them."""
    present = {system.name for system in matrix.systems}
    found = {name: reason for header in matrix.headers for name, reason in header.left_out.items()}
    return {name: found[name] for name in sorted(found) if name not in present}


def _changed(site: Site) -> Changed | None:
    if site.before is None or site.comparison is None:
        return None
    return changed(site.matrix, site.runs, site.before, site.comparison)


def front_page(matrix: Matrix) -> dict[str, Any]:
    """What the overview says of the matrix itself: values of its template, and of the snapshot's."""
    families = family_lines(matrix)
    return {
        "headline": _headline(matrix),
        "families": families,
        "families_words": families_in_words(families),
        "families_note": FAMILIES_NOTE,
        "bins": BINS,
        "suspects": _suspects(matrix),
        "loudest": _loudest(matrix),
        "stale": [cell for cell in matrix.cells if cell.result.stale],
        "expired": [cell for cell in matrix.cells if cell.result.expired and cell.result.nonconformant],
        "digest_length": DIGEST_LENGTH,
        "digest_systems": DIGEST_SYSTEMS,
        "counts": search_counts(matrix.searches),
        "searches_line": searches_line(matrix.searches),
    }


def _headline(matrix: Matrix) -> str:
    """The run in one sentence."""
    if not matrix.cells:
        return searches_line(matrix.searches) if matrix.searches else "No case ran."
    systems = counted(len(matrix.systems), "system")
    failing = sum(system.tally.must_failed > 0 for system in matrix.systems)
    silent = f"{matrix.tally.silent:,} of {counted(matrix.tally.cases, 'case')} failed silently"
    if failing:
        known = "" if matrix.tally.nonconformant else ", each time as a known failure"
        return f"A must failed in {failing} of {systems}{known}; {silent}."
    if any(not system.tally.must_judged for system in matrix.systems):
        return f"No must failed, but not every one of {systems} was judged."
    return f"No must failed in {systems}; {silent}."


def _suspects(matrix: Matrix) -> list[tuple[Column, list[Cell]]]:
    """Columns whose canary did not pass, with the canaries' cells."""
    canaries = [cell for cell in matrix.cells if cell.result.family == CANARY_FAMILY]
    return [
        (column, [cell for cell in canaries if cell.column == column.number and cell.worst.state != "pass"])
        for column in matrix.columns
        if column.canary
    ]


def _loudest(matrix: Matrix) -> list[tuple[Row, list[tuple[str, list[Cell]]], list[str]]]:
    """Scenarios with silent failures, those that most systems fail first, and what that means in words."""
    groups = []
    for row in matrix.rows:
        cells = [cell for cell in row.present if cell.worst.state == "silent"]
        if cells:
            kinds = sorted({finding.kind for cell in cells for finding in cell.result.failures if finding.silent})
            groups.append((row, _by_system(cells), [KIND_MEANINGS[kind] for kind in kinds]))
    return sorted(groups, key=lambda group: (LEVELS.index(group[0].level), -len(group[1])))


def _by_system(cells: Sequence[Cell]) -> list[tuple[str, list[Cell]]]:
    """Cells under the name of their system, in the order of the columns."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(f"{cell.result.system} {cell.result.system_version}", []).append(cell)
    return list(groups.items())
