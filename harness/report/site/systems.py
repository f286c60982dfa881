"""A page for every system: how it stands, what it does not pass and why, what it sends, and how it repeats requests."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.matrix import Matrix, Row, SystemEntry
from harness.report.score import Tally
from harness.report.searches import searched_systems
from harness.report.site.dialects import dialect_hrefs
from harness.report.site.gathered import gathered
from harness.report.site.measured import SCENARIOS, requests_sent, retry_tables
from harness.report.site.pages import asset, write_page
from harness.report.site.short_failures import short_searches, short_sections
from harness.report.site.site import Site


def write_systems(site: Site) -> None:
    """Writes the pages of all systems; raises UnreadableResults or OSError."""
    matrix = site.matrix
    write_page(site.folder / "static" / "system.css", asset("system.css"))
    searches = {(each.name, each.version): each for each in searched_systems(matrix.searches)}
    hrefs = dialect_hrefs(matrix)
    results = gathered(site.runs, SCENARIOS)
    for system in matrix.systems:
        searched = searches.get((system.name, system.version))
        site.write(
            "system.html",
            system.href,
            system=system,
            families=family_table(matrix, system),
            retries=retry_tables(matrix, system, results),
            requests=requests_sent(matrix, system, results)[: None if site.cells else 1],
            sections=short_sections(matrix, system.columns, site.way_up),
            unsupported=unsupported(matrix, system),
            searched=searched.href if searched and site.cells else "",
            searches=[] if site.cells else short_searches(searched, site.way_up),
            dialect_hrefs=hrefs,
            has_cells=site.cells,
        )


def family_table(matrix: Matrix, system: SystemEntry) -> list[tuple[str, Sequence[Tally]]]:
    """By family, the counts of each of the system's columns; families in which nothing ran are left out."""
    rows = [(family.name, [family.tallies[column.number] for column in system.columns]) for family in matrix.families]
    return [(name, tallies) for name, tallies in rows if any(each.cases for each in tallies)]


def unsupported(matrix: Matrix, system: SystemEntry) -> list[tuple[str, list[Row]]]:
    """By what the system never claimed, the scenarios that say nothing of it for that reason."""
    columns = {column.number for column in system.columns}
    found: dict[str, dict[str, Row]] = {}
    for row in matrix.rows:
        for cell in row.present:
            if cell.column in columns and cell.result.verdict == "unsupported":
                found.setdefault(cell.result.note or "no reason given", {})[row.scenario] = row
    groups = ((note, list(rows.values())) for note, rows in found.items())
    return sorted(groups, key=lambda group: (-len(group[1]), group[0]))
