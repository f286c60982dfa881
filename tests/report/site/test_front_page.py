from msgspec.structs import replace

from harness.report.matrix import build_matrix
from harness.report.site.front_page import front_page
from harness.runner.results import Footer, Run

from ..sample import SITUATIONS, header_of, run_of, small_run


def values(run: Run):
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


def test_rows_in_which_systems_differ_are_known() -> None:
    differing = {row.scenario for row in values(small_run())["differing"]}
    assert "canary/plain-text" in differing
    alike = values(run_of(("reference",), SITUATIONS, {}))
    assert alike["differing"] == []


def test_a_known_failure_that_passes_is_stale() -> None:
    run = run_of(("ollama-python",), SITUATIONS[:2], {})
    results = (replace(run.results[0], known="it drops deltas"), run.results[1])
    found = values(Run(run.header, results, (), run.footer))
    assert [cell.result.scenario for cell in found["stale"]] == ["canary/plain-text"]
    assert found["known"]
