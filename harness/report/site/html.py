"""The compatibility report: a folder of static pages that work from a disk, and offline.

Everything that came from outside is hostile: it is escaped, its invisible characters are made visible, and a content
security policy forbids inline scripts and foreign resources on every page. The same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from harness.lint.record import LintRecord
from harness.report.comparison import Past
from harness.report.site.cells import packing
from harness.report.site.dialects import write_dialects
from harness.report.site.endpoints import write_endpoints
from harness.report.site.front_page import write_front_page
from harness.report.site.matrix_page import write_matrix
from harness.report.site.navigation import places
from harness.report.site.pages import asset, write_page
from harness.report.site.readiness_pages import write_readiness
from harness.report.site.recorded import write_recordings
from harness.report.site.scenarios import write_scenarios
from harness.report.site.search_pages import write_search_pages
from harness.report.site.site import Site
from harness.report.site.systems import write_systems
from harness.report.trend import Point
from harness.runner.results import Run

PageWriter: TypeAlias = Callable[[Site], None]

PAGES: tuple[PageWriter, ...] = (
    write_scenarios,
    write_systems,
    write_dialects,
    write_recordings,
    write_endpoints,
    write_search_pages,
    write_matrix,
    write_readiness,
    write_front_page,
)
"""What writes the pages, in this order; each writes nothing where its subject is not there."""

FOLDERS = ("cells", "readiness", "scenarios", "systems", "dialects", "endpoints", "searches")
SOLE_PAGES = (
    "matrix.html",
    "readiness.html",
    "matrix-data.js",
    "cell.html",
    "recordings.html",
    "searches.html",
    "dialects.html",
    "endpoints.html",
)


def render_report(
    runs: Sequence[Run],
    folder: Path,
    *,
    before: Past | None = None,
    trend: Sequence[Point] = (),
    linted: LintRecord | None = None,
) -> Path:
    """Writes the report of these runs into `folder` (made if need be) and returns the path of its `index.html`.

    `before` is what they are compared with, `trend` how earlier runs and these stood, the oldest first, and `linted`
    what `harness lint --json` says of endpoints.
    Pages of an earlier report in the same folder are replaced or removed; other files are left alone.
    Raises ValueError without a run, OSError where the folder cannot be written, and UnreadableResults where a results
    file that holds the evidence has changed meanwhile.
    """
    site = Site.over(runs, folder, before=before, trend=trend, linted=linted)
    write_site(site)
    return folder / "index.html"


def write_site(site: Site) -> None:
    """Writes all pages of this site into its folder. Raises OSError, and UnreadableResults as `render_report` does."""
    site.environment.globals["nav"] = places(site)
    _clear(site.folder)
    write_page(site.folder / "static" / "report.css", asset("report.css"))
    with packing(site):
        for write in PAGES:
            write(site)


def _clear(folder: Path) -> None:
    """Removes the pages of an earlier report, so that no page stays that nothing links to."""
    for name in FOLDERS:
        for page in (folder / name).glob("*.*"):
            if page.suffix in (".html", ".js"):
                page.unlink()
    for name in SOLE_PAGES:
        (folder / name).unlink(missing_ok=True)
