"""The page of a cell: its script finds the pack, unpacks it, and says so where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.site.html import render_report

from ..sample import SITUATIONS, run_of
from ..sample_cells import cell_pages
from .watched import Watched, overflows

Browse = Callable[..., Watched]
FAILED = "cell.html?chunking/inside-a-character/openai-python@3.52.0/openai-chat"
ODD = (
    "Canary/Plain Text",
    "a+b/c_d",
    "../../etc/passwd",
    "schnee/❄ über",
    "per/100%25",
    "quo'te/<b>\"&",
    "long/" + "x" * 200,
    ".hidden/.dots..",
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of scenarios whose names no file system would take as they are."""
    situations = [replace(SITUATIONS[0], id=name, title=f"case {number}") for number, name in enumerate(ODD)]
    return render_report([run_of(("ollama-python",), situations, {})], tmp_path_factory.mktemp("odd")).parent


def test_the_script_finds_the_pack_of_a_scenario_whatever_its_name(browse: Browse, odd: Path) -> None:
    window = browse()
    titles = []
    for address in cell_pages(odd):
        page = window.open(odd, f"cell.html?{address}", "#reproduce")
        titles.append(page.locator("h1").inner_text())
    assert sorted(titles) == [f"case {number}" for number in range(8)]


def test_every_link_of_a_page_to_a_cell_shows_it(browse: Browse, odd: Path) -> None:
    window = browse()
    for path in sorted((odd / "scenarios").iterdir()):
        page = window.open(odd, f"scenarios/{path.name}")
        title = page.locator("h1").inner_text()
        page.locator("a[href*='cell.html?']").first.click()
        page.locator("#reproduce").wait_for()
        assert page.locator("h1").inner_text() == title


def test_a_place_in_the_address_is_shown_and_marked(browse: Browse, site: Callable[[str], Path]) -> None:
    window = browse()
    page = window.open(site("whole"), FAILED, "#reproduce")
    place = page.locator(".findings a[href^='#']").first.get_attribute("href")
    page = browse().open(site("whole"), f"{FAILED}{place}", "#reproduce")
    page.locator("mark:target").wait_for(state="attached")
    assert page.evaluate("scrollY") > 200
    assert page.title() == "A cut inside a three-byte character: openai-python, openai-chat"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("cell.html", "names no cell"),
        ("cell.html?only/two", "names no cell"),
        ("cell.html?%E0%A4%A/x@1/y", "names no cell"),
        (
            "cell.html?canary/plain-text/nobody@1/openai-chat",
            "has no cell of canary/plain-text for nobody@1/openai-chat",
        ),
        ("cell.html?no/such/reference@0.1.0/openai-chat", "has no scenario no/such"),
        ("cell.html?<img src=x onerror=alert(1)>/a@1/b", "has no scenario <img src=x onerror=alert(1)>"),
    ],
)
def test_what_there_is_not_is_said(browse: Browse, site: Callable[[str], Path], address: str, words: str) -> None:
    window = browse()
    page = window.open(site("whole"), address, "[role=alert]")
    assert words in page.locator("[role=alert]").inner_text()
    assert page.locator("main img").count() == 0
    assert not any("harnessCells" in each or "Uncaught" in each for each in window.complaints)
    window.forgive()  # the file that is not there


def test_the_timeline_fits_and_says_what_it_shows(browse: Browse, site: Callable[[str], Path]) -> None:
    page = browse(viewport={"width": 390, "height": 844}).open(site("whole"), FAILED, "#reproduce")
    picture = page.get_by_role("img", name="Timeline from")
    box = picture.bounding_box() or {}
    assert 0 < box["width"] <= 390
    assert not overflows(page)
    page.get_by_text("In words").click()
    assert "The caller got 10 events" in page.locator("#timeline-words").inner_text()
