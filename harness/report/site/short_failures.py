"""A system's failures in short: what happened, why as far as it is known, and the command that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

from harness.report.case.difference import as_text
from harness.report.case.words import expectation_words
from harness.report.marks import Mark, by_gravity
from harness.report.matrix import Cell, Column, Matrix, Row
from harness.report.site.sections import SECTIONS
from harness.report.visible import shortened
from harness.runner.results import Result

MESSAGE = 240
VALUE = 160
"""Characters that a message, and an expected or a seen value, may take."""

_MACHINE = (
    (re.compile(r"127\.0\.0\.1:\d+(?:/c\d+)?"), "127.0.0.1"),
    (re.compile(r"(?<![\w.])/[\w.+@/-]*harness-home-\w+"), "~"),
    (re.compile(r"(?<![\w.])/(?:[\w.+@-]+/)+(site-packages|node_modules)/"), r"…/\1/"),
    (re.compile(r"(?<![\w.])/(?:root|home/[\w.-]+|Users/[\w.-]+)/"), "~/"),
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x…"),
)
"""What names the machine or the moment rather than the system: ports, folders, addresses in memory."""

_TEST = re.compile(r"(?P<file>tests/[\w./-]+\.(?:py|mjs))(?:::.*)?")
_DOCUMENT = re.compile(r"(?P<file>docs/[\w./-]+\.md(?:#[\w-]+)?)")
_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./~%+#?=&:-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ShortFailure:
    """What happened alike in some of a system's dialects. `proof_href` is empty where there is nothing to link to."""

    mark: Mark
    dialects: tuple[str, ...]
    kind: str
    message: Markup
    more: int
    """How many other findings there are besides the gravest, which this one is."""
    expected: Markup | None
    seen: Markup | None
    known: str
    proof: str
    proof_href: str
    reproduce: str


ShortSection: TypeAlias = tuple[str, str, list[tuple[Row, str, list[ShortFailure]]]]
"""A heading, a symbol, and by scenario: its anchor on the page (empty where it has one already) and what happened."""


def anonymous(text: str) -> str:
    """The text without what names this machine or this moment."""
    for pattern, stand_in in _MACHINE:
        text = pattern.sub(stand_in, text)
    return text


def anchor_of(scenario: str) -> str:
    """The place of a scenario on a system's page."""
    return re.sub(r"[^\w-]+", "--", scenario)


def short_sections(matrix: Matrix, columns: Sequence[Column], way_up: str | None) -> list[ShortSection]:
    """Everything that did not pass in these columns, by seriousness; what is unsupported is left out."""
    numbers = {column.number for column in columns}
    anchored: set[str] = set()
    found: list[ShortSection] = []
    for heading, symbol, states, levels in SECTIONS:
        groups = []
        for row in matrix.rows if symbol != "unsupported" else ():
            cells = [cell for cell in row.present if cell.column in numbers]
            cells = [cell for cell in cells if cell.worst.state in states and cell.worst.level in levels]
            if cells:
                anchor = "" if row.scenario in anchored else anchor_of(row.scenario)
                anchored.add(row.scenario)
                groups.append((row, anchor, _alike(cells, way_up)))
        if groups:
            found.append((heading, symbol, groups))
    return found


def _alike(cells: Iterable[Cell], way_up: str | None) -> list[ShortFailure]:
    """Cells in which the same happened for the same reason, said once."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(_what(cell.result), []).append(cell)
    return [_short(group, way_up) for group in groups.values()]


def _what(result: Result) -> tuple[str, ...]:
    gravest = by_gravity(result.failures)[0] if result.failures else None
    said = (gravest.kind, gravest.message, as_text(gravest.expected), as_text(gravest.seen)) if gravest else ()
    return (*said, result.note, result.known or "")


def _short(cells: Sequence[Cell], way_up: str | None) -> ShortFailure:
    result = cells[0].result
    gravest = by_gravity(result.failures)[0] if result.failures else None
    others = [f" --dialect {cell.result.dialect}" for cell in cells[1:]]
    proof = result.known_proof
    return ShortFailure(
        mark=cells[0].worst,
        dialects=tuple(cell.result.pair for cell in cells),
        kind=gravest.kind if gravest else "",
        message=_shown(gravest.message if gravest else result.note or "no reason given", MESSAGE),
        more=len(result.failures) - 1 if gravest else 0,
        expected=_value(gravest.expected) if gravest else None,
        seen=_value(gravest.seen) if gravest else None,
        known=result.known or "",
        proof=proof,
        proof_href=_proof_href(proof, way_up),
        reproduce=anonymous(result.reproduce + "".join(others)),
    )


def _value(data: object) -> Markup | None:
    """A value in one line; None for none."""
    if data is None or data == "":
        return None
    if isinstance(data, list) and all(isinstance(each, str) for each in data):
        return _shown(" or ".join(data), VALUE)
    return _shown(expectation_words(data) or " ".join(as_text(data).split()), VALUE)


def _shown(text: str, limit: int) -> Markup:
    return shortened(anonymous(text), limit)


def _proof_href(proof: str, way_up: str | None) -> str:
    if _ADDRESS.fullmatch(proof):
        return proof
    place = _DOCUMENT.fullmatch(proof) or _TEST.fullmatch(proof)
    return f"{way_up}{place['file']}" if place and way_up is not None else ""
