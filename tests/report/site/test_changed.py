from __future__ import annotations

from msgspec.structs import replace

from harness.report.comparison import compare_with, past_of
from harness.report.matrix import build_matrix
from harness.report.site.changed import Changed, changed
from harness.runner.results import Result, Run

from ..sample import SITUATIONS, large_run, recording_of, run_of, small_run

PASS = {"verdict": "pass", "content": "pass", "ending": "pass", "failures": []}


def changes(before: Run, after: Run) -> Changed:
    past = past_of([before])
    return changed(build_matrix([after]), [after], past, compare_with(past, [after]))


def with_results(run: Run, *results: Result) -> Run:
    return Run(run.header, results, run.recordings, run.footer)


def perfect() -> Run:
    run = small_run()
    return with_results(run, *(replace(each, **PASS) for each in run.results))


def test_nothing_changed_is_said() -> None:
    found = changes(small_run(), small_run())
    assert (found.since, found.words, found.between, found.sections, found.same) == (
        "2026-11-20 10:00 UTC", "nothing broke.", (), (), 96,
    )  # fmt: skip


def test_what_broke_is_grouped_by_case_and_leads_to_its_cells() -> None:
    found = changes(perfect(), small_run())
    section = found.sections[0]
    assert (section.kind, section.heading, section.open) == ("broke", "Passed before, and fails now", True)
    case = section.cases[0]
    assert (case.case, case.title, case.level) == (
        "chunking/inside-a-character",
        "A cut inside a three-byte character",
        "must",
    )
    ((system, places),) = [each for each in case.systems if each[0] == "openai-python"]
    assert system == "openai-python"
    assert [place.change.pair for place in places] == ["openai-chat", "openai-responses"]
    assert places[0].words == "pass → fail [silent corruption]"
    assert places[0].href == "cell.html?chunking/inside-a-character/openai-python@3.52.0/openai-chat"
    assert case.href.startswith("scenarios/chunking--inside-a-character-")


def test_the_sentence_counts_what_broke_and_what_was_fixed() -> None:
    few = run_of(("ollama-python",), SITUATIONS[:4], {"ollama-python": lambda place: "fail" if place == 0 else "pass"})
    other = run_of(("ollama-python",), SITUATIONS[:4], {"ollama-python": lambda place: "fail" if place > 1 else "pass"})
    assert changes(few, other).words == "2 cases that passed fail, 1 was fixed."
    known = with_results(
        other, *(replace(each, known="told") if each.verdict == "fail" else each for each in other.results)
    )
    assert changes(few, known).words == "nothing broke, 2 fail again that are known to, 1 was fixed."
    assert changes(other, few).words == "1 case that passed fails, 2 were fixed."
    should = [replace(each, level="should") if each.scenario.startswith("ending") else each for each in other.results]
    assert changes(few, with_results(other, *should)).words == (
        "2 cases that passed fail, 1 of them a must, 1 was fixed."
    )
    may = with_results(few, *(replace(each, level="may") for each in few.results))
    assert changes(with_results(few, *(replace(each, **PASS) for each in may.results)), may).words == (
        "1 case that passed fails, at the level may."
    )
    assert changes(with_results(few, *few.results[1:]), few).words == "nothing broke, 1 that had no verdict fails."


def test_what_was_fixed_is_folded_and_what_is_too_much_is_counted() -> None:
    run = large_run(3)
    good = with_results(run, *(replace(each, **PASS) for each in run.results))
    section = next(each for each in changes(run, good).sections if each.kind == "fixed")
    assert not section.open
    assert len(section.cases) == 12
    assert section.more == 20


def test_other_versions_catalogues_and_harnesses_are_told() -> None:
    run = small_run()
    newer = replace(run.header, catalogue="2026.12", harness="0.2.0")
    results = [
        replace(each, system_version="4.0.0") if each.system == "openai-python" else each for each in run.results
    ]
    found = changes(run, Run(newer, tuple(results), (), run.footer))
    assert found.between == (
        "catalogue 2026.11 → 2026.12",
        "harness 0.1.0 → 0.2.0",
        "openai-python 3.52.0 → 4.0.0",
    )


def test_what_is_no_scenario_has_no_page_of_its_own() -> None:
    run = small_run()
    bad = Run(run.header, run.results, (recording_of("a", "fail"),), run.footer)
    good = Run(run.header, run.results, (recording_of("a"),), run.footer)
    (section,) = changes(good, bad).sections
    (case,) = section.cases
    assert (case.title, case.href, case.systems[0][1][0].href) == ("", "", "")


def test_what_was_not_run_this_time_is_told_without_a_link() -> None:
    run = small_run()
    (section,) = changes(run, with_results(run, *run.results[1:])).sections
    assert (section.kind, section.heading, section.open) == ("gone", "Ran before, and did not run now", False)
    assert section.cases[0].systems[0][1][0].href == ""
