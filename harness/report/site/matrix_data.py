"""The matrix as data for its page's script: two characters a cell, and besides them only what is worth saying.

The file calls `harnessMatrix` with one object:

- `systems`: name, version, kind, address of the page, and whether the name comes in several versions;
- `columns`: place of the system, dialect, the dialect that a gateway reads, how addresses of cells name it, the canary;
- `shorts`: dialects in one word; `wide`: with so many columns heads are still written level;
- `families`: names; `levels` and `kinds`: the names that numbers stand for; `words`: texts that numbers stand for;
- `rows`: place of the family, of the level, name, title, address of the page, how addresses of its cells begin, the
  cells, and what is rare about them: for each such cell its column, the kinds of failures in content and in ending (a
  bit each), the place among `words` of what happened and of why that is known (-1 for nothing), and the cell's level.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from harness.catalogue.findings import FAILURE_KINDS
from harness.catalogue.findings import Column as Half
from harness.report.marks import LEVELS, State, by_gravity
from harness.report.matrix import Cell, Matrix, Row
from harness.report.names import cell_address
from harness.report.visible import plain

LETTERS: dict[State, str] = {"pass": "p", "silent": "s", "hang": "h", "fail": "f", "unsupported": "u", "error": "e"}
"""One letter for each state of half a cell."""

NOTHING = ".."
"""A case that did not run."""

WORDS = 200
"""Characters of what happened, and of why it is known, that stand beside the matrix."""

WIDE = 14
"""With so few columns there is room for heads that are written level."""


class Words:
    """Texts that come many times, each kept once."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """Where the text, shortened, is kept; -1 for none."""
        if not text:
            return -1
        short = text if len(text) <= WORDS else text[: WORDS - 1] + "…"
        return self.places.setdefault(plain(" ".join(short.split())), len(self.places))


def encode_matrix(matrix: Matrix) -> str:
    """The matrix as a script file; the same matrix gives the same text."""
    text = json.dumps(matrix_data(matrix), ensure_ascii=False, separators=(",", ":"))
    return f"harnessMatrix({_as_script(text)});\n"


def _as_script(text: str) -> str:
    """JSON that no parser of HTML or of scripts can take for anything else."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def matrix_data(matrix: Matrix) -> dict[str, Any]:
    """The object that the module describes."""
    words = Words()
    places = {column.number: system.number for system in matrix.systems for column in system.columns}
    names = [system.name for system in matrix.systems]
    rows = [_row(place, row, words) for place, family in enumerate(matrix.families) for row in family.rows]
    return {
        "systems": [
            [
                plain(each.name),
                plain(each.version),
                plain(each.note.kind if each.note else ""),
                each.href,
                int(names.count(each.name) > 1),
            ]
            for each in matrix.systems
        ],
        "columns": [
            [
                places[each.number],
                plain(each.dialect),
                plain(each.upstream),
                each.address,
                each.canary.words if each.canary else "",
            ]
            for each in matrix.columns
        ],
        "shorts": {plain(name): plain(short) for name, short in short_dialects(matrix.dialects).items()},
        "families": [plain(family.name) for family in matrix.families],
        "wide": WIDE,
        "levels": list(LEVELS),
        "kinds": list(FAILURE_KINDS),
        "rows": rows,
        "words": list(words.places),
    }


def short_dialects(names: Sequence[str]) -> dict[str, str]:
    """Dialects in one word, for the heads of narrow columns: `chat`, `responses`, `messages`."""
    last = [name.rpartition("-")[2] for name in names]
    return {name: short if last.count(short) == 1 else name for name, short in zip(names, last, strict=True)}


def _row(family: int, row: Row, words: Words) -> list[Any]:
    states = "".join(_letters(cell) for cell in row.cells)
    rare = [number for cell in row.present for number in _rare(cell, words)]
    return [
        family,
        LEVELS.index(row.level),
        plain(row.scenario),
        plain(row.title),
        row.href,
        cell_address(row.scenario, ""),
        states,
        rare,
    ]


def _letters(cell: Cell | None) -> str:
    return LETTERS[cell.content.state] + LETTERS[cell.ending.state] if cell else NOTHING


def _rare(cell: Cell, words: Words) -> tuple[int, ...]:
    """What is worth saying of a cell besides its two states; nothing for most."""
    result = cell.result
    if not result.failures and not result.known:
        return ()
    gravest = by_gravity(result.failures)[0].message if result.failures else ""
    return (
        cell.column,
        _kinds(cell, "content"),
        _kinds(cell, "ending"),
        words.place(gravest),
        words.place(f"flaky: {result.known}" if result.flaky else result.known or ""),
        LEVELS.index(result.level),
    )


def _kinds(cell: Cell, half: Half) -> int:
    """The kinds of failures in one half, a bit each."""
    return _bits(FAILURE_KINDS.index(each.kind) for each in cell.result.failures if each.column == half)


def _bits(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits
