"""Where the head of every page leads to: the pages of the site that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harness.report.site.readiness_pages import has_readiness
from harness.report.site.site import Site


class Place(NamedTuple):
    """One page that all others lead to: what the link says, where it leads, and whether the page is there."""

    title: str
    href: str
    there: Callable[[Site], bool]
    words: str = ""
    """What the overview says of it."""


PLACES = (
    Place("Overview", "index.html", lambda site: True),
    Place("Matrix", "matrix.html", lambda site: bool(site.matrix.cells), "every scenario in every system, by family"),
    Place(
        "Dialects",
        "dialects.html",
        lambda site: bool(site.matrix.columns),
        "how the systems stand in each, and its hardest scenarios",
    ),
    Place("Readiness", "readiness.html", has_readiness, "which clients work with which servers, as far as it is known"),
    Place("Recordings", "recordings.html", lambda site: bool(site.matrix.recordings)),
    Place(
        "Endpoints",
        "endpoints.html",
        lambda site: site.linted is not None,
        "which rules the streams of each endpoint keep",
    ),
    Place("Searches", "searches.html", lambda site: bool(site.matrix.searches)),
)
"""In the order in which they stand. Whoever writes a page of this kind names it here."""


def places(site: Site) -> tuple[Place, ...]:
    """Those that this site has."""
    return tuple(place for place in PLACES if place.there(site))
