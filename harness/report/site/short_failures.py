"""A system's failures in short: what happened, why as far as it is known, where to look, and how to see it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup

from harness.catalogue.findings import Finding
from harness.report.case.difference import as_text
from harness.report.case.words import expectation_words
from harness.report.hints import Hint, fix_hint
from harness.report.marks import Mark, by_gravity
from harness.report.matrix import Cell, Column, Matrix, Row
from harness.report.searches import Alike, SearchedSystem
from harness.report.site.sections import SECTIONS
from harness.report.visible import shortened
from harness.runner.results import Result

MESSAGE = 240
VALUE = 160
OTHER = 140
"""Characters that a message, an expected or a seen value, and the message of a further finding may take."""

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
class Told:
    """Something that is said once on a page; later places lead to `anchor`, where it stands in full."""

    anchor: str
    first: bool


@dataclass(frozen=True, slots=True)
class ShortFailure:
    """What happened alike in some of a system's dialects. `proof_href` is empty where there is nothing to link to."""

    mark: Mark
    cells: tuple[Cell, ...]
    kind: str
    message: Markup
    others: tuple[tuple[str, Markup], ...]
    """Kind and message of the findings besides the gravest, which this one is."""
    expected: Markup | None
    seen: Markup | None
    known: str
    reason: Told | None
    """Where the reason of a known failure stands."""
    proof: str
    proof_href: str
    reproduce: str
    hint: Hint | None
    hinted: Told | None

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects in which it happened."""
        return tuple(cell.result.pair for cell in self.cells)


ShortSection: TypeAlias = tuple[str, str, list[tuple[Row, str, list[ShortFailure]]]]
"""A heading, a symbol, and by scenario: its anchor on the page (empty where it has one already) and what happened."""


@dataclass(slots=True)
class _Page:
    """What the page has said already, by what it was; the way up to proofs."""

    way_up: str | None
    said: dict[tuple[str, ...], str] = field(default_factory=dict)
    scenarios: set[str] = field(default_factory=set)

    def tell(self, prefix: str, *what: str) -> Told:
        first = (prefix, *what) not in self.said
        anchor = self.said.setdefault((prefix, *what), f"{prefix}{len(self.said) + 1}")
        return Told(anchor, first)

    def anchor(self, scenario: str) -> str:
        new = scenario not in self.scenarios
        self.scenarios.add(scenario)
        return anchor_of(scenario) if new else ""


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
    page = _Page(way_up)
    found: list[ShortSection] = []
    for heading, symbol, states, levels in SECTIONS:
        groups = []
        for row in matrix.rows if symbol != "unsupported" else ():
            cells = [cell for cell in row.present if cell.column in numbers]
            cells = [cell for cell in cells if cell.worst.state in states and cell.worst.level in levels]
            if cells:
                groups.append((row, page.anchor(row.scenario), _alike(cells, page)))
        if groups:
            found.append((heading, symbol, groups))
    return found


def _alike(cells: Iterable[Cell], page: _Page) -> list[ShortFailure]:
    """Cells in which the same happened for the same reason, said once."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(_what(cell.result), []).append(cell)
    return [_short(group, page) for group in groups.values()]


def _what(result: Result) -> tuple[str, ...]:
    findings = by_gravity(result.failures)
    said = (findings[0].message, as_text(findings[0].expected), as_text(findings[0].seen)) if findings else ()
    return (*said, *(f"{each.kind} {each.check}" for each in findings), result.note, result.known or "")


def _short(cells: Sequence[Cell], page: _Page) -> ShortFailure:
    result = cells[0].result
    findings = by_gravity(result.failures)
    gravest: Finding | None = findings[0] if findings else None
    others = [f" --dialect {cell.result.dialect}" for cell in cells[1:]]
    proof, known = result.known_proof, result.known or ""
    return ShortFailure(
        mark=cells[0].worst,
        cells=tuple(cells),
        kind=gravest.kind if gravest else "",
        message=_shown(gravest.message if gravest else result.note or "no reason given", MESSAGE),
        others=tuple((each.kind, _shown(each.message, OTHER)) for each in findings[1:]),
        expected=_value(gravest.expected) if gravest else None,
        seen=_value(gravest.seen) if gravest else None,
        known=known,
        reason=page.tell("k", known, proof) if known else None,
        proof=proof,
        proof_href=_proof_href(proof, page.way_up),
        reproduce=anonymous(result.reproduce + "".join(others)),
        hint=fix_hint(gravest) if gravest else None,
        hinted=page.tell("h", str(fix_hint(gravest))) if gravest else None,
    )


@dataclass(frozen=True, slots=True)
class ShortSearch:
    """What a search found: the smallest input that fails so, in words, and how many searches found the like."""

    mark: Mark
    kind: str
    family: str
    words: Markup
    difference: Markup
    searches: int
    known: str
    proof: str
    proof_href: str
    reproduce: str


def short_searches(searched: SearchedSystem | None, way_up: str | None) -> list[ShortSearch]:
    """What searches found in one system, alike findings once, the gravest first."""
    return [_short_search(alike, way_up) for alike in (searched.alike if searched else ())]


def _short_search(alike: Alike, way_up: str | None) -> ShortSearch:
    finding = alike.smallest
    return ShortSearch(
        mark=alike.mark,
        kind=alike.kind,
        family=alike.family,
        words=_shown(finding.words, MESSAGE),
        difference=_shown("; ".join(finding.differences), MESSAGE),
        searches=len(alike.found),
        known=finding.known or "",
        proof=finding.known_proof,
        proof_href=_proof_href(finding.known_proof, way_up),
        reproduce=anonymous(finding.reproduce),
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
