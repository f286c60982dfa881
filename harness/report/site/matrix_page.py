"""The page of the matrix: families by column, readable without a script, and what its script makes of it.

The script unfolds families, filters rows and columns and counts what is left. Its data lies beside the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.marks import Mark, State
from harness.report.matrix import Cell, Column, Family, Matrix
from harness.report.site.matrix_data import WIDE, encode_matrix, short_dialects
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site

PAGE = "matrix.html"
DATA = "matrix-data.js"
ASSETS = ("matrix.css", "matrix-model.js", "matrix-view.js", "matrix-filters.js", "matrix-controls.js", "matrix.js")
"""What the page needs of the folder `static`, scripts in the order in which they are read."""

KEY = (
    ("pass", "must", "pass", "passes"),
    ("silent", "must", "silent", "fails silently: the caller could not notice"),
    ("hang", "must", "hang", "hangs"),
    ("fail", "must", "fail", "fails a must"),
    ("fail", "should", "should", "fails a should"),
    ("fail", "may", "may", "fails a may"),
    ("error", "must", "error", "not measured"),
    ("unsupported", "must", "unsupported", "unsupported"),
)
"""State, level, symbol and words of each mark."""

FAMILY_GRAVITY: dict[State, int] = {"error": 7, "pass": 8, "unsupported": 9}
"""Of a family without failures: what was not measured stands out, and what was never claimed says least."""


@dataclass(frozen=True, slots=True)
class FamilyCell:
    """How a family stands in one column: of the cases that were judged, how many passed, and the gravest mark."""

    passed: int
    judged: int
    gravest: Mark | None
    """None where no case of the family ran."""

    @property
    def many(self) -> bool:
        """Whether a third or more of the judged cases failed."""
        return self.judged > self.passed and (self.judged - self.passed) * 3 >= self.judged

    @property
    def tone(self) -> str:
        """The class that colours it."""
        if self.gravest is None:
            return "none"
        return f"{self.gravest.state} {self.gravest.level}" if self.gravest.failing else self.gravest.state


def write_matrix(site: Site) -> None:
    """Writes the page of the matrix with its script and data; nothing where no case ran. Raises OSError."""
    matrix = site.matrix
    if not matrix.cells:
        return
    for name in ASSETS:
        write_page(site.folder / "static" / name, asset(name))
    write_page(site.folder / DATA, encode_matrix(matrix))
    site.write(
        "matrix.html",
        PAGE,
        data=DATA,
        scripts=[name for name in ASSETS if name.endswith(".js")],
        key=KEY,
        known=any(cell.result.known for cell in matrix.cells),
        lines=family_lines(matrix),
        short=short_dialects(matrix.dialects),
        wide=len(matrix.columns) <= WIDE,
    )


def family_lines(matrix: Matrix) -> list[tuple[Family, list[FamilyCell]]]:
    """Each family with how it stands in each column."""
    return [(family, _family_cells(family, matrix.columns)) for family in matrix.families]


def _family_cells(family: Family, columns: tuple[Column, ...]) -> list[FamilyCell]:
    groups: dict[int, list[Cell]] = {column.number: [] for column in columns}
    for row in family.rows:
        for cell in row.present:
            groups[cell.column].append(cell)
    return [_family_cell(cells) for cells in groups.values()]


def _family_cell(cells: list[Cell]) -> FamilyCell:
    marks = [cell.worst for cell in cells]
    failed = [each for each in marks if each.failing]
    passed = sum(each.state == "pass" for each in marks)
    gravest = min(marks, key=lambda each: (*each.rank[:1], FAMILY_GRAVITY.get(each.state, each.rank[1])), default=None)
    return FamilyCell(passed, passed + len(failed), gravest)
