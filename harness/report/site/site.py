"""What every page of a site may use: the runs, the matrix over them, the templates, and where it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from harness.lint.record import LintRecord
from harness.report.comparison import Comparison, Past, compare_with
from harness.report.matrix import Matrix, build_matrix
from harness.report.site.pages import page_environment, write_page
from harness.report.trend import Point
from harness.runner.results import Run


@dataclass(frozen=True, slots=True)
class Site:
    """One site while it is written. Addresses of pages are relative to its folder.

    What is not known of the runs themselves is optional: an earlier run (`before`), points of earlier runs and this
    one (`trend`, the oldest first), and what lint found in endpoints' streams (`linted`, as `lint --json` has it).
    """

    runs: tuple[Run, ...]
    matrix: Matrix
    environment: Environment
    folder: Path
    before: Past | None = None
    comparison: Comparison | None = None
    """What changed since `before`."""
    trend: tuple[Point, ...] = ()
    linted: LintRecord | None = None
    cells: bool = True
    """Whether every cell and every scenario has a page; a snapshot has none of them."""
    way_up: str | None = None
    """From a page in a folder of the site to where the proofs of known failures lie; None: it has them not near."""
    packed: bool = True
    """Whether the cells are packed into files; a server lays each out when it is asked for."""

    @classmethod
    def over(
        cls,
        runs: Sequence[Run],
        folder: Path,
        *,
        before: Past | None = None,
        trend: Sequence[Point] = (),
        linted: LintRecord | None = None,
        packed: bool = True,
    ) -> Site:
        """The site over these runs; raises ValueError where there is none."""
        if not runs:
            raise ValueError("a report needs at least one run")
        matrix = build_matrix(runs)
        changes = None if before is None else compare_with(before, runs)
        environment = page_environment(matrix)
        return cls(tuple(runs), matrix, environment, folder, before, changes, tuple(trend), linted, packed=packed)

    def write(self, template: str, href: str, **values: object) -> None:
        """Writes one page by its template. Raises OSError.

        The template gets the way up to the site's root as `root`, and as `here` the page's own address.
        """
        root = "../" * href.count("/")
        page = self.environment.get_template(template).render(root=root, here=href, **values)
        write_page(self.folder / href, page)
