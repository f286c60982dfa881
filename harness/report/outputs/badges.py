"""Results as badges: the JSON that badge services read, and an SVG for those who want no service."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import escape

from harness.report.score import tally
from harness.report.visible import plain
from harness.runner.results import Result

_COLOURS = {"brightgreen": "#2e7d32", "orange": "#9a5b00", "red": "#b3261e", "lightgrey": "#5f6b76"}
"""Names that badge services know, and what they are in our SVG: dark enough for white letters."""
_LETTER = 6.6
_PAD = 6


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says. `colour` is one of the names that badge services know."""

    label: str
    message: str
    colour: str


def badge(results: Iterable[Result], label: str = "llm streaming") -> Badge:
    """The badge of these results: how many musts passed of those judged, and how many cases fail silently.

    Green only where every `must` was measured and passed; grey where nothing was judged.
    """
    counts = tally(results)
    if not counts.must_judged:
        return Badge(label, "not judged", "lightgrey")
    silent = f", {counts.silent} silent" if counts.silent else ""
    message = f"{counts.must_passed}/{counts.must_judged} must{silent}"
    if counts.must_failed:
        return Badge(label, message, "red")
    return Badge(label, message, "orange" if counts.errors or counts.silent else "brightgreen")


def badge_json(badge: Badge) -> bytes:
    """The badge as a badge service's endpoint gives it."""
    fields = {"schemaVersion": 1, "label": badge.label, "message": badge.message, "color": badge.colour}
    return json.dumps(fields).encode() + b"\n"


def badge_svg(badge: Badge) -> bytes:
    """The badge as an SVG of its own."""
    left, right = (round(len(text) * _LETTER) + 2 * _PAD for text in (badge.label, badge.message))
    label, message = escape(plain(badge.label)), escape(plain(badge.message))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" \
aria-label="{label}: {message}"><title>{label}: {message}</title>
<rect width="{left}" height="20" fill="#444c56"/><rect x="{left}" width="{right}" height="20" \
fill="{_COLOURS[badge.colour]}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{left / 2}" y="14">{label}</text><text x="{left + right / 2}" y="14">{message}</text></g></svg>
""".encode()
