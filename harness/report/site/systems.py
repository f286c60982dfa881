"""A page for every system: what it does not pass, by seriousness."""

from __future__ import annotations

from harness.report.searches import searched_systems
from harness.report.site.sections import sections
from harness.report.site.site import Site


def write_systems(site: Site) -> None:
    """Writes the pages of all systems; raises OSError."""
    searched = {(each.name, each.version): each.href for each in searched_systems(site.matrix.searches)}
    for system in site.matrix.systems:
        site.write(
            "system.html",
            system.href,
            system=system,
            sections=sections(site.matrix, system.columns),
            searched=searched.get((system.name, system.version), ""),
        )
