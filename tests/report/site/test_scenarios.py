"""A scenario's page: who passes by name, what happened to the others, and all of it in little room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as replace_fields

from harness.report.matrix import build_matrix
from harness.report.site.scenarios import happenings, write_scenarios
from harness.report.site.site import Site
from harness.runner.results import Run

from ..sample import SITUATIONS, large_run, run_of, small_run
from .test_html import Page

CUT = "chunking/inside-a-character"


def pages(run: Run, folder: Path) -> dict[str, Page]:
    """The pages of all scenarios, by the beginning of their names."""
    write_scenarios(Site.over([run], folder))
    found = [Page(path) for path in sorted((folder / "scenarios").iterdir())]
    return {page.path.name.rpartition("-")[0]: page for page in found}


def many_systems(count: int) -> Run:
    """As many systems as asked for, which all pass but for every tenth."""
    run = run_of(("openai-python",), SITUATIONS[:3], {"openai-python": lambda place: "fail"})
    passing = run_of(("openai-python",), SITUATIONS[:3], {}).results
    results = [
        replace_fields(each, system=f"system-{number:03}", reproduce="harness replay")
        for number in range(count)
        for each in (run.results if number % 10 == 9 else passing)
    ]
    return replace(run, results=tuple(results))


def test_those_that_pass_are_named_with_links_and_what_happened_to_the_others_is_told(tmp_path: Path) -> None:
    page = pages(small_run(), tmp_path)["chunking--inside-a-character"]
    assert "Bytes are decoded chunk by chunk in many clients" in page.text
    assert "fails silently corruption" in " ".join(page.text.split())
    hrefs = [each["href"] for each in page.all("a")]
    assert f"../cell.html?{CUT}/reference@0.1.0/ollama" in hrefs
    assert f"../cell.html?{CUT}/openai-python@3.52.0/openai-responses" in hrefs


def test_what_happened_alike_is_told_once_with_all_to_whom_it_did() -> None:
    matrix = build_matrix([many_systems(40)])
    [row] = [row for row in matrix.rows if row.scenario == CUT]
    [found] = happenings(matrix, row)
    assert [each.system.name for each in found.systems] == ["system-009", "system-019", "system-029", "system-039"]
    assert [len(each.cells) for each in found.systems] == [2, 2, 2, 2]


def test_the_gravest_comes_first() -> None:
    matrix = build_matrix([large_run()])
    states = [[each.mark.state for each in happenings(matrix, row)] for row in matrix.rows]
    order = ("silent", "hang", "fail", "error")
    assert [each for each in states if each != sorted(each, key=order.index)] == []
    assert any(len(each) > 1 for each in states)


def test_of_many_systems_those_that_pass_are_names_and_each_other_has_one_link(tmp_path: Path) -> None:
    page = pages(many_systems(40), tmp_path)["chunking--inside-a-character"]
    assert "system-000 (2), system-001 (2)" in page.text
    hrefs = [each["href"] for each in page.all("a") if "cell.html" in each["href"]]
    assert [href.split("/")[-2] for href in hrefs] == [
        f"system-{number}@3.52.0" for number in ("009", "019", "029", "039")
    ]


def test_a_page_over_sixty_systems_is_small(tmp_path: Path) -> None:
    sizes = [page.path.stat().st_size for page in pages(many_systems(60), tmp_path).values()]
    assert len(sizes) == 3 and max(sizes) < 6_000


def test_unsupported_systems_are_named_apart(tmp_path: Path) -> None:
    found = [page.text for page in pages(small_run(), tmp_path).values() if "Unsupported" in page.text]
    assert found and all("anthropic-python" in text.partition("Unsupported")[2] for text in found)
