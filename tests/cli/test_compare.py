"""`harness compare` and `replay --baseline`: what changed between two runs, and the status that follows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SCENARIO, Harness


def ran(harness: Harness, name: str, scenario: str, status: int = 0) -> Path:
    """A results file of a run through one scenario of the user's own."""
    harness.write("mine/text/word.yaml", scenario)
    path = harness.folder / name
    call = ("replay", "--catalogue", "mine", "--dialect", "ollama", "--in-process", "--results", path, "--quiet")
    harness.inside(*call, status=status)
    return path


@pytest.fixture
def good(harness: Harness) -> Path:
    return ran(harness, "good.jsonl", SCENARIO)


@pytest.fixture
def bad(harness: Harness) -> Path:
    return ran(harness, "bad.jsonl", SCENARIO.replace("expect: {text: Hello", "expect: {text: Goodbye"), status=1)


def test_what_broke_is_named_and_ends_with_status_1(harness: Harness, good: Path, bad: Path) -> None:
    told = harness.inside("compare", good, bad, status=1)
    assert "passed before, and fails now: 1\n  reference 0.1.0 text/word (ollama), must: pass → fail [" in told.out
    assert "    harness replay --system reference --scenario text/word --dialect ollama" in told.out
    harness.inside("compare", good, bad, "--fail-on", "never")


def test_what_was_fixed_is_told_and_conforms(harness: Harness, good: Path, bad: Path) -> None:
    told = harness.inside("compare", bad, good)
    assert "failed before, and passes now: 1" in told.out
    assert told.out.endswith("\n0 cases as before, 1 change\n")


def test_the_changes_as_json_and_as_markdown(harness: Harness, good: Path, bad: Path) -> None:
    told = json.loads(harness.inside("compare", good, bad, "--json", "--markdown", "out/change.md", status=1).out)
    [change] = told["changes"]
    assert (change["change"], change["case"], change["regression"]) == ("broke", "text/word", True)
    assert change["before"]["verdict"] == "pass"
    assert "1 case broke" in (harness.folder / "out" / "change.md").read_text()


def test_against_a_baseline_only_what_is_not_as_it_was_fails(harness: Harness, bad: Path) -> None:
    call = ("replay", "--catalogue", "mine", "--dialect", "ollama", "--in-process", "--baseline", bad)
    told = harness.inside(*call)
    assert told.out.endswith(
        "\n1 case as before, 0 changes\nnothing fails that did not fail in the baseline\n",
    )
    table, _, against = told.out.partition("\nagainst the baseline:\n")
    assert against
    assert table.endswith("\n1 case: 0 pass, 0 fail, 1 fail as known (1 silently)\n")
    assert not table.startswith("fail")


def test_against_a_baseline_what_broke_fails(harness: Harness, good: Path) -> None:
    harness.write("mine/text/word.yaml", SCENARIO.replace("expect: {text: Hello", "expect: {text: Goodbye"))
    call = ("replay", "--catalogue", "mine", "--dialect", "ollama", "--in-process", "--baseline", good)
    told = harness.inside(*call, status=1).out
    assert told.startswith("fail silently: ")
    assert "passed before, and fails now: 1" in told
    assert told.endswith("\nnot as in the baseline: what fails is said above\n")


def test_a_baseline_that_is_none_is_refused_before_anything_runs(harness: Harness) -> None:
    harness.write("notes.txt", "no results")
    error = harness.inside("replay", "--in-process", "--baseline", "notes.txt", status=2).error
    assert error.startswith("notes.txt: line 1: ")
    assert harness.inside("compare", "notes.txt", "notes.txt", status=2).error == error
    assert "--fail-on often" in harness.inside("compare", "a", "b", "--fail-on", "often", status=2).error


def test_quiet_says_it_by_the_exit_status_alone(harness: Harness, good: Path, bad: Path) -> None:
    assert harness.inside("compare", good, bad, "--quiet", status=1).out == ""
    assert harness.inside("compare", bad, good, "--quiet").out == ""
    assert '"changes"' in harness.inside("compare", good, bad, "--quiet", "--json", status=1).out
