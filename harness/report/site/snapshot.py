"""The published snapshot of a matrix: small static pages that say what each system does, without the wire's evidence.

The site without the pages of cells and scenarios: one page over all systems, one a system with every failure, one a
dialect, the verdicts as data, and a summary in Markdown. The same results give the same bytes, and nothing in them
names a place of the machine on which they came about.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment

from harness.report.matrix import CANARY_FAMILY, Matrix, SystemEntry, build_matrix
from harness.report.outputs.markdown import render_markdown
from harness.report.outputs.spans import code
from harness.report.outputs.standings import standings, table_markdown
from harness.report.outputs.verdict_data import encode_verdicts
from harness.report.searches import searched_systems
from harness.report.site.dialects import dialect_hrefs, write_dialects
from harness.report.site.front_page import ASSET as OVERVIEW_STYLE
from harness.report.site.front_page import front_page
from harness.report.site.html import PageWriter
from harness.report.site.navigation import PLACES
from harness.report.site.pages import asset, page_environment, write_page
from harness.report.site.short_failures import anchor_of
from harness.report.site.site import Site
from harness.report.site.systems import write_systems
from harness.runner.results import Result, Run

DATA = "verdicts.json"

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]*")


PAGES: tuple[PageWriter, ...] = (write_systems, write_dialects)
"""The pages that a snapshot has in common with a report; those of scenarios and cells would make it too large."""

FOLDERS = ("systems", "dialects")


def render_snapshot(run: Run, folder: Path, root: Path | None = None) -> Path:
    """Writes the snapshot into `folder` (made if need be) and returns the path of its `index.html`.

    `root` is the folder that the proofs of known failures are in: where `folder` lies below it, they are linked to.
    Pages of an earlier snapshot are replaced or removed; other files are left alone.
    Raises OSError, and UnreadableResults where a results file that holds the evidence has changed meanwhile.
    """
    every = _with_plain_names(build_matrix([run]))
    site = Site((run,), every, _environment(every), folder, cells=False, way_up=_way_up(folder, root))
    for old in (page for name in FOLDERS for page in (folder / name).glob("*.html")):
        old.unlink()
    for name in ("report.css", OVERVIEW_STYLE):
        write_page(folder / "static" / name, asset(name))
    for write in PAGES:
        write(site)
    write_page(folder / DATA, encode_verdicts(run))
    write_page(folder / "README.md", _markdown(run))
    return _write_index(run, site)


def _environment(matrix: Matrix) -> Environment:
    """The templates for pages over that matrix, which lead to the pages that a snapshot has."""
    environment = page_environment(matrix)
    here = ("index.html", "dialects.html") if matrix.columns else ("index.html",)
    environment.globals["nav"] = tuple(place for place in PLACES if place.href in here)
    return environment


def _write_index(run: Run, site: Site) -> Path:
    """The overview: counts over those dialects of systems alone in which no canary failed, the others apart."""
    every = site.matrix
    trusted = _with_plain_names(build_matrix([replace(run, results=_trusted(run.results))]))
    trusted = replace(trusted, unfinished=every.unfinished)
    suspects = [each for each in every.systems if any(column.canary for column in each.columns)]
    replace(site, matrix=trusted, environment=_environment(trusted)).write(
        "snapshot.html",
        "index.html",
        standings=standings(every),
        data=DATA,
        left_out=dict(sorted(run.header.left_out.items())),
        anchor_of=anchor_of,
        hrefs={f"{each.name} {each.version}": each.href for each in every.systems},
        dialects=dialect_hrefs(every),
        searched=searched_systems(every.searches),
        suspects_apart=[_suspicious(each) for each in suspects],
        **front_page(trusted),
    )
    return site.folder / "index.html"


def _with_plain_names(matrix: Matrix) -> Matrix:
    """The pages of systems keep their addresses from one version to the next, where no two have one name."""
    names = [each.name for each in matrix.systems]
    plain = [each for each in matrix.systems if names.count(each.name) == 1 and _PLAIN.fullmatch(each.name)]
    systems = (replace(each, href=f"systems/{each.name}.html") if each in plain else each for each in matrix.systems)
    return replace(matrix, systems=tuple(systems))


def _trusted(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """The results of all systems, in the dialects in which their canaries passed."""
    bad = {
        (result.system, result.dialect)
        for result in results
        if result.family == CANARY_FAMILY and result.verdict in ("fail", "error")
    }
    return tuple(result for result in results if (result.system, result.dialect) not in bad)


def _suspicious(system: SystemEntry) -> SystemEntry:
    """That system in the dialects in which its canary did not pass."""
    return replace(system, columns=tuple(column for column in system.columns if column.canary))


def _way_up(folder: Path, root: Path | None) -> str | None:
    """From a page in a folder below `folder` to `root`; None where the one does not lie below the other."""
    if root is None or not folder.resolve().is_relative_to(root.resolve()):
        return None
    return Path(os.path.relpath(root.resolve(), folder.resolve() / "systems")).as_posix() + "/"


def _markdown(run: Run) -> str:
    matrix = build_matrix([run])
    parts = [
        "# The matrix",
        "Every system that could be installed, through the whole catalogue. `index.html` beside this file shows it "
        f"page by page, `{DATA}` has every verdict; `make matrix` makes it anew.",
        table_markdown(standings(matrix)),
        render_markdown(run).rstrip(),
    ]
    if run.header.left_out:
        parts += [
            "### Left out",
            "\n".join(f"- {code(name)}: {code(why)}" for name, why in sorted(run.header.left_out.items())),
        ]
    return "\n\n".join(parts) + "\n"
