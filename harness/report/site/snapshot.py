"""The published snapshot of a matrix: small static pages that say what each system does, without the wire's evidence.

One page over all systems, one page a system with every failure, the verdicts as data, and a summary in Markdown. The
same results give the same bytes, and nothing in them names a place of the machine on which they came about.
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
from harness.report.site.front_page import front_page
from harness.report.site.pages import asset, page_environment, write_page
from harness.report.site.short_failures import anchor_of, short_sections
from harness.runner.results import Result, Run

DATA = "verdicts.json"

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]*")


def render_snapshot(run: Run, folder: Path, root: Path | None = None) -> Path:
    """Writes the snapshot into `folder` (made if need be) and returns the path of its `index.html`.

    `root` is the folder that the proofs of known failures are in: where `folder` lies below it, they are linked to.
    Pages of an earlier snapshot are replaced or removed; other files are left alone. Raises OSError.
    """
    every = _with_plain_names(build_matrix([run]))
    trusted = _with_plain_names(build_matrix([replace(run, results=_trusted(run.results))]))
    trusted = replace(trusted, unfinished=every.unfinished)
    environment = page_environment(trusted)
    environment.globals.update(
        standings=standings(every),
        data=DATA,
        left_out=dict(sorted(run.header.left_out.items())),
        anchor_of=anchor_of,
        hrefs={f"{each.name} {each.version}": each.href for each in every.systems},
    )
    for old in (folder / "systems").glob("*.html"):
        old.unlink()
    write_page(folder / "static" / "report.css", asset("report.css"))
    _write_systems(environment, every, folder, _way_up(folder, root))
    write_page(folder / DATA, encode_verdicts(run))
    write_page(folder / "README.md", _markdown(run))
    index = folder / "index.html"
    suspects = [each for each in every.systems if any(column.canary for column in each.columns)]
    page = environment.get_template("snapshot.html").render(
        root="", suspects_apart=[_suspicious(each) for each in suspects], **front_page(trusted)
    )
    write_page(index, page)
    return index


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


def _write_systems(environment: Environment, matrix: Matrix, folder: Path, way_up: str | None) -> None:
    template = environment.get_template("snapshot_system.html")
    for system in matrix.systems:
        page = template.render(
            root="../",
            system=system,
            families=_family_table(matrix, system),
            sections=short_sections(matrix, system.columns, way_up),
        )
        write_page(folder / system.href, page)


def _family_table(matrix: Matrix, system: SystemEntry) -> list[tuple[str, list[object]]]:
    """By family, the counts of each of the system's columns; families in which nothing ran are left out."""
    rows = [(family.name, [family.tallies[column.number] for column in system.columns]) for family in matrix.families]
    return [(name, list(tallies)) for name, tallies in rows if any(each.cases for each in tallies)]


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
