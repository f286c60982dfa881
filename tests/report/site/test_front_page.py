from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harness.report.comparison import past_of
from harness.report.matrix import build_matrix
from harness.report.site.front_page import front_page
from harness.report.site.html import render_report
from harness.report.trend import point_of
from harness.runner.results import Footer, Run

from ..sample import SITUATIONS, header_of, run_of, small_run
from ..sample_hostile import BIDI, SCRIPT, hostile_run
from .test_html import Page


def values(run: Run) -> dict[str, Any]:
    return front_page(build_matrix([run]))


def test_the_headline_says_how_many_systems_fail_a_must() -> None:
    assert values(small_run())["headline"] == "A must failed in 2 of 3 systems; 12 of 96 cases failed silently."
    assert values(run_of(("reference",), SITUATIONS, {}))["headline"] == (
        "No must failed in 1 system; 0 of 60 cases failed silently."
    )
    run = run_of(("ollama-python",), SITUATIONS[1:2], {"ollama-python": lambda place: "fail"})
    known = Run(run.header, (replace(run.results[0], known="see the tracker"),), (), run.footer)
    assert "A must failed in 1 of 1 system, each time as a known failure" in values(known)["headline"]
    unjudged = run_of(("reference",), SITUATIONS[:1], {"reference": lambda place: "error"})
    assert "not every one of 1 system was judged" in values(unjudged)["headline"]
    assert values(Run(header_of((), {}), (), (), Footer(0, 0.0)))["headline"] == "No case ran."


def test_a_column_whose_canary_fails_is_suspected() -> None:
    suspects = values(small_run())["suspects"]
    assert [(column.system, column.dialect) for column, _ in suspects] == [
        ("openai-python", "openai-chat"),
        ("openai-python", "openai-responses"),
    ]
    assert suspects[0][1][0].result.scenario == "canary/plain-text"


def test_silent_failures_of_a_must_come_before_those_of_a_may() -> None:
    loudest = values(small_run())["loudest"]
    assert [row.scenario for row, _, _ in loudest][-1] == "usage/late"
    row, systems, meanings = loudest[0]
    assert row.scenario == "chunking/inside-a-character"
    assert [(name, len(cells)) for name, cells in systems] == [("openai-python 3.52.0", 2)]
    assert meanings == ["something reached the caller changed"]


def test_what_most_systems_fail_silently_comes_first() -> None:
    outcomes = {
        "openai-python": lambda place: "fail",
        "ollama-python": lambda place: "fail" if place == 1 else "pass",
    }
    loudest = values(run_of(("openai-python", "ollama-python"), SITUATIONS[2:4], outcomes))["loudest"]
    assert [row.scenario for row, _, _ in loudest] == ["ending/closed-mid-text", "chunking/inside-a-character"]


def test_a_known_failure_that_passes_is_stale() -> None:
    run = run_of(("ollama-python",), SITUATIONS[:2], {})
    results = (replace(run.results[0], known="it drops deltas"), run.results[1])
    found = values(Run(run.header, results, (), run.footer))
    assert [cell.result.scenario for cell in found["stale"]] == ["canary/plain-text"]
    flaky = (replace(results[0], flaky=True), run.results[1])
    assert values(Run(run.header, flaky, (), run.footer))["stale"] == []


def test_an_entry_whose_time_is_over_is_told(tmp_path: Path) -> None:
    run = run_of(("ollama-python",), SITUATIONS[:2], {})
    over = replace(run.results[0], expired="it drops deltas", known_until="2026-01-31")
    said = overview(tmp_path, Run(run.header, (over, run.results[1]), (), run.footer))
    assert "No longer excused: ollama-python · ollama · canary/plain-text (known until 2026-01-31)" in said
    assert "No longer excused" not in overview(tmp_path, run)


def overview(folder: Path, *runs: Run, **known: Any) -> str:
    return " ".join(Page(render_report(runs, folder, **known)).text.split())


