import re
from dataclasses import replace as changed

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.report.matrix import build_matrix
from harness.report.names import file_name
from harness.runner.results import Footer, Run

from .sample import SITUATIONS, SYSTEMS, header_of, result_of, run_of, small_run


def test_canaries_come_first_then_families_by_name_and_scenarios_by_level() -> None:
    matrix = build_matrix([small_run()])
    assert [family.name for family in matrix.families] == [
        "canary", "chunking", "ending", "errors", "framing", "retry", "thinking", "usage",
    ]  # fmt: skip
    framing = next(family for family in matrix.families if family.name == "framing")
    assert [(row.level, row.slug) for row in framing.rows] == [("must", "crlf"), ("should", "comments")]


def test_canaries_come_before_families_whose_names_come_first() -> None:
    situations = (changed(SITUATIONS[1], id="audio/pcm"), SITUATIONS[0])
    matrix = build_matrix([run_of(("ollama-python",), situations, {})])
    assert [family.name for family in matrix.families] == ["canary", "audio"]


def test_the_reference_is_the_first_system_and_dialects_are_in_order() -> None:
    matrix = build_matrix([small_run()])
    assert [system.name for system in matrix.systems] == ["reference", "anthropic-python", "openai-python"]
    assert [column.dialect for column in matrix.systems[2].columns] == ["openai-chat", "openai-responses"]
    assert [column.number for column in matrix.columns] == list(range(8))


def test_a_scenario_that_did_not_run_leaves_a_hole() -> None:
    first = run_of(("ollama-python",), SITUATIONS[:2], {})
    second = run_of(("anthropic-python",), SITUATIONS[:1], {})
    matrix = build_matrix([first, second])
    cells = {row.scenario: [cell is not None for cell in row.cells] for row in matrix.rows}
    assert cells == {"canary/plain-text": [True, True], "chunking/every-byte": [False, True]}


def test_versions_of_one_system_stand_side_by_side() -> None:
    old = run_of(("ollama-python",), SITUATIONS[:1], {})
    new = Run(old.header, tuple(replace(each, system_version="0.7.0") for each in old.results), (), old.footer)
    matrix = build_matrix([old, new])
    assert [(system.name, system.version) for system in matrix.systems] == [
        ("ollama-python", "0.6.3"),
        ("ollama-python", "0.7.0"),
    ]
    assert matrix.repeated == 0


def test_the_later_result_of_the_same_case_stands() -> None:
    failed = run_of(("ollama-python",), SITUATIONS[:1], {"ollama-python": lambda place: "fail"})
    passed = run_of(("ollama-python",), SITUATIONS[:1], {})
    matrix = build_matrix([failed, passed])
    assert [cell.result.verdict for cell in matrix.cells] == ["pass"]
    assert matrix.repeated == 1


@pytest.mark.parametrize(("verdict", "suspected"), [("fail", True), ("error", True), ("pass", False)])
def test_a_column_whose_canary_does_not_pass_is_suspect(verdict: str, suspected: bool) -> None:
    matrix = build_matrix([run_of(("ollama-python",), SITUATIONS[:2], {"ollama-python": lambda place: verdict})])
    assert (matrix.columns[0].canary is not None) is suspected


def test_reasons_and_claims_come_from_the_header() -> None:
    matrix = build_matrix([small_run()])
    row = next(row for row in matrix.rows if row.scenario == "chunking/inside-a-character")
    assert row.note.incidents == ["danielmiessler/Fabric#2203", "api7/aisix#111"]
    note = matrix.systems[0].note
    assert note is not None
    assert note.features == ["retries", "usage"]


@pytest.mark.parametrize(
    ("footer", "words"),
    [
        (None, "did not come to its end"),
        (Footer(1, 1.0, interrupted=True), "was interrupted"),
        (Footer(7, 1.0), "says that it had 7 results, but 1 are there"),
    ],
)
def test_a_run_that_is_not_whole_is_named(footer: Footer | None, words: str) -> None:
    whole = run_of(("ollama-python",), SITUATIONS[:1], {})
    matrix = build_matrix([Run(whole.header, whole.results, (), footer)])
    assert len(matrix.unfinished) == 1
    assert words in matrix.unfinished[0]
    assert not build_matrix([whole]).unfinished


def test_no_results_make_an_empty_matrix() -> None:
    matrix = build_matrix([Run(header_of((), {}), (), (), Footer(0, 0.0))])
    assert matrix.rows == ()
    assert matrix.columns == ()


def test_families_count_each_column() -> None:
    matrix = build_matrix([small_run()])
    chunking = next(family for family in matrix.families if family.name == "chunking")
    assert [(each.must_passed, each.must_judged) for each in chunking.tallies][:5] == [(2, 2)] * 5
    assert chunking.levels == ("must",)


def test_every_page_has_a_name_of_its_own() -> None:
    matrix = build_matrix([run_of(tuple(SYSTEMS), SITUATIONS, {})])
    assert len({cell.href for cell in matrix.cells}) == len(matrix.cells)
    one = result_of(SITUATIONS[0], "ollama-python", "ollama", "pass")
    names = [replace(one, scenario=name) for name in ("a/b", "A/B", "a-b", "a--b", "a/b ", "../a/b")]
    run = Run(header_of((), {}), tuple(names), (), Footer(6, 0.0))
    assert len({cell.href for cell in build_matrix([run]).cells}) == 6


@given(st.text(st.characters()))
def test_file_names_are_safe_on_every_file_system(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_][a-z0-9._-]{0,120}\.html", file_name(name))
