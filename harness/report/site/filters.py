"""Style rules that filter the matrix by its columns: with them, the report needs no script."""

from __future__ import annotations

from collections.abc import Iterable

from harness.report.marks import LEVELS
from harness.report.matrix import Matrix

ROW_CHOICES = (("failing", ":is(.fail,.silent,.hang)"), ("silent", ".silent"))
"""Choices of rows that depend on the columns shown, and what marks a cell that counts."""


def column_rules(matrix: Matrix) -> str:
    """Style rules that filter the matrix: a column goes with its system or its dialect; a row stays while a column
    that is shown has what was asked for."""
    rules = []
    for system in matrix.systems:
        for column in system.columns:
            place = f":nth-child({column.number + 2})"
            dialect = matrix.dialects.index(column.dialect)
            switches = (f"#system-{system.number}", f"#dialect-{dialect}")
            hidden = ",".join(f"body:has({switch}:not(:checked)) .matrix tr>{place}" for switch in switches)
            rules.append(f"{hidden}{{display:none}}")
            shown_column = "".join(f":has({switch}:checked)" for switch in switches)
            rules += [rule for choice in ROW_CHOICES for rule in _row_rules(shown_column, place, *choice)]
        rules.append(f".matrix tr>:nth-child({system.columns[0].number + 2}){{border-left-color:var(--strong)}}")
    return "\n".join(rules) + "\n"


def _row_rules(shown_column: str, place: str, choice: str, marked: str) -> Iterable[str]:
    """A row that the choice keeps, and with it the head of its family, as long as the row's level is shown."""
    for level in LEVELS:
        start = f"body:has(#rows-{choice}:checked):has(#level-{level}:checked){shown_column} .matrix"
        row, cell = f".row.{level}", f">{place} .h{marked}"
        yield f"{start} {row}:has({cell}),{start} tbody:has(>{row}{cell})>.family{{display:table-row}}"
