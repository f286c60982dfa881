"""A page for every scenario: why it is there, where it happened, and who passes."""

from __future__ import annotations

from harness.report.site.site import Site


def write_scenarios(site: Site) -> None:
    """Writes the pages of all scenarios; raises OSError."""
    for row in site.matrix.rows:
        site.write("scenario.html", row.href, row=row)
