"""A page for every dialect: what it is, how the systems stand that speak it, what they find hardest, and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from harness.lint.spec import Spec, spec, spec_names
from harness.report.marks import LEVELS
from harness.report.matrix import Cell, Column, Matrix, Row, SystemEntry
from harness.report.names import file_name
from harness.report.score import Tally, tally
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site

HARDEST = 20
"""How many scenarios the page names as the hardest."""

DESCRIPTIONS: Final = {
    "openai-chat": "OpenAI's chat completions, and what many others offer as compatible with them: events without "
    "names, each a chunk of choices, and [DONE] at the end.",
    "openai-responses": "OpenAI's Responses API: named events with a running number, which open, fill and close "
    "items; the last one holds the whole response.",
    "anthropic-messages": "Anthropic's Messages API: named events, which open, fill and close numbered blocks; the "
    "stop reason comes before the end of the message.",
    "gemini": "Google's streamGenerateContent: each event is a whole response with the next parts, and no mark says "
    "that it was the last.",
    "ollama": "Ollama's chat API: a JSON object a line, the last of which says that it is done.",
    "ai-sdk-ui": "The AI SDK's stream for user interfaces: typed parts, and [DONE] at the end.",
}
"""What each dialect is, in a sentence."""

FRAMING: Final = {
    "sse": "server-sent events",
    "ndjson": "a JSON object a line",
    "sse-or-array": "server-sent events, or one JSON array",
}

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one system stands in the dialect; `column` is its first where a gateway serves several dialects."""

    system: SystemEntry
    pair: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class HardScenario:
    """A scenario with its cells in the dialect: how many systems were judged, and those that fail it."""

    row: Row
    judged: int
    failing: tuple[Cell, ...]

    @property
    def silent(self) -> int:
        """How many fail in silence."""
        return sum(cell.worst.state == "silent" for cell in self.failing)


def dialect_href(name: str) -> str:
    """The address of a dialect's page, from the site's root."""
    return f"dialects/{name}.html" if _PLAIN.fullmatch(name) else f"dialects/{file_name(name)}"


def dialect_hrefs(matrix: Matrix) -> dict[str, str]:
    """By dialect, the addresses of all pages: those of systems, and those that gateways read."""
    spoken = {name for column in matrix.columns for name in (column.dialect, column.upstream) if name}
    return {name: dialect_href(name) for name in sorted(spoken)}


def write_dialects(site: Site) -> None:
    """Writes the pages of all dialects; raises OSError."""
    hrefs = dialect_hrefs(site.matrix)
    if not hrefs:
        return
    write_page(site.folder / "static" / "dialect.css", asset("dialect.css"))
    spoken = {name: _spoken(site.matrix, name) for name in hrefs}
    rates = [(name, len({(each.system, each.version) for each in own}), _over(own)) for name, own in spoken.items()]
    site.write("dialects.html", "dialects.html", hrefs=hrefs, about=DESCRIPTIONS, rates=rates)
    for name, columns in spoken.items():
        site.write(
            "dialect.html",
            hrefs[name],
            name=name,
            hrefs=hrefs,
            about=DESCRIPTIONS.get(name, ""),
            framing=FRAMING,
            spec=_spec(name),
            standings=standings_in(site.matrix, columns),
            families=family_rates(site.matrix, columns),
            hardest=hardest(site.matrix, columns),
            has_cells=site.cells,
            rules_at="#rules" if site.cells else _rules_document(site, name),
        )


def _rules_document(site: Site, name: str) -> str:
    """Where a snapshot, which has no room for them, leads for the rules; empty where they are not near."""
    return "" if site.way_up is None else f"{site.way_up}docs/reference/rules.md#{name}"


def _spoken(matrix: Matrix, name: str) -> list[Column]:
    """The columns that speak the dialect on one of their sides."""
    return [column for column in matrix.columns if name in (column.dialect, column.upstream)]


def _over(columns: Iterable[Column]) -> Tally:
    """The must counts of all these columns."""
    tallies = [column.tally for column in columns]
    summed = {
        name: sum(getattr(each, name) for each in tallies)
        for name in ("cases", "must_passed", "must_failed", "must_silent", "must_hung", "silent", "hung")
    }
    return Tally(**summed)


def _spec(name: str) -> Spec | None:
    """The dialect's tables; None for a dialect of somebody's own."""
    return spec(name) if name in spec_names() else None


def standings_in(matrix: Matrix, columns: Sequence[Column]) -> list[Standing]:
    """The systems with these columns, those first that pass most; where none was judged, last."""
    system_of = {column.number: system for system in matrix.systems for column in system.columns}
    found = [Standing(system_of[column.number], column.pair, column.tally) for column in columns]
    return sorted(found, key=lambda each: _rank(each.tally))


def _rank(own: Tally) -> tuple[bool, float, int, int]:
    """The larger share first; of equal ones, who is silent less often, and then who was asked more."""
    return own.must_rate is None, -(own.must_rate or 0.0), own.silent, -own.must_judged


def family_rates(matrix: Matrix, columns: Iterable[Column]) -> list[tuple[str, Tally]]:
    """By family, the counts over all these columns; families in which nothing was judged are left out."""
    numbers = {column.number for column in columns}
    cells = [(family.name, [cell for row in family.rows for cell in row.present]) for family in matrix.families]
    counts = [(name, tally(cell.result for cell in own if cell.column in numbers)) for name, own in cells]
    return [(name, each) for name, each in counts if each.must_judged]


def hardest(matrix: Matrix, columns: Iterable[Column]) -> list[HardScenario]:
    """The scenarios that most of these systems fail, by share, a `must` before a `should`; at most HARDEST of them."""
    numbers = {column.number for column in columns}
    found = [_hard(row, numbers) for row in matrix.rows]
    failed = [each for each in found if each.failing]
    failed.sort(key=lambda each: (LEVELS.index(each.row.level), -len(each.failing) / each.judged, -each.silent))
    return failed[:HARDEST]


def _hard(row: Row, numbers: set[int]) -> HardScenario:
    judged = [cell for cell in row.present if cell.column in numbers and cell.result.verdict in ("pass", "fail")]
    return HardScenario(row, len(judged), tuple(cell for cell in judged if cell.worst.failing))
