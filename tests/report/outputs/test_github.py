"""Workflow commands: one a line, no more than are shown, and nothing that a failure says can end one."""

from __future__ import annotations

from msgspec.structs import replace

from harness.report.outputs.github import SUMMARY_LIMIT, step_summary, workflow_commands
from harness.runner.results import Run

from ..sample import large_run, small_run
from ..sample_hostile import hostile_run


def test_silent_failures_come_first_and_no_more_than_are_shown() -> None:
    lines = list(workflow_commands(large_run()))
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert errors[0].startswith("::error title=silent must failure%3A ")
    assert errors[-1].startswith("::error title=and more::")
    assert errors[-1].endswith(" more failures; the report has them all")


def test_failures_of_a_should_are_warnings() -> None:
    warnings = [line for line in workflow_commands(small_run()) if line.startswith("::warning ")]
    assert any("should failure%3A openai-python in openai-chat" in line for line in warnings)
    assert not any("must failure" in line for line in warnings)


def test_a_command_is_one_line_that_ends_with_the_way_to_show_it_again() -> None:
    run = hostile_run()
    lines = list(workflow_commands(Run(run.header, tuple(replace(each, known=None) for each in run.results), (), None)))
    assert lines
    assert all(line.startswith(("::error title=", "::warning title=")) and "\n" not in line for line in lines)
    assert all(line.count("::") >= 2 and "%0A" in line for line in lines)


def test_known_failures_are_silent_here_until_they_pass() -> None:
    run = small_run()
    known = tuple(replace(each, known="told") for each in run.results if each.verdict == "fail")
    assert list(workflow_commands(Run(run.header, known, (), run.footer))) == []
    stale = tuple(replace(each, verdict="pass", failures=[]) for each in known[:1])
    [line] = workflow_commands(Run(run.header, stale, (), run.footer))
    assert "it is listed as a known failure, and passes: remove the entry" in line


def test_an_entry_whose_time_is_over_is_an_error_that_names_it() -> None:
    run = small_run()
    entry = {"expired": "it depends", "known_until": "2026-01-31", "known_place": "known.yaml:12"}
    [failed, *_] = [each for each in run.results if each.verdict == "fail" and each.level == "should"]
    [line] = workflow_commands(Run(run.header, (replace(failed, **entry),), (), run.footer))
    assert line.startswith("::error ")
    assert "known.yaml:12: it was listed as known until 2026-01-31, which is over: look again, and set" in line


def test_what_is_flaky_is_silent_whatever_it_did() -> None:
    run = small_run()
    flaky = tuple(replace(each, known="it depends", flaky=True) for each in run.results if each.verdict != "error")
    assert {each.verdict for each in flaky} >= {"pass", "fail"}
    assert list(workflow_commands(Run(run.header, flaky, (), run.footer))) == []


def test_a_summary_that_is_too_long_is_cut_at_a_line_and_says_so() -> None:
    assert step_summary("## Fine\n") == "## Fine\n"
    long = "### é\n" * SUMMARY_LIMIT
    cut = step_summary(long)
    assert len(cut.encode()) <= SUMMARY_LIMIT
    assert cut.endswith("### é\n\nThe summary is cut off here; the report has everything.\n")
