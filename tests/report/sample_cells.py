"""The pages of cells as a reader sees them: each as its script puts it together."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from harness.report.site.packs import unpack


def cell_pages(folder: Path) -> dict[str, str]:
    """The whole page of every cell by its address behind `cell.html?`, as static/cell.js shows it."""
    if not (folder / "cells").exists():
        return {}
    frame = (folder / "cell.html").read_text("utf-8")
    packs = [unpack(path.read_text("ascii")) for path in sorted((folder / "cells").iterdir())]
    return {
        f"{quote(scenario, safe='/~:')}/{column}": _filled(frame, html)
        for scenario, cells in packs
        for column, html in cells.items()
    }


def cell_page(folder: Path, *words: str) -> str:
    """The page of the one cell (the first of several) in whose address these words are."""
    return next(html for name, html in cell_pages(folder).items() if all(word in name for word in words))


def _filled(frame: str, html: str) -> str:
    parts = re.fullmatch(r'<title>(.*?)</title>\n(<span id="trail">.*?</span>)\n(.*)', html, re.DOTALL)
    assert parts is not None
    title, trail, main = parts.groups()
    page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{title}</title>", frame, count=1)
    page = page.replace('<span id="trail"></span>', trail)
    page = re.sub(r'<article class="case" id="cell">.*?</article>', lambda _: main, page, flags=re.DOTALL)
    return re.sub(r'<script src="static/cell.js" defer></script>', "", page)
