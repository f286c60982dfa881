"""The matrix as its script makes it: filters with counts, addresses, families that unfold, the keyboard, paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.report.site.matrix_page import write_matrix
from harness.report.site.navigation import places
from harness.report.site.pages import asset, write_page
from harness.report.site.site import Site
from harness.runner.results import Run

from ..sample import large_run, small_run
from ..sample_hostile import hostile_run
from .watched import PHONE, Watched, overflows, sync_api

Browse = Callable[..., Watched]
Open = Callable[..., sync_api.Page]
SHORT = {"viewport": {"width": 1440, "height": 500}}


def matrix_of(runs: Sequence[Run], folder: Path) -> Path:
    """The page of the matrix alone."""
    site = Site.over(runs, folder)
    site.environment.globals["nav"] = places(site)
    write_page(folder / "static" / "report.css", asset("report.css"))
    write_matrix(site)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scenarios in eight columns, unfolded; the reference passes, openai-python fails in all that it can."""
    return matrix_of([small_run()], tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty-six scenarios in fourteen columns of seven systems, folded, and two columns of an older version."""
    run = large_run(5)
    older = tuple(replace(each, system_version="1.0.0") for each in run.results if each.system == "openai-python")
    return matrix_of([Run(run.header, (*run.results, *older), (), run.footer)], tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scenario in ninety-six columns of thirty-six systems."""
    run = small_run()
    copies = tuple(
        replace(each, system=f"{each.system}-{number:02}") for number in range(12) for each in run.results[:8]
    )
    return matrix_of([Run(run.header, copies, (), run.footer)], tmp_path_factory.mktemp("wide"))


@pytest.fixture
def open_matrix(browse: Browse) -> Open:
    def opened(folder: Path, query: str = "", **options: Any) -> sync_api.Page:
        return browse(**options).open(folder, f"matrix.html{query}", "#count:not(:empty)")

    return opened


def titles(page: sync_api.Page) -> list[str]:
    """The scenarios that are drawn."""
    return list(page.locator("tr.row > th > a").all_inner_texts())


def heads(page: sync_api.Page) -> list[str]:
    return list(page.locator("tr.systems > th:not(.corner) b").all_inner_texts())


def query_of(page: sync_api.Page) -> str:
    return str(page.evaluate("location.search"))


def search(page: sync_api.Page, name: str) -> sync_api.Locator:
    return page.get_by_role("searchbox", name=name)


def choose(page: sync_api.Page, facet: str, *words: str) -> None:
    """Opens a filter's list, ticks what is named, and closes it."""
    summary = page.locator(".facet summary", has_text=facet)
    summary.click()
    for each in words:
        page.locator(".facet[open] label", has=page.get_by_text(each, exact=True)).click()
    page.keyboard.press("Escape")


def focused(page: sync_api.Page) -> str:
    """The name of what has the keyboard."""
    return str(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText"))


SILENT = [
    "A cut inside a three-byte character",
    "The connection closes mid-answer, with no stop reason",
    "An error in the stream after some text",
    "Lines end in CR LF",
    "A think tag cut in two",
    "Usage after the stop reason",
]


def test_cells_have_their_words_marks_and_addresses(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    assert len(titles(page)) == 12
    row = page.locator("tr.row", has_text="The connection closes mid-answer")
    cell = row.locator("td").last.locator("a")
    assert cell.get_attribute("aria-label") == "content passes; ending fails silently; silent-truncation"
    assert cell.get_attribute("href") == ("cell.html?ending/closed-mid-text/openai-python@3.52.0/openai-responses")
    halves = cell.locator("span.h").evaluate_all("all => all.map(each => getComputedStyle(each).backgroundColor)")
    assert halves == ["rgb(236, 246, 238)", "rgb(168, 15, 51)"]
    assert row.locator("td").first.locator("a").get_attribute("aria-label") == "content passes; ending passes"
    may = page.locator("tr.row", has_text="Usage after the stop reason").locator("td a").last
    assert may.get_attribute("aria-label") == "content fails silently (may); ending passes; loss"


def test_rows_are_filtered_by_what_became_of_cells_and_counted(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    assert page.locator("#count").inner_text().startswith("12 scenarios, 8 columns, 96 cases: ")
    choose(page, "Result", "fails silently")
    assert titles(page) == SILENT
    assert heads(page) == ["openai-python"]
    assert page.locator("#count").inner_text() == "6 of 12 scenarios, 2 of 8 columns, 12 cases: 12 fail silently"
    assert query_of(page) == "?result=silent"
    page.get_by_role("button", name="Clear all").click()
    assert len(titles(page)) == 12
    assert query_of(page) == ""


def test_filters_of_one_list_add_up_and_those_of_two_narrow(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    choose(page, "Result", "fails silently", "hangs")
    assert len(titles(page)) == 7
    choose(page, "Level", "may")
    assert titles(page) == ["Usage after the stop reason"]
    choose(page, "Dialect", "openai-chat")
    assert page.locator("#count").inner_text() == "1 of 12 scenarios, 1 of 8 columns, 1 case: 1 fail silently"
    assert query_of(page) == "?result=hang&result=silent&level=may&dialect=openai-chat"


def test_a_half_may_be_asked_for_alone(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?result=silent&half=ending")
    assert titles(page) == [
        "The connection closes mid-answer, with no stop reason",
        "An error in the stream after some text",
    ]
    page = open_matrix(small, "?kind=retry&half=content")
    assert titles(page) == []
    assert page.locator("#count").inner_text() == "Nothing in the matrix is like that."


def test_a_cell_is_found_by_what_became_of_either_half(open_matrix: Open, tmp_path: Path) -> None:
    run = small_run()
    silent, hanging = (
        next(each for each in run.results if each.scenario == name and each.verdict == "fail")
        for name in ("framing/crlf", "ending/silence")
    )
    both = replace(silent, ending="fail", failures=[*silent.failures, *hanging.failures])
    matrix_of([Run(run.header, (both,), (), None)], tmp_path)
    for result in ("silent", "hang"):
        page = open_matrix(tmp_path, f"?result={result}")
        assert titles(page) == ["Lines end in CR LF"]
    assert page.locator("tr.row td a").get_attribute("aria-label") == (
        "content fails silently; ending hangs; loss, hang"
    )
    assert titles(open_matrix(tmp_path, "?result=hang&half=content")) == []


def test_each_value_says_how_many_cells_it_would_leave(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?level=should")
    page.locator(".facet summary", has_text="Level").click()
    counts = page.locator(".facet[open] label").all_inner_texts()
    assert [text.split() for text in counts] == [["must", "72"], ["should", "16"], ["may", "8"]]
    page.locator(".facet summary", has_text="Kind of failure").click()
    kinds = {text.split()[0]: text.split()[1] for text in page.locator(".facet[open] label").all_inner_texts()}
    assert (kinds["leak"], kinds["retry"], kinds["loss"]) == ("2", "3", "0")


def test_scenarios_and_systems_are_searched_by_their_words(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    search(page, "Scenario").fill("CUT in")
    assert titles(page) == ["A cut inside a three-byte character", "A think tag cut in two"]
    search(page, "System").fill("python 2.11")
    assert heads(page) == ["anthropic-python"]
    search(page, "Scenario").fill("ending/")
    assert len(titles(page)) == 2
    assert query_of(page) == "?scenario=ending/&system=python+2.11"


def test_rows_in_which_systems_differ(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?system=reference&rows=differ")
    assert titles(page) == []
    search(page, "System").fill("")
    assert len(titles(page)) == 12
    page = open_matrix(small, "?system=anthropic-python&rows=differ")
    assert titles(page) == []


def test_columns_without_a_match_can_be_kept_and_pale(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?result=hang")
    assert heads(page) == ["anthropic-python", "openai-python"]
    page.get_by_role("button", name="Columns without a match").click()
    assert heads(page) == ["reference", "anthropic-python", "openai-python"]
    assert page.locator("tr.row td.dim").count() == 5
    assert query_of(page) == "?result=hang&columns=all"


def test_one_version_of_a_system_can_be_looked_at(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large)
    choose(page, "Version", "openai-python 1.0.0")
    assert page.locator("tr.systems > th:not(.corner)").all_inner_texts() == ["openai-python 1.0.0"]
    assert query_of(page) == "?version=openai-python@1.0.0"
    choose(page, "System", "ollama-python")
    assert heads(page) == ["ollama-python", "openai-python"]


def test_known_failures_can_be_left_out_or_looked_at_alone(open_matrix: Open, tmp_path: Path) -> None:
    run = small_run()
    results = tuple(replace(each, known="seen") if each.scenario == "framing/crlf" else each for each in run.results)
    matrix_of([Run(run.header, results, (), run.footer)], tmp_path)
    page = open_matrix(tmp_path, "?known=only")
    assert titles(page) == ["Lines end in CR LF"]
    known = page.locator("tr.row td a.known").last
    assert known.get_attribute("aria-label") == "content fails silently; ending passes; loss; known"
    page = open_matrix(tmp_path, "?known=without&result=silent")
    assert "Lines end in CR LF" not in titles(page)
    assert len(titles(page)) == 5


def test_back_undoes_a_filter_and_an_address_shares_it(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    choose(page, "Result", "hangs")
    choose(page, "Dialect", "openai-chat")
    search(page, "Scenario").press_sequentially("silent")
    shared = query_of(page)
    assert shared == "?scenario=silent&result=hang&dialect=openai-chat"
    page.go_back()
    assert search(page, "Scenario").input_value() == ""
    page.go_back()
    assert query_of(page) == "?result=hang"
    assert heads(page) == ["anthropic-python", "openai-python"]
    page.go_back()
    assert len(titles(page)) == 12
    for _ in range(3):
        page.go_forward()
    assert titles(page) == ["The server falls silent mid-answer"]
    assert titles(open_matrix(small, shared)) == ["The server falls silent mid-answer"]


def test_what_an_address_asks_for_and_is_not_there_is_left_out(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?result=nonsense&family=gone&half=both&level=may&x=%3Cscript%3E")
    assert titles(page) == ["Usage after the stop reason"]


def test_filters_in_force_can_be_taken_away_one_by_one(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?result=silent&half=ending&scenario=error")
    chips = page.locator("#chips button")
    assert chips.all_inner_texts() == ["Scenario: error×", "Result: fails silently×", "ending×"]
    page.get_by_role("button", name="Remove Scenario: error").click()
    assert len(titles(page)) == 2
    assert page.evaluate("document.activeElement.closest('#chips') !== null")


def test_families_unfold_one_by_one_and_all_at_once(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large)
    assert titles(page) == []
    family = page.get_by_role("button", name="chunking")
    assert family.get_attribute("aria-expanded") == "false"
    family.click()
    assert len(titles(page)) == 10
    assert page.get_by_role("button", name="chunking").get_attribute("aria-expanded") == "true"
    assert query_of(page) == "?fold=chunking"
    page.get_by_role("button", name="Unfold all").click()
    assert query_of(page) == "?unfold=all"
    page.get_by_role("button", name="Fold all").click()
    assert titles(page) == []


def test_families_say_the_same_with_a_script_as_without(browse: Browse, open_matrix: Open, large: Path) -> None:
    pages = (browse(java_script_enabled=False).open(large, "matrix.html"), open_matrix(large))
    read = "all => all.map(each => `${each.className.replace(/ ?first/, '')} ${each.textContent}`.trim())"
    plain, drawn = (page.locator("tr.family td").evaluate_all(read) for page in pages)
    assert len(plain) == 8 * 16
    assert drawn == plain


def test_only_rows_in_sight_are_drawn_and_scrolling_draws_the_rest(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?unfold=all", **SHORT)
    assert page.locator("#grid").get_attribute("aria-rowcount") == "66"  # 56 scenarios, 8 families, 2 lines of heads
    assert len(titles(page)) < 40
    assert "Usage after the stop reason" not in titles(page)
    page.locator("#scroll").evaluate("each => { each.scrollTop = each.scrollHeight }")
    page.get_by_role("link", name="Usage after the stop reason, after a keep-alive").wait_for()
    assert page.locator("tr.row").last.get_attribute("aria-rowindex") == "66"
    assert "A plain answer in eight deltas" not in titles(page)


def test_of_very_many_columns_only_those_around_what_is_seen_are_drawn(open_matrix: Open, wide: Path) -> None:
    page = open_matrix(wide, viewport={"width": 900, "height": 700})
    cells = page.locator("tr.row td:not(.blank)")
    assert page.locator("#grid").get_attribute("aria-colcount") == "97"
    assert cells.count() < 60
    assert cells.first.get_attribute("aria-colindex") == "2"
    page.locator("#scroll").evaluate("each => { each.scrollLeft = each.scrollWidth }")
    page.locator("tr.row td[aria-colindex='97']").wait_for()
    assert cells.count() < 60
    cells.last.hover()
    assert "reference-11 0.1.0 · openai-responses" in page.locator("#readout").inner_text()
    spans = page.locator("tr.row").evaluate("line => [...line.cells].reduce((sum, cell) => sum + cell.colSpan, 0)")
    assert spans == 97


def test_scrolling_both_ways_at_once_stays_where_it_was_scrolled_to(open_matrix: Open, tmp_path: Path) -> None:
    run = large_run(3)
    copies = tuple(replace(each, system=f"{each.system}-{number}") for number in range(6) for each in run.results)
    matrix_of([Run(run.header, copies, (), None)], tmp_path)
    page = open_matrix(tmp_path, "?unfold=all", viewport={"width": 900, "height": 500})
    page.locator("#scroll").evaluate("each => { each.scrollLeft = 1000; each.scrollTop = 500 }")
    page.locator("tr.row td[aria-colindex='70']").first.wait_for()
    assert page.locator("#scroll").evaluate("each => [each.scrollLeft, each.scrollTop]") == [1000, 500]


def test_the_keyboard_walks_to_columns_that_are_not_drawn(open_matrix: Open, wide: Path) -> None:
    page = open_matrix(wide, viewport={"width": 900, "height": 700})
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    place = "document.activeElement.closest('td').getAttribute('aria-colindex')"
    address = "document.activeElement.getAttribute('href')"
    assert page.evaluate(place) == "97"
    for _ in range(50):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate(place) == "47"
    assert page.evaluate(address).startswith("cell.html?canary/plain-text/")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    head = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert head.replace(" ", "@") in page.evaluate(address)
    page.keyboard.press("Home")
    assert focused(page) == "A plain answer in eight deltas"


def test_heads_stay_in_sight(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?unfold=all", viewport={"width": 700, "height": 500})
    page.locator("#scroll").evaluate("each => { each.scrollTop = 600; each.scrollLeft = 500 }")
    area = page.locator("#scroll").bounding_box() or {}
    head = page.locator("tr.systems > th").nth(5).bounding_box() or {}
    label = page.locator("tr.row > th").last.bounding_box() or {}
    assert head["y"] == pytest.approx(area["y"], abs=2)
    assert label["x"] == pytest.approx(area["x"], abs=2)


def test_the_whole_matrix_is_one_tab_stop_that_arrows_move(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    page.locator("#names").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the link that skips the matrix
    assert focused(page).startswith("canary")
    steps = [
        ("ArrowDown", "A plain answer in eight deltas"),
        ("ArrowRight", "content passes; ending passes"),
        ("End", "content fails; ending passes; loss"),
        ("Home", "A plain answer in eight deltas"),
        ("Control+End", "content fails silently (may); ending passes; loss"),
        ("Control+Home", "canary 1"),
        ("ArrowUp", "reference 0.1.0"),
        ("ArrowDown", "1/1"),
        ("ArrowLeft", "canary 1"),
        ("ArrowLeft", "canary 1"),
    ]
    for key, name in steps:
        page.keyboard.press(key)
        assert "".join(focused(page).split()) == name.replace(" ", ""), key
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('grid').contains(document.activeElement)") is False


def test_enter_unfolds_a_family_and_arrows_reach_its_cells(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large)
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert len(titles(page)) == 10
    assert focused(page).startswith("chunking")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    address = page.evaluate("document.activeElement.getAttribute('href')")
    assert address == "cell.html?chunking/every-byte/reference@0.1.0/anthropic-messages"
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    assert titles(page) == []


def test_enter_follows_a_cell_and_back_shows_the_same_choice(browse: Browse, site: Callable[[str], Path]) -> None:
    window = browse()
    page = window.open(site("whole"), "matrix.html?result=silent&name=openai-python", "#count:not(:empty)")
    page.locator("#grid [tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("#reproduce").wait_for()
    assert page.locator("h1").inner_text() == "A cut inside a three-byte character"
    page.go_back()
    page.locator("#count:not(:empty)").wait_for()
    assert titles(page) == SILENT


def test_the_keyboard_finds_back_to_a_row_that_was_scrolled_away(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?unfold=all", **SHORT)
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#scroll").evaluate("each => { each.scrollTop = each.scrollHeight }")
    page.locator("#scroll:focus").wait_for()
    assert page.locator("#scroll").get_attribute("tabindex") == "0"
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("chunking")
    assert page.locator("#scroll").get_attribute("tabindex") == "-1"


def test_page_keys_walk_by_screens(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?unfold=all", **SHORT)
    page.locator("#grid [tabindex='0']").focus()
    page.keyboard.press("PageDown")
    line = page.evaluate("Number(document.activeElement.closest('tr').getAttribute('aria-rowindex'))")
    assert 6 < line < 30
    page.keyboard.press("PageUp")
    assert focused(page).startswith("canary")


def test_what_has_the_keyboard_is_in_sight_below_and_beside_the_heads(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?unfold=all", viewport={"width": 700, "height": 500})
    page.locator("#grid [tabindex='0']").focus()
    hidden = """() => {
      const place = document.activeElement.getBoundingClientRect(), scroll = document.getElementById("scroll");
      const area = scroll.getBoundingClientRect(), corner = scroll.querySelector(".corner").getBoundingClientRect();
      return place.top < corner.bottom - 1 || place.bottom > area.top + scroll.clientHeight + 2
        || place.left < corner.right - 1 || place.right > area.left + scroll.clientWidth + 2;
    }"""
    walk = ["ArrowRight"] * 16 + ["ArrowDown"] * 30 + ["ArrowUp"] * 25 + ["ArrowLeft"] * 15
    lost = []
    for place, key in enumerate(walk):
        page.keyboard.press(key)
        if page.evaluate(hidden):
            lost.append((place, key))
    assert lost == []


def test_what_is_looked_at_is_said_in_full(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    row = page.locator("tr.row", has_text="The server falls silent")
    row.locator("td a").last.hover()
    words = page.locator("#readout").inner_text()
    assert "The server falls silent mid-answer" in words
    assert "openai-python 3.52.0 · openai-responses" in words
    assert "nothing came for 30 s, and the caller was still waiting" in words
    assert page.locator("tr.systems th.at").inner_text() == "openai-python 3.52.0"
    row.locator("td a").first.focus()
    assert "content passes; ending passes" in page.locator("#readout").inner_text()


def test_most_failures_can_come_first(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    page.get_by_role("button", name="Most failures first").click()
    assert heads(page) == ["openai-python", "anthropic-python", "reference"]
    assert titles(page)[3:5] == [
        "The server falls silent mid-answer",
        "The connection closes mid-answer, with no stop reason",
    ]
    assert query_of(page) == "?order=failures"
    page.go_back()
    assert heads(page) == ["reference", "anthropic-python", "openai-python"]


def test_rows_may_be_named_by_their_ids(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small, "?family=ending")
    page.get_by_role("button", name="Names as ids").click()
    assert titles(page) == ["closed-mid-text", "silence"]
    assert page.get_by_role("button", name="Names as ids").get_attribute("aria-pressed") == "true"


def test_a_list_of_values_closes_by_escape_and_by_a_click_elsewhere(open_matrix: Open, small: Path) -> None:
    page = open_matrix(small)
    summary = page.locator(".facet summary", has_text="Family")
    summary.click()
    page.locator(".facet[open] input").first.focus()
    page.keyboard.press("Escape")
    assert page.locator(".facet[open]").count() == 0
    assert focused(page).startswith("Family")
    summary.click()
    page.locator("h1").click()
    assert page.locator(".facet[open]").count() == 0


def test_few_columns_have_level_heads_and_many_slanted_ones(open_matrix: Open, small: Path, large: Path) -> None:
    turned = "each => getComputedStyle(each).transform"
    head = open_matrix(small).locator("tr.systems > th a").first
    assert head.evaluate(turned) == "none"
    page = open_matrix(large)
    assert page.locator("tr.systems > th a").first.evaluate(turned).startswith("matrix(0.6")
    search(page, "System").fill("ollama-python")
    assert page.locator("tr.systems > th a").first.evaluate(turned) == "none"


@pytest.mark.parametrize("query", ["?unfold=all", "?result=silent"])
def test_on_a_phone_only_the_matrix_scrolls_sideways(open_matrix: Open, large: Path, query: str) -> None:
    page = open_matrix(large, query, **PHONE)
    assert not overflows(page)
    page.locator("#scroll").evaluate("each => { each.scrollLeft = 10000 }")
    label = page.locator("tr.family > th").first.bounding_box() or {}
    cell = page.locator("tr.family").first.locator("td").last.bounding_box() or {}
    assert label["x"] >= 0
    assert cell["x"] + cell["width"] <= 390
    assert cell["x"] >= label["x"] + label["width"]
    page.locator(".facet summary").first.tap()
    assert page.locator(".facet[open] .panel").is_visible()
    assert not overflows(page)


def test_paper_gets_all_that_is_left_of_the_matrix(open_matrix: Open, large: Path) -> None:
    page = open_matrix(large, "?family=usage&unfold=all", viewport={"width": 1000, "height": 300})
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    paper = page.locator(".paper")
    assert paper.is_visible()
    assert not page.locator("#scroll").is_visible()
    assert paper.locator("tr.row").count() == 5
    assert "Family: usage" in paper.locator("p").inner_text()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert paper.count() == 0
    assert page.locator("#scroll").is_visible()


def test_paper_has_so_many_tables_that_all_columns_fit(open_matrix: Open, wide: Path) -> None:
    page = open_matrix(wide)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    tables = page.locator(".paper table")
    assert [table.locator("tr.dialects th").count() for table in tables.all()] == [44, 44, 8]
    assert [table.locator("tr.row").first.locator("td").count() for table in tables.all()] == [44, 44, 8]
    widths = "lines => lines.map(line => [...line.cells].reduce((sum, cell) => sum + cell.colSpan, 0))"
    assert page.locator(".paper tr.systems").evaluate_all(widths) == [45, 45, 9]


def test_hostile_names_are_text_in_the_matrix(browse: Browse, tmp_path: Path) -> None:
    page = browse().open(matrix_of([hostile_run()], tmp_path), "matrix.html", "#count:not(:empty)")
    assert page.locator("main script, main img, main style").count() == 0
    assert any("<script>document.title='owned'</script>" in title for title in titles(page))
    page.locator("tr.row td a").first.hover()
    assert "<img src=x" in page.locator("#readout").inner_text()
    choose(page, "Family", "..")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main script, main img, main style").count() == 0
    assert page.title() == "Matrix: 1 system, 2 scenarios"
    links = page.locator("tr.row td a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert [link for link in links if not link.startswith("cell.html?")] == []
