"""What every page of a site may use: the runs, the matrix over them, the templates, and where it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from harness.report.matrix import Matrix, build_matrix
from harness.report.site.pages import page_environment, write_page
from harness.runner.results import Run


@dataclass(frozen=True, slots=True)
class Site:
    """One site while it is written. Addresses of pages are relative to its folder."""

    runs: tuple[Run, ...]
    matrix: Matrix
    environment: Environment
    folder: Path

    @classmethod
    def over(cls, runs: Sequence[Run], folder: Path) -> Site:
        """The site over these runs; raises ValueError where there is none."""
        if not runs:
            raise ValueError("a report needs at least one run")
        matrix = build_matrix(runs)
        return cls(tuple(runs), matrix, page_environment(matrix), folder)

    def write(self, template: str, href: str, **values: object) -> None:
        """Writes one page by its template, which gets the way up to the site's root as `root`. Raises OSError."""
        root = "../" * href.count("/")
        write_page(self.folder / href, self.environment.get_template(template).render(root=root, **values))
