"""A dialect's page: what it is, how systems stand in it, its hardest scenarios, and its rules."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as replace_fields

from harness.dialects import dialect_names
from harness.report.matrix import build_matrix
from harness.report.site.dialects import DESCRIPTIONS, dialect_hrefs, hardest, standings_in, write_dialects
from harness.report.site.site import Site
from harness.report.site.snapshot import render_snapshot
from harness.runner.results import Run

from ..sample import SITUATIONS, large_run, run_of, small_run
from ..sample_hostile import BIDI, hostile_run
from .test_html import Page


def page_of(run: Run, folder: Path, name: str = "openai-chat") -> Page:
    write_dialects(Site.over([run], folder))
    return Page(folder / "dialects" / f"{name}.html")


def words(page: Page) -> str:
    """The text of a page with a space wherever an element ends."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.path.read_text()).split())


def test_every_dialect_of_the_run_has_a_page_and_the_overview_leads_to_each(tmp_path: Path) -> None:
    write_dialects(Site.over([small_run()], tmp_path))
    names = ["anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses"]
    assert sorted(path.stem for path in (tmp_path / "dialects").iterdir()) == names
    hrefs = [each["href"] for each in Page(tmp_path / "dialects.html").all("a")]
    assert [each for each in hrefs if each.startswith("dialects/")] == [f"dialects/{name}.html" for name in names]


def test_every_dialect_that_we_know_is_described() -> None:
    assert {*dialect_names(), "ai-sdk-ui"} == set(DESCRIPTIONS)


def test_it_says_what_the_dialect_is_and_what_its_rules_are(tmp_path: Path) -> None:
    text = words(page_of(small_run(), tmp_path))
    assert "events without names, each a chunk of choices" in text
    assert "Framing server-sent events" in text
    assert "frame-not-utf8 must An event stream is UTF-8." in text
    assert "comment must Comments may stand between events; readers pass over them." in text


def test_every_rule_leads_to_the_one_on_whose_word_it_rests(tmp_path: Path) -> None:
    page = page_of(small_run(), tmp_path)
    places = {each["href"][1:] for each in page.all("a") if each["href"].startswith("#by-")}
    assert len(places) > 4 and places <= set(page.ids)


def test_systems_stand_in_the_order_of_what_they_pass() -> None:
    matrix = build_matrix([small_run()])
    columns = [column for column in matrix.columns if column.dialect == "openai-chat"]
    assert [each.system.name for each in standings_in(matrix, columns)] == ["reference", "openai-python"]
    assert [each.tally.percent for each in standings_in(matrix, columns)] == ["100 %", "0 %"]


def test_a_gateway_stands_on_the_pages_of_both_its_sides(tmp_path: Path) -> None:
    run = run_of(("openai-python",), SITUATIONS[:3], {})
    results = tuple(replace_fields(each, upstream="gemini") for each in run.results)
    gateway = replace(run, results=results)
    assert set(dialect_hrefs(build_matrix([gateway]))) == {"gemini", "openai-chat", "openai-responses"}
    assert "gemini → openai-chat" in page_of(gateway, tmp_path, "gemini").text
    assert "gemini → openai-responses" not in page_of(gateway, tmp_path, "openai-chat").text


def test_the_hardest_scenarios_are_those_that_the_largest_share_fails() -> None:
    matrix = build_matrix([large_run()])
    columns = [column for column in matrix.columns if column.dialect == "openai-chat"]
    found = hardest(matrix, columns)
    musts = [len(each.failing) / each.judged for each in found if each.row.level == "must"]
    assert len(found) == 20 and musts == sorted(musts, reverse=True)
    assert {cell.result.dialect for each in found for cell in each.failing} == {"openai-chat"}


def test_a_dialect_of_somebodys_own_has_a_page_without_rules(tmp_path: Path) -> None:
    run = run_of(("ollama-python",), SITUATIONS[:2], {})
    own = replace(run, results=tuple(replace_fields(each, dialect="my-own") for each in run.results))
    page = page_of(own, tmp_path, "my-own")
    assert "ollama-python" in page.text and "rules" not in page.ids


def test_a_hostile_name_of_a_dialect_stays_text_and_in_the_folder(tmp_path: Path) -> None:
    run = hostile_run()
    odd = replace(run, results=tuple(replace_fields(each, dialect=f"../{BIDI}<b>") for each in run.results))
    write_dialects(Site.over([odd], tmp_path / "site"))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    [page] = (tmp_path / "site" / "dialects").iterdir()
    assert BIDI not in page.read_text() and "<b>" not in page.read_text().partition("<h1>")[2].partition("</h1>")[0]


def test_a_snapshot_leads_to_the_rules_in_the_documents(tmp_path: Path) -> None:
    render_snapshot(small_run(), tmp_path / "reports" / "matrix", root=tmp_path)
    page = Page(tmp_path / "reports" / "matrix" / "dialects" / "openai-chat.html")
    assert "../../../docs/reference/rules.md#openai-chat" in {each["href"] for each in page.all("a")}
    assert "rules" not in page.ids
