"""docs/pytest.md is true: its example runs, fails where it says that it does, and its words are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from harness.pytest_plugin import _ARGUMENTS
from harness.runner.results import read_run
from harness.testing.case import HarnessCase
from harness.testing.heard import Heard

from .test_plugin import project, run

__all__ = ["project"]

GUIDE = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def test_the_example_runs_and_fails_where_an_answer_was_cut_off(project: Path) -> None:
    ran = run(project, "--harness-results", "results.jsonl", mine=EXAMPLE)
    assert ran.status == 1, ran.out
    results = read_run(project / "results.jsonl").results
    passed = {each.scenario for each in results if each.verdict == "pass"}
    silent = {each.scenario for each in results if each.silent}
    assert {"canary/plain-text", "canary/refused-key"} <= passed
    assert "disconnects/clean-end-before-stop-reason" in silent
    assert {each.family for each in results if each.verdict == "fail"} == {"disconnects"}


def test_the_example_is_at_most_ten_lines() -> None:
    body = EXAMPLE.partition("@pytest")[2].splitlines()
    assert len(body) <= 10


def test_the_guide_names_every_argument_of_the_mark_and_nothing_else() -> None:
    table = GUIDE.partition("## The mark")[2].partition("## The case")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == _ARGUMENTS


def test_the_names_that_it_gives_are_there() -> None:
    said = GUIDE.partition("## The case")[2].partition("## Results")[0]
    names = set(re.findall(r"`(\w+)(?:\(.*?\))?`", said, re.DOTALL))
    known = {name for kind in (HarnessCase, Heard) for name in dir(kind)} | {"base_url"}
    assert {"text", "reasoning", "refusal", "tool_call", "usage", "finish", "warning", "answer"} <= names
    assert names - known <= {"harness_case", "harness_cassette", "harness_origin", "max_retries", "timeout_s", "async"}
