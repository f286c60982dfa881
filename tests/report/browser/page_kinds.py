"""Every kind of page that the report has. Whoever adds a kind adds a line to PAGE_KINDS; a test misses those without.

All that must hold on every page is tested over this list: accessibility, keyboard, dark, phone, print, policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from html import unescape
from pathlib import Path
from urllib.parse import unquote

CELLS = "cell.html"
_CELL = re.compile(r'href="(?:\.\./)*(cell\.html\?[^"#]+)')


@dataclass(frozen=True)
class PageKind:
    """Pages that one template makes. `pattern` is of their paths in the site, `example` of the address of the one that
    stands for all; `ready` is what is there once a script has done its work."""

    name: str
    pattern: str
    example: str = "*"
    ready: str = "main h1"
    site: str = "whole"

    def __str__(self) -> str:
        return self.name


PAGE_KINDS = (
    PageKind("overview", "index.html"),
    PageKind("matrix", "matrix.html"),
    PageKind("system", "systems/*.html", "*/openai-python*"),
    PageKind("scenario", "scenarios/*.html", "*/ending--closed-mid-text*"),
    PageKind("failed cell", CELLS, "*ending/closed-mid-text/openai-python*", ready="#reproduce"),
    PageKind("passed cell", CELLS, "*canary/plain-text/reference*", ready="#reproduce"),
    PageKind("dialects", "dialects.html"),
    PageKind("dialect", "dialects/*.html", "*/openai-chat*"),
    PageKind("readiness", "readiness.html"),
    PageKind("readiness of a client", "readiness/*.html", "*/openai-python*"),
    PageKind("recordings", "recordings.html"),
    PageKind("endpoints", "endpoints.html"),
    PageKind("findings of endpoints", "endpoints/*.html", "*/openai-chat-*"),
    PageKind("searches", "searches.html"),
    PageKind("searched system", "searches/*.html", "*/junior-1.0-??????.html"),
    PageKind("search finding", "searches/*.html", "*/junior-1.0-openai-chat-*"),
    PageKind("snapshot", "index.html", site="snapshot"),
    PageKind("system of the snapshot", "systems/*.html", "*/python-codex*", site="snapshot"),
)


def pages_of(site: Path) -> list[str]:
    """The addresses of all pages of a site, relative to it; those of cells are `cell.html?…`."""
    pages = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    return [page for page in pages if page != CELLS] + cells_of(site)


def cells_of(site: Path) -> list[str]:
    """The addresses of all cells that other pages lead to."""
    linked = (_CELL.findall(path.read_text("utf-8")) for path in site.rglob("*.html"))
    return sorted({unescape(address) for found in linked for address in found})


def fits(kind: PageKind, address: str) -> bool:
    """Whether the page at an address is of that kind, whatever stands for the kind."""
    return fnmatchcase(address.partition("?")[0], kind.pattern)


def example_of(kind: PageKind, site: Path) -> str:
    """The address of the page that stands for a kind."""
    return next(page for page in pages_of(site) if fits(kind, page) and fnmatchcase(unquote(page), kind.example))
