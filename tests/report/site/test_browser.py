"""The report in a real browser, from a disk: what no reading of the HTML can show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.report.site.html import render_report
from harness.report.site.snapshot import render_snapshot

from ..browser.watched import CHROMIUM, FLAGS, sync_api
from ..sample import large_run, small_run
from ..sample_cells import cell_pages
from ..sample_hostile import hostile_run
from ..sample_search import searched_run

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_report([small_run()], tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_report([hostile_run()], tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


class Watched:
    """A page, with everything that it complains of or asks for beyond its own folder."""

    def __init__(self, browser: sync_api.Browser, **options: object) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: Path) -> "sync_api.Page":
        self.page.goto(path.as_uri())
        return self.page

    def open_cell(self, folder: Path, address: str) -> "sync_api.Page":
        """The page of a cell, once its script has shown it."""
        self.page.goto(f"{(folder / 'cell.html').as_uri()}?{address}")
        self.page.locator("#reproduce").wait_for()
        return self.page


@pytest.fixture
def watched(chromium: sync_api.Browser) -> Iterator[Watched]:
    each = Watched(chromium, viewport={"width": 1440, "height": 900})
    yield each
    each.context.close()
    assert each.complaints == []
    assert all(url.startswith("file://") for url in each.requests)


def overflows(page: "sync_api.Page") -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_silent_failure_leads_to_its_case_and_back(watched: Watched, report: Path) -> None:
    page = watched.open(report)
    page.locator(".digest .where a").first.click()
    page.locator("#reproduce").wait_for()
    assert page.locator("h1").inner_text() == "A cut inside a three-byte character"
    page.get_by_role("link", name="attempt 1, byte").click()
    assert page.locator("mark:target").count() == 1
    page.get_by_role("link", name="Overview").click()
    assert page.locator("h1").inner_text() == "LLM streaming compatibility"


def test_the_wire_log_turns_to_hexadecimal(watched: Watched, report: Path) -> None:
    page = watched.open_cell(report.parent, "framing/crlf/openai-python@3.52.0/openai-chat")
    assert not page.locator(".hex").first.is_visible()
    page.get_by_text("hex", exact=True).click()
    assert page.locator(".hex").first.is_visible()
    assert not page.locator(".bytes .text").first.is_visible()
    assert page.locator(".hex").first.inner_text().startswith("000000  64 61 74 61 3a 20 ")


def test_the_keyboard_reaches_content_and_what_is_folded(watched: Watched, report: Path) -> None:
    page = watched.open(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator(".numbers summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".numbers table").first.is_visible()
    page.locator(".digest .where a").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("#reproduce").wait_for()
    assert page.locator("h1").inner_text() == "A cut inside a three-byte character"


def test_dark_mode_follows_the_reader(chromium: sync_api.Browser, report: Path) -> None:
    dark = Watched(chromium, color_scheme="dark")
    page = dark.open(report)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark.context.close()
    assert background == "rgb(16, 20, 25)"
    assert dark.complaints == []


def test_on_a_phone_no_page_scrolls_sideways(chromium: sync_api.Browser, report: Path) -> None:
    phone = Watched(chromium, viewport=PHONE, is_mobile=True, has_touch=True)
    folders = [report.parent / name for name in ("scenarios", "systems")]
    cells = [name for name in cell_pages(report.parent) if "openai-python" in name and "openai-chat" in name]
    pages = [report, *(path for folder in folders for path in sorted(folder.iterdir()))]
    wide = [path.name for path in pages if overflows(phone.open(path))]
    wide += [name for name in cells if overflows(phone.open_cell(report.parent, name))]
    assert len(cells) == 12
    phone.context.close()
    assert wide == []
    assert phone.complaints == []


def test_hostile_text_does_nothing_and_breaks_no_layout(watched: Watched, hostile: Path) -> None:
    for path in sorted(hostile.parent.rglob("*.html")):
        page = watched.open(path)
        assert "owned" not in page.title() or "<script>" in page.title()
        assert page.locator("main").is_visible()
        assert page.evaluate("document.querySelectorAll('script:not([src]), img').length") == 0
        assert not overflows(page), path.name
    for name in cell_pages(hostile.parent):
        page = watched.open_cell(hostile.parent, name)
        assert "owned" not in page.title() or "<script>" in page.title()
        assert page.evaluate("document.querySelectorAll('main script, main img, script:not([src])').length") == 0
        assert not overflows(page), name


def test_a_printed_report_is_light(chromium: sync_api.Browser, report: Path) -> None:
    dark = Watched(chromium, color_scheme="dark")
    page = dark.open(report)
    page.emulate_media(media="print")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    numbers = page.locator(".numbers").first.is_visible()
    dark.context.close()
    assert background == "rgb(255, 255, 255)"
    assert not numbers


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_report([searched_run()], tmp_path_factory.mktemp("searched"))


def test_a_search_is_two_clicks_away_and_its_input_is_cut_in_sight(watched: Watched, searched: Path) -> None:
    page = watched.open(searched)
    page.locator("nav").get_by_role("link", name="Searches").click()
    assert page.locator("h1").inner_text() == "Searches"
    page.get_by_role("link", name="junior").click()
    page.locator(".findings .message a").first.click()
    rows = page.locator(".chunks > li")
    assert rows.count() == 2
    cut = rows.first.locator(".cut.c")
    assert cut.inner_text() == "cut inside a UTF-8 character"
    assert not page.locator(".hex").first.is_visible()
    page.get_by_text("hex", exact=True).click()
    assert page.locator(".hex").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_searches_fit_a_phone(chromium: sync_api.Browser, searched: Path, scheme: str) -> None:
    phone = Watched(chromium, viewport=PHONE, is_mobile=True, has_touch=True, color_scheme=scheme)
    pages = sorted(searched.parent.rglob("*.html"))
    wide = [path.name for path in pages if overflows(phone.open(path))]
    phone.context.close()
    assert (len(pages), wide) == (9, [])
    assert phone.complaints == []


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_snapshot(large_run(2), tmp_path_factory.mktemp("snapshot"))


@pytest.mark.parametrize("name", ["index.html", "systems/python-codex.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_snapshot_fits_a_phone_and_can_be_read(
    chromium: "sync_api.Browser", snapshot: Path, name: str, scheme: str
) -> None:
    small = Watched(chromium, viewport=PHONE, color_scheme=scheme)
    page = small.open(snapshot.parent / name)
    assert not overflows(page)
    crossing = page.locator(".scroll.plain tbody th").evaluate_all(
        "heads => heads.filter(head => head.scrollWidth > head.clientWidth).map(head => head.textContent)"
    )
    assert crossing == []
    small.context.close()
    assert small.complaints == []


def test_a_silent_failure_of_the_snapshot_leads_to_its_place_on_its_systems_page(
    watched: Watched, snapshot: Path
) -> None:
    page = watched.open(snapshot)
    page.locator(".digest .where a").first.click()
    assert "/systems/" in page.url
    target = page.locator("li:target")
    assert target.count() == 1
    assert "harness replay --system" in target.inner_text()
    page.get_by_role("link", name="Overview").click()
    assert page.url.endswith("index.html")
