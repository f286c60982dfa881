"""`--known FILE`: what it excuses, what it does not, and how a mistake in it is told."""

from __future__ import annotations

import pytest

from harness.runner.results import read_run
from tests.cli.conftest import MINIATURES, SCENARIO, Harness

GIVEN = ["--known", "known.yaml"]
CANARY = ["--scenario", "canary/plain-text", "--dialect", "openai-chat", "--in-process", "--results", "r.jsonl"]
DEAF = ["replay", "--system", "wrong_systems:Deaf", *CANARY, *GIVEN]
FINE = ["replay", "--system", "reference", *CANARY, *GIVEN]

FILE = """\
systems:
  {system}:
    {kind}:
      - scenarios: [canary/plain-*]
        reason: It does not listen, as everybody knows.
        until: {until}
"""


@pytest.fixture(autouse=True)
def deaf(harness: Harness) -> None:
    harness.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())


def listed(harness: Harness, system: str = "deaf", kind: str = "failures", until: str = "2999-01-31") -> None:
    harness.write("known.yaml", FILE.format(system=system, kind=kind, until=until))


@pytest.mark.parametrize("name", ["deaf", "wrong_systems:Deaf"])
@pytest.mark.parametrize("kind", ["failures", "flaky"])
def test_what_is_listed_does_not_fail_the_run(harness: Harness, name: str, kind: str) -> None:
    listed(harness, name, kind)
    ran = harness.inside(*DEAF)
    assert ran.out.endswith("\nconformant but for 1 known failure\n")
    [result] = read_run(harness.folder / "r.jsonl").results
    assert (result.verdict, result.known) == ("fail", "It does not listen, as everybody knows.")
    assert (result.known_until, result.known_place, result.expired) == ("2999-01-31", "known.yaml:4", "")
    assert result.flaky is (kind == "flaky")


def test_an_entry_whose_last_day_is_over_fails_the_run_and_is_named_with_its_place(harness: Harness) -> None:
    listed(harness, until="2020-01-31")
    ran = harness.inside(*DEAF, status=1)
    assert (
        "known failure: known.yaml:4: it was listed as known until 2020-01-31, which is over: look again, and set a "
        "later day or remove the entry (It does not listen, as everybody knows.)\n"
    ) in ran.out
    [result] = read_run(harness.folder / "r.jsonl").results
    assert (result.known, result.expired) == (None, "It does not listen, as everybody knows.")


def test_what_passes_is_stale_but_not_where_it_is_known_to_be_flaky(harness: Harness) -> None:
    listed(harness, "reference")
    stale = harness.inside(*FINE, status=1).out
    assert stale.startswith(
        "known failure: known.yaml:4: it is listed as a known failure, and passes: remove the entry"
    )
    listed(harness, "reference", "flaky")
    assert harness.inside(*FINE).out.endswith("\n1 case: 1 pass, 0 fail\nconformant\n")


def test_an_entry_that_is_over_fails_the_run_even_where_a_baseline_has_the_failure(harness: Harness) -> None:
    listed(harness)
    harness.inside(*DEAF)
    (harness.folder / "r.jsonl").rename(harness.folder / "before.jsonl")
    harness.inside(*DEAF, "--baseline", "before.jsonl")
    listed(harness, until="2020-01-31")
    ran = harness.inside(*DEAF, "--baseline", "before.jsonl", status=1)
    assert ran.out.endswith("\nnot as in the baseline: what fails is said above\n")


def test_what_a_search_finds_is_excused_too(harness: Harness) -> None:
    harness.write("hasty.py", (MINIATURES / "hasty.py").read_text())
    harness.write("own/canary/plain-text.yaml", SCENARIO.replace("Hello", "Grüße"))
    listed(harness, "hasty")
    harness.write("known.yaml", (harness.folder / "known.yaml").read_text().replace("canary/plain-*", "fuzz/*"))
    searched = ["--catalogue", "own", "--cuts", "--examples", "2", *CANARY, *GIVEN]
    harness.inside("fuzz", "--system", "hasty:SYSTEM", *searched)
    found = [finding for search in read_run(harness.folder / "r.jsonl").searches for finding in search.findings]
    assert found
    assert {each.known_place for each in found} == {"known.yaml:4"}


def test_a_name_that_is_none_is_remarked_on(harness: Harness) -> None:
    listed(harness, "daef")
    ran = harness.inside(*DEAF, status=1)
    assert ran.err == "known.yaml:2: daef is no system of this run; did you mean deaf?\n"


@pytest.mark.parametrize("verb", ["replay", "matrix", "fuzz"])
def test_a_wrong_file_is_refused_before_anything_runs(harness: Harness, verb: str) -> None:
    listed(harness, until="soon")
    error = harness.inside(verb, "--known", "known.yaml", status=2).error
    assert error == ("known.yaml:6: systems.deaf.failures.0.until: a day such as 2027-01-31 belongs here, not 'soon'")
    assert harness.inside(verb, "--known", "nowhere.yaml", status=2).error == "nowhere.yaml: No such file or directory"
