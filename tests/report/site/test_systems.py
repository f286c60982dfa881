"""A system's page: every failure with its reason, hint and command; what it sends; how it repeats requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_fields

from harness.report.site.site import Site
from harness.report.site.snapshot import render_snapshot
from harness.report.site.systems import write_systems
from harness.runner.results import Evidence, Footer, Result, Run, UnreadableResults, read_run, write_run

from ..sample import SITUATIONS, run_of, small_run
from ..sample_hostile import SCRIPT
from ..sample_retries import refusals, refused_result
from ..sample_search import finding_of, search_of
from ..sample_wire import attempt
from .test_html import Page

FOUR = "rate-limits/retry-after-seconds"
MINUTE = "rate-limits/retry-after-a-minute"


def run_with(*results: Result, system: str = "openai-python") -> Run:
    """A run of one system with these results besides its canary."""
    run = run_of((system,), SITUATIONS[:1], {})
    return replace(run, results=(*run.results, *results), footer=Footer(len(results) + len(run.results), 1.0))


def system_page(run: Run, folder: Path, name: str = "openai-python") -> Page:
    write_systems(Site.over([run], folder))
    [path] = (folder / "systems").glob(f"{name}-*.html")
    return Page(path)


def rows(page: Page) -> list[str]:
    """The rows of the tables of retries, each as one line of text."""
    section = page.path.read_text().partition('<section id="retries"')[2].partition("</section>")[0]
    plain = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)]
    return [" ".join(row.split()) for row in plain]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Page:
    run = run_with(*refusals())
    return system_page(run, tmp_path_factory.mktemp("refused"))


def test_what_it_waits_is_a_table_of_measured_times(refused: Page) -> None:
    assert rows(refused) == [
        "What it waits for openai-chat openai-responses",
        "429, Retry-After: 4 4.13 s 0.47 s, 0.51 s too soon",
        "429, Retry-After: 61, each time still waiting after 25 s gives up at once",
        "429, Retry-After: soon takes the refusal for an answer not sent in this dialect",
        "How often it tries openai-chat openai-responses",
        "529 each time, two repeats allowed 3 requests, 0.50, 1.00 s apart not sent in this dialect",
    ]


def test_what_was_not_measured_is_said_with_its_reason(refused: Page) -> None:
    assert "Not measured, not claimed: retry_after: 429, Retry-After: 0." in " ".join(refused.text.split())


def test_a_measured_time_leads_to_the_case_that_shows_it(refused: Page) -> None:
    [link] = [each for each in refused.all("a") if MINUTE in each["href"] and each["href"].endswith("/openai-chat")]
    assert link["href"] == f"../cell.html?{MINUTE}/openai-python@3.52.0/openai-chat"


def test_a_system_that_was_not_refused_has_no_such_table(tmp_path: Path) -> None:
    page = system_page(run_with(), tmp_path)
    assert "retries" not in page.ids and "requests" in page.ids


def test_the_requests_are_those_of_the_canary_without_keys_and_noise(refused: Page) -> None:
    text = refused.path.read_text().partition('<section id="requests"')[2]
    assert "POST /v1/chat/completions" in text and "POST /v1/responses" in text
    assert "sample/1.0" in text and "Bearer …" in text and "Weather in Oslo?" in text
    assert "127.0.0.1" not in text and "sk-test" not in text


def test_a_request_that_breaks_a_rule_says_so_and_stays_text(tmp_path: Path) -> None:
    run = run_with()
    odd = replace_fields(
        attempt("openai-chat", [b""], request_faults=["model-missing at model: it is required"]),
        request_body=f"{SCRIPT} in a body",
    )
    results = tuple(replace_fields(each, evidence=Evidence(wire=[odd])) for each in run.results)
    page = system_page(replace(run, results=results), tmp_path)
    assert "model-missing at model: it is required" in page.text
    assert f"{SCRIPT} in a body" in page.text and page.all("script") == []


def failing(run: Run, **fields: object) -> Run:
    return replace(run, results=tuple(_failing(run.results, fields)))


def _failing(results: Iterable[Result], fields: dict[str, object]) -> Iterable[Result]:
    for each in results:
        yield replace_fields(each, **fields) if each.verdict == "fail" else each


def test_a_failure_has_its_reason_its_hint_and_its_command(tmp_path: Path) -> None:
    known = {"known": "It reads on.", "known_proof": "https://example.invalid/issues/7"}
    page = system_page(failing(small_run(), **known), tmp_path)
    assert "It reads on." in page.text
    assert "https://example.invalid/issues/7" in {each["href"] for each in page.all("a")}
    assert "Use an incremental decoder" in page.text or "Decode whole frames" in page.text
    assert "harness replay --system openai-python --scenario chunking/inside-a-character" in page.text


def test_a_reason_and_a_hint_stand_in_full_once_and_are_led_to_after_that(tmp_path: Path) -> None:
    page = system_page(failing(small_run(), known="It reads on."), tmp_path)
    assert page.text.count("It reads on.") == 1
    again = [each["href"] for each in page.all("a") if re.fullmatch(r"#[hk]\d+", each["href"])]
    assert again and {each[1:] for each in again} <= set(page.ids)
    assert sum(each.startswith("#k") for each in again) > 3 and sum(each.startswith("#h") for each in again) > 3


def test_all_findings_of_a_case_are_told_not_the_gravest_alone(tmp_path: Path) -> None:
    run = small_run()
    [first, *_] = [each for each in run.results if each.verdict == "fail"]
    second = replace_fields(first.failures[0], kind="late", silent=False, message="and it came late")
    double = replace_fields(first, failures=[*first.failures, second])
    results = tuple(double if each is first else each for each in run.results)
    page = system_page(replace(run, results=results), tmp_path, first.system)
    assert "also late and it came late" in " ".join(page.text.split())


def test_what_is_unsupported_is_grouped_by_what_was_never_claimed(tmp_path: Path) -> None:
    page = system_page(small_run(), tmp_path, "anthropic-python")
    assert "unsupported" in page.ids
    assert page.all("details")


def test_evidence_that_lies_in_a_file_is_read_from_there(tmp_path: Path) -> None:
    run = run_with(refused_result(FOUR, 0.0, 4.13, answered=True))
    path = tmp_path / "results.jsonl"
    write_run(path, [run.header, *run.results, run.footer or Footer(0, 0.0)])
    assert "429, Retry-After: 4 4.13 s" in "\n".join(
        rows(system_page(read_run(path, evidence=False), tmp_path / "site"))
    )


def test_a_file_that_changed_meanwhile_is_named(tmp_path: Path) -> None:
    run = run_with()
    path = tmp_path / "results.jsonl"
    write_run(path, [run.header, *run.results])
    light = read_run(path, evidence=False)
    path.write_text("{\n")
    with pytest.raises(UnreadableResults, match=r"results\.jsonl: line 1"):
        write_systems(Site.over([light], tmp_path / "site"))


def test_in_a_snapshot_findings_of_searches_stand_on_the_systems_page(tmp_path: Path) -> None:
    run = run_of(("openai-python",), SITUATIONS[:1], {})
    finding = finding_of(known="It decodes by reads.", known_proof="docs/findings/x.md")
    found = search_of("openai-python", "cuts", finding, system_version="3.52.0")
    render_snapshot(replace(run, searches=(found,)), tmp_path)
    text = Page(tmp_path / "systems" / "openai-python.html").text
    assert "cut after byte" in text and "It decodes by reads." in text
    hrefs = [each["href"] for each in Page(tmp_path / "index.html").all("a")]
    assert hrefs.count("systems/openai-python.html#searches") == 1
    assert not (tmp_path / "searches").exists()
