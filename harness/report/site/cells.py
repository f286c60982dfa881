"""The page of every cell of the matrix, with all evidence: packed by scenario."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from markupsafe import Markup
from msgspec import structs

from harness.report.case.evidence import evidence_view
from harness.report.matrix import Cell, Matrix, Row
from harness.report.site.packs import pack, pack_name
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.runner.evidence_index import EvidenceIndex

SHARED_FROM = 4_000
"""Up to so many cells are laid out by one process: starting others costs more than they save."""
MOST_PROCESSES = 8
SHARE = 8
"""So many packs at a time go to a process."""

_PARTS = re.compile(r'<title>(.*?)</title>\n<span id="trail">(.*?)</span>\n(.*)', re.DOTALL)


@contextmanager
def packing(site: Site) -> Iterator[None]:
    """Writes the page that shows a cell, and the packs of all cells, one a scenario; nothing where no case ran.

    The packs of a large report are shared among processes, one a core, which write them while the `with` block is
    carried out. When it ends all are written, or UnreadableResults says that a results file that holds the evidence has
    changed meanwhile. Raises OSError, too.
    """
    if not site.matrix.cells:
        yield
        return
    site.write("cell.html", "cell.html", cell=None)
    for name in ("cell.js", "cell.css"):
        write_page(site.folder / "static" / name, asset(name))
    if not site.packed:
        yield
        return
    packs = Packs(site)
    count = min(_cores(), MOST_PROCESSES)
    if count == 1 or len(site.matrix.cells) < SHARED_FROM or not _may_fork():
        packs.write(range(len(packs.rows)))
        yield
    else:
        with _shared(packs, count):
            yield


@contextmanager
def _shared(packs: Packs, count: int) -> Iterator[None]:
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _begin, (packs,))
    try:
        places = range(len(packs.rows))
        shares = [pool.submit(_share, places[start : start + SHARE]) for start in places[::SHARE]]
        yield
        for share in shares:
            share.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _may_fork() -> bool:
    """Whether processes can begin as copies of this one: where they cannot, each would have to read everything."""
    return "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1


_own: list[Packs] = []
"""Of a process that lays out a share: the packs."""


def _begin(packs: Packs) -> None:
    _own.append(packs)


def _share(places: Iterable[int]) -> None:
    _own[0].write(places)


class Packs:
    """Writes packs, each by its place among the rows of the matrix."""

    def __init__(self, site: Site) -> None:
        """Of this site; nothing is read yet."""
        self.rows = site.matrix.rows
        self._site = site
        self._pages = CellPages(site)

    def write(self, places: Iterable[int]) -> None:
        """Writes the packs of these rows. Raises UnreadableResults or OSError."""
        for row in (self.rows[place] for place in places):
            text = pack(row.scenario, self._pages.of_row(row))
            write_page(self._site.folder / "cells" / pack_name(row.scenario), text)
        self._pages.evidence.close()


@dataclass(frozen=True, slots=True)
class CellPage:
    """What makes the page of a cell, as HTML: its title, the way that leads to it, and what it shows."""

    title: Markup
    trail: Markup
    main: Markup

    @classmethod
    def of(cls, html: str) -> CellPage:
        """The parts of what `CellPages` gives."""
        parts = _PARTS.fullmatch(html)
        if parts is None:
            raise ValueError("a cell's page begins with its title and its trail")
        return cls(*map(Markup, parts.groups()))


class CellPages:
    """Lays out the evidence of cells."""

    def __init__(self, site: Site) -> None:
        """Over the cells of the site's matrix."""
        self.evidence = EvidenceIndex.over(site.runs)
        self._matrix = site.matrix
        # a macro: it begins without a copy of all that templates may use, which a template makes each time
        self._layout: Callable[..., str] = vars(site.environment.get_template("_cell.html").module)["cell_page"]
        self._system_of = {column.number: system for system in site.matrix.systems for column in system.columns}
        self._steps = _steps(site.matrix)

    def of_row(self, row: Row) -> dict[str, str]:
        """The pages of a row's cells by the address of their column. Raises UnreadableResults or OSError."""
        return {self._matrix.columns[cell.column].address: self.html(row, cell) for cell in row.present}

    def html(self, row: Row, cell: Cell) -> str:
        """A cell's title, its trail and its evidence. Raises UnreadableResults or OSError."""
        before, after = self._steps.get((row.scenario, cell.column), (None, None))
        result = structs.replace(cell.result, evidence=self.evidence.of(cell.result))
        column = self._matrix.columns[cell.column]
        view = evidence_view(result)
        return str(self._layout(cell, row, self._system_of[cell.column], view, column.canary, before, after))


def _steps(matrix: Matrix) -> dict[tuple[str, int], tuple[Cell | None, Cell | None]]:
    """Of each failing cell, by scenario and column, the failures of the same system before and after it."""
    system_of = {column.number: system.number for system in matrix.systems for column in system.columns}
    failing: dict[int, list[Cell]] = {}
    for cell in matrix.cells:
        if cell.worst.failing:
            failing.setdefault(system_of[cell.column], []).append(cell)
    return {
        (cell.result.scenario, cell.column): (before, after)
        for own in failing.values()
        for before, cell, after in zip([None, *own], own, [*own[1:], None], strict=False)
    }
