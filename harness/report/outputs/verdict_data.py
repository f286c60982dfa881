"""All verdicts of a run as compact JSON: a letter for each half of each case, a line for each system and dialect.

    {"format": 1, "harness": …, "catalogue": …, "started": …, "python": …, "platform": …,
     "letters": {"p": "passes", …},
     "scenarios": [["canary/plain-text", "must"], …],
     "columns": [{"system": …, "version": …, "language": …, "dialect": …, "content": "pps.", "ending": "ppp."}, …],
     "left_out": {"name": "reason"}}

The letters of a column stand in the order of the scenarios. A capital letter is a known failure, a dot a case that
did not run. A gateway's column also has `upstream`, the dialect that it reads; `dialect` is its client's.
"""

from __future__ import annotations

import json

from harness.report.marks import STATE_WORDS, Mark, State
from harness.report.matrix import Cell, Column, Matrix, build_matrix
from harness.runner.results import Run

FORMAT = 1
LETTERS: dict[State, str] = {"pass": "p", "silent": "s", "hang": "h", "fail": "f", "unsupported": "u", "error": "e"}
ABSENT = "."


def encode_verdicts(run: Run) -> str:
    """The verdicts as JSON text, the same for the same results."""
    matrix = build_matrix([run])
    head = {
        "format": FORMAT,
        "harness": run.header.harness,
        "catalogue": run.header.catalogue,
        "started": run.header.started,
        "python": run.header.python,
        "platform": run.header.platform,
        "letters": {letter: STATE_WORDS[state] for state, letter in LETTERS.items()},
        "left_out": dict(sorted(run.header.left_out.items())),
    }
    scenarios = [[row.scenario, row.level] for row in matrix.rows]
    columns = [_column(matrix, column) for column in matrix.columns]
    fields = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
    fields += [_lines("scenarios", scenarios), _lines("columns", columns)]
    return "{" + ",\n".join(fields) + "}\n"


def _lines(name: str, values: list[object] | list[list[str]] | list[dict[str, str]]) -> str:
    return f"{_json(name)}: [\n" + ",\n".join(map(_json, values)) + "\n]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _column(matrix: Matrix, column: Column) -> dict[str, str]:
    note = next((each.note for each in matrix.systems if column in each.columns), None)
    cells = [row.cells[column.number] for row in matrix.rows]
    return {
        "system": column.system,
        "version": column.version,
        "language": note.language if note else "",
        "dialect": column.dialect,
        **({"upstream": column.upstream} if column.upstream else {}),
        "content": "".join(_letter(cell, cell.content) if cell else ABSENT for cell in cells),
        "ending": "".join(_letter(cell, cell.ending) if cell else ABSENT for cell in cells),
    }


def _letter(cell: Cell, mark: Mark) -> str:
    letter = LETTERS[mark.state]
    return letter.upper() if cell.result.known and mark.failing else letter
