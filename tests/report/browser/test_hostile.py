"""Hostile bodies, names and errors are text on every page: nothing runs, nothing hides, nothing breaks the layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .page_kinds import CELLS, PAGE_KINDS, fits, pages_of
from .watched import PHONE, Watched, overflows

INVISIBLE = (
    r"/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u"
)
"""What no text of a page may hold: controls, zero width, turns of direction, tags."""
PLACED_BY_SCRIPT = "matrix.html"
"""The page whose own script gives elements their places."""
FOREIGN = "main script, main img, main iframe, main style, main object, main form, script:not([src])"


def test_no_page_runs_or_hides_anything(browse: Callable[..., Watched], site: Callable[[str], Path]) -> None:
    folder, window = site("hostile"), browse()
    pages = pages_of(folder)
    for address in pages:
        page = window.open(folder, address, "#reproduce" if address.startswith(CELLS) else "main h1")
        assert page.title() != "owned", address
        assert page.locator("main").is_visible(), address
        assert page.locator(FOREIGN).count() == 0, address
        assert page.evaluate(f"{INVISIBLE}.test(document.documentElement.textContent)") is False, address
        attributes = page.evaluate("[...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames())")
        assert [name for name in attributes if name.startswith("on")] == [], address
        assert "style" not in attributes or address == PLACED_BY_SCRIPT, address
        targets = page.locator("a").evaluate_all("all => all.map(each => each.protocol)")
        assert set(targets) <= {"file:", "https:"}, address
    kinds = {kind.name for kind in PAGE_KINDS if any(fits(kind, page) for page in pages)}
    assert {"overview", "system", "scenario", "failed cell", "recordings", "searches", "search finding"} <= kinds


def test_no_page_is_wider_than_a_phone(browse: Callable[..., Watched], site: Callable[[str], Path]) -> None:
    folder, window = site("hostile"), browse(**PHONE)
    wide = []
    for address in pages_of(folder):
        page = window.open(folder, address, "#reproduce" if address.startswith(CELLS) else "main h1")
        wide += [address] * overflows(page)
    assert wide == []


def test_what_was_said_is_still_there_to_read(browse: Callable[..., Watched], site: Callable[[str], Path]) -> None:
    folder, window = site("hostile"), browse()
    cells = [page for page in pages_of(folder) if page.startswith(CELLS)]
    texts = [window.open(folder, address, "#reproduce").locator("main").inner_text() for address in cells]
    assert any("<script>document.title='owned'</script>" in text for text in texts)
    assert any("onerror=" in text for text in texts)