def test_the_overview_says_what_changed_since_the_run_before(tmp_path: Path) -> None:
    before = run_of(("reference", "ollama-python"), SITUATIONS[:4], {})
    after = run_of(("reference", "ollama-python"), SITUATIONS[:4], {"ollama-python": lambda place: "fail"})
    text = overview(tmp_path, after, before=past_of([before]))
    assert "Since the run before, 4 cases that passed fail." in text
    assert "Since 2026-11-20 10:00 UTC" in text
    assert "4 Passed before, and fails now must A cut inside a three-byte character" in text
    assert "ollama-python ollama pass → fail [loss]" in text


def test_without_an_earlier_run_nothing_is_said_of_changes(tmp_path: Path) -> None:
    text = overview(tmp_path, small_run())
    assert "Since" not in text
    assert "The history has no earlier run" not in text


def test_the_overview_draws_families_and_runs_with_titles_descriptions_and_tables(tmp_path: Path) -> None:
    point = point_of([small_run()])
    earlier = replace(point, started="2026-11-19T10:00:00Z", all=replace(point.all, silent=20))
    page = Page(render_report([small_run()], tmp_path, trend=(earlier, point)))
    pictures = [each for each in page.all("svg") if each.get("role") == "img"]
    assert len(pictures) == 3
    for picture in pictures:
        assert set(picture["aria-labelledby"].split()) <= set(page.ids)
    assert len(page.all("summary")) == 2
    text = " ".join(page.text.split())
    assert "Over 2 runs" in text
    assert "Silent failures: 20 in the first run, 12 in the last. 2 runs." in text
    assert "Systems by the share of must scenarios that they pass, family by family" in text


def test_a_first_run_says_that_there_is_no_earlier_one(tmp_path: Path) -> None:
    text = overview(tmp_path, small_run(), trend=(point_of([small_run()]),))
    assert "The history has no earlier run of these systems" in text


def test_many_columns_have_a_line_for_each_system_and_suspects_fold(tmp_path: Path) -> None:
    systems = [f"client-{number}" for number in range(41)]
    run = run_of(("ollama-python",), SITUATIONS[:2], {"ollama-python": lambda place: "fail"})
    results = tuple(replace(each, system=name) for name in systems for each in run.results)
    page = Page(render_report([Run(run.header, results, (), run.footer)], tmp_path))
    text = " ".join(page.text.split())
    assert "All dialects of a system together" in text
    assert "41 of 41 columns, in client-0, client-1" in text
    assert text.count("1 canary") == 41


def test_the_head_of_every_page_leads_to_those_that_there_are(tmp_path: Path) -> None:
    render_report([small_run()], tmp_path)
    index = Page(tmp_path / "index.html")
    assert [link["href"] for link in index.all("a") if link.get("aria-current") == "page"] == ["index.html"]
    assert {"href": "matrix.html"} in index.all("a")
    assert {"href": "recordings.html"} not in index.all("a")
    system = Page(next((tmp_path / "systems").iterdir()))
    assert {"href": "../matrix.html"} in system.all("a")


def test_hostile_words_among_changes_and_points_are_text(tmp_path: Path) -> None:
    run = hostile_run()
    point = point_of([run])
    good = Run(
        replace(run.header, catalogue=SCRIPT, harness=BIDI),
        tuple(replace(each, verdict="pass", failures=[]) for each in run.results),
        (),
        run.footer,
    )
    trend = (point_of([good]), replace(point, started=SCRIPT))
    page = Page(render_report([run], tmp_path, before=past_of([good]), trend=trend))
    assert page.text.count(SCRIPT) > 4
    assert "In between: catalogue" in page.text
    assert page.all("script") == []
    assert BIDI not in (tmp_path / "index.html").read_text("utf-8")


def test_systems_that_took_no_part_are_named_with_the_reason(tmp_path: Path) -> None:
    run = small_run()
    header = replace(run.header, left_out={"too-new": "it needs a newer Python", "reference": "only in this part"})
    text = overview(tmp_path, Run(header, run.results, (), run.footer))
    assert "1 system took no part too-newit needs a newer Python" in text


def test_the_overview_says_what_the_other_pages_are_for(tmp_path: Path) -> None:
    page = Page(render_report([small_run()], tmp_path))
    assert "Matrix every scenario in every system, by family" in " ".join(page.text.split())
    assert {"class": "onward", "aria-label": "Where to look"} in page.all("ul")
