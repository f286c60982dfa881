import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.report.matrix import build_matrix
from harness.report.site.html import render_report
from harness.report.site.matrix_page import family_lines
from harness.runner.results import Footer, Run

from ..sample import SITUATIONS, header_of, run_of, small_run
from ..sample_search import searched_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_report([small_run()], tmp_path_factory.mktemp("site")).parent


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "matrix.html").read_text("utf-8")


def cells_of(run: Run, family: str) -> list[tuple[int, int, str, bool]]:
    lines = {line.name: cells for line, cells in family_lines(build_matrix([run]))}
    return [(cell.passed, cell.judged, cell.tone, cell.many) for cell in lines[family]]


def test_a_family_says_how_many_of_the_judged_passed_and_shows_the_gravest() -> None:
    outcomes = {
        "anthropic-python": lambda place: "fail" if place == 3 else "pass",
        "ollama-python": lambda place: "fail" if place == 4 else "unsupported",
        "navaia-code": lambda place: "error" if place == 3 else "pass",
    }
    run = run_of(("anthropic-python", "navaia-code", "ollama-python"), SITUATIONS, outcomes)
    assert cells_of(run, "ending") == [
        (1, 2, "silent must", True),
        (1, 1, "error", False),
        (0, 1, "hang must", True),
    ]


def test_a_family_without_a_verdict_is_neither_passed_nor_failed() -> None:
    run = run_of(("ollama-python",), SITUATIONS, {"ollama-python": lambda place: "unsupported"})
    assert cells_of(run, "ending") == [(0, 0, "unsupported", False)]


def test_a_pass_beside_what_is_unsupported_makes_a_family_pass() -> None:
    run = run_of(
        ("ollama-python",), SITUATIONS, {"ollama-python": lambda place: "pass" if place == 3 else "unsupported"}
    )
    assert cells_of(run, "ending") == [(1, 1, "pass", False)]


def test_a_family_that_did_not_run_in_a_column_is_empty() -> None:
    run = run_of(("ollama-python", "navaia-code"), SITUATIONS[3:5], {})
    gone = tuple(result for result in run.results if result.system != "ollama-python")
    other = replace(run.results[0], system="ollama-python", dialect="ollama", scenario="usage/late", family="usage")
    assert cells_of(Run(run.header, (*gone, other), (), None), "ending") == [
        (2, 2, "pass", False),
        (0, 0, "none", False),
    ]


def test_without_a_script_every_system_and_scenario_is_led_to(folder: Path, html: str) -> None:
    scenarios = {f"scenarios/{path.name}" for path in (folder / "scenarios").iterdir()}
    systems = {f"systems/{path.name}" for path in (folder / "systems").iterdir()}
    assert (len(scenarios), len(systems)) == (12, 3)
    assert scenarios | systems <= set(re.findall(r'href="([^"]+)"', html))


def test_the_page_has_a_row_for_each_family_and_a_head_for_each_column(html: str) -> None:
    assert html.count('<tr class="family">') == 8
    assert html.count('scope="col"') == 1 + 8
    assert re.findall(r'scope="colgroup" colspan="(\d)"', html) == ["5", "1", "2"]


def test_the_key_and_the_sprite_have_a_symbol_for_every_state(html: str) -> None:
    used, symbols = set(re.findall(r'href="#(i-\w+)"', html)), set(re.findall(r'<symbol id="(i-\w+)"', html))
    assert used == symbols
    assert len(symbols) == 8


def test_scripts_come_in_their_order_with_the_data_before_the_last(folder: Path, html: str) -> None:
    scripts = re.findall(r'<script src="([^"]+)" defer></script>', html)
    assert scripts[0] == "static/matrix-model.js"
    assert scripts[-2:] == ["matrix-data.js", "static/matrix.js"]
    assert all((folder / name).is_file() for name in scripts)
    assert html.count("<script") == len(scripts)


def test_a_failing_canary_is_told_in_the_head(html: str) -> None:
    assert html.count("suspect") == 2
    assert "openai-chat (its canary fails)" in html


def test_known_failures_are_in_the_key_where_there_are_some(tmp_path: Path, html: str) -> None:
    assert "known failure" not in html
    run = run_of(("ollama-python",), SITUATIONS[:2], {"ollama-python": lambda place: "fail"})
    known = Run(run.header, (replace(run.results[0], known="seen"), run.results[1]), (), None)
    render_report([known], tmp_path)
    assert "known failure" in (tmp_path / "matrix.html").read_text("utf-8")


def test_where_no_case_ran_there_is_no_matrix(tmp_path: Path) -> None:
    render_report([small_run()], tmp_path)
    render_report([searched_run()], tmp_path)
    assert not (tmp_path / "matrix.html").exists()
    assert not (tmp_path / "matrix-data.js").exists()
    assert "matrix.html" not in (tmp_path / "index.html").read_text("utf-8")
    render_report([Run(header_of((), {}), (), (), Footer(0, 0.0))], tmp_path)
    assert not (tmp_path / "matrix.html").exists()
