"""Several runs of the same cases are compared case by case."""

from __future__ import annotations

from harness.catalogue.findings import FailureKind, Finding
from harness.runner.flips import flips
from harness.runner.results import Result, Run
from tests.runner.test_journal import the_header
from tests.runner.test_results import result


def run(*results: Result) -> Run:
    return Run(the_header(), results, (), None)


def lost(kind: FailureKind = "loss") -> Result:
    return result(verdict="fail", content="fail", failures=[Finding(kind, "a-check", "content", True, "it is gone")])


FINE = result(verdict="pass", content="pass", failures=[])


def test_what_is_the_same_each_time_is_no_flip() -> None:
    assert flips([run(FINE), run(FINE), run(FINE)]) == []
    assert flips([run(lost()), run(lost())]) == []
    assert flips([run(FINE)]) == []
    assert flips([]) == []


def test_a_verdict_that_changes_is_named_with_what_came_out_each_time() -> None:
    [flip] = flips([run(FINE), run(lost()), run(FINE)])
    assert (flip.system, flip.pair, flip.scenario) == (FINE.system, FINE.dialect, FINE.scenario)
    fine = f"pass (content pass, ending {FINE.ending})"
    assert flip.words == f"{fine}, fail (content fail, ending {FINE.ending}: loss), {fine}"
    assert flip.reproduce == FINE.reproduce


def test_another_kind_of_failure_is_a_flip_too() -> None:
    [flip] = flips([run(lost()), run(lost("corruption"))])
    assert flip.outcomes[0] != flip.outcomes[1]


def test_what_is_known_to_be_flaky_says_why() -> None:
    flaky = {"known": "It depends.", "flaky": True}
    [flip] = flips([run(result(**flaky)), run(result(verdict="fail", **flaky))])
    assert flip.flaky == "It depends."
    [known] = flips([run(result(known="Always.")), run(result(verdict="fail", known="Always."))])
    assert known.flaky == ""


def test_a_message_may_change() -> None:
    other = result(verdict="fail", content="fail", failures=[Finding("loss", "a-check", "content", True, "port 40001")])
    assert flips([run(lost()), run(other)]) == []


def test_a_case_that_did_not_run_each_time_is_a_flip() -> None:
    [flip] = flips([run(FINE), run()])
    assert flip.outcomes[1] is None
    assert flip.words.endswith(", did not run")
