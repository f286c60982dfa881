"""The pages of searches: one for all, one for each system, one for each search that found something."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment

from harness.report.searches import (
    KIND_DEMANDS,
    KINDS,
    PROOF_WORDS,
    SearchedSystem,
    search_counts,
    search_pair,
    searched_systems,
    searches_line,
    tried_words,
)
from harness.report.site.pages import write_page
from harness.report.site.search_input import input_views
from harness.report.site.site import Site
from harness.runner.results import FuzzResult

ALIKE_LINKS = 24
"""How many streams with a finding alike are named beside the smallest; the table below has all."""


def write_search_pages(site: Site) -> None:
    """Writes the pages of the site's searches; nothing where there are none. Raises OSError."""
    write_searches(site.environment, site.matrix.searches, site.folder)


def write_searches(environment: Environment, searches: Sequence[FuzzResult], folder: Path) -> None:
    """Writes the pages of these searches; nothing where there are none. Raises OSError."""
    if not searches:
        return
    environment.globals.update(kinds=KINDS, kind_demands=KIND_DEMANDS, proof_words=PROOF_WORDS, search_pair=search_pair)
    systems = searched_systems(searches)
    overview = environment.get_template("searches.html").render(
        root="", here="searches.html", systems=systems, line=searches_line(searches), counts=search_counts(searches)
    )
    write_page(folder / "searches.html", overview)
    for system in systems:
        _write_system(environment, system, folder)


def _write_system(environment: Environment, system: SearchedSystem, folder: Path) -> None:
    page = environment.get_template("search_system.html").render(root="../", system=system, alike_links=ALIKE_LINKS)
    write_page(folder / system.href, page)
    template = environment.get_template("search.html")
    for cell in (cell for row in system.rows for cell in row.cells if cell is not None and cell.href):
        search = cell.result
        inputs = input_views(search)
        page = template.render(
            root="../", system=system, cell=cell, search=search, inputs=inputs, tried=tried_words(search)
        )
        write_page(folder / cell.href, page)
