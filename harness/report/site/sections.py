"""A system's results by seriousness: what did not pass, the gravest first."""

from __future__ import annotations

from markupsafe import Markup

from harness.catalogue.findings import Finding
from harness.report.marks import by_gravity
from harness.report.visible import shortened
from harness.runner.results import Result

SECTIONS = (
    ("Silent failures", "silent", ("silent",), ("must", "should", "may")),
    ("Hangs", "hang", ("hang",), ("must", "should", "may")),
    ("Other must failures", "fail", ("fail",), ("must",)),
    ("Should failures", "should", ("fail",), ("should",)),
    ("May failures", "may", ("fail",), ("may",)),
    ("Not measured", "error", ("error",), ("must", "should", "may")),
    ("Unsupported", "unsupported", ("unsupported",), ("must", "should", "may")),
)
"""A system's page by seriousness: heading, symbol, states, levels."""


def happened(result: Result) -> Markup:
    """A result in one line: its gravest finding, or why there is no verdict."""
    if result.failures:
        gravest: Finding = by_gravity(result.failures)[0]
        more = f" (and {len(result.failures) - 1} more)" if len(result.failures) > 1 else ""
        return Markup("<b>{}</b> {}{}").format(gravest.kind, shortened(gravest.message, 240), more)
    return shortened(result.note, 240)
