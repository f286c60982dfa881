"""A run: canaries first, so many at once, unclaimed cases never, and a broken worker costs only its culprit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from harness.catalogue.findings import Judgement
from harness.catalogue.models import FEATURES, Scenario
from harness.catalogue.observation import CallerEnd, Observation
from harness.events import AnyEvent
from harness.runner import run
from harness.runner.case import InProcessLane
from harness.runner.results import Result
from harness.runner.run import BREAKDOWNS, SystemRun, run_systems
from harness.systems.base import Case, Description, SystemBroken
from harness.systems.known import KnownFailure, KnownFailures
from tests.runner.made import Scripted, planned, results_of, system, well_behaved

Emit = Callable[[AnyEvent], None]


def verdicts(results: list[Result]) -> dict[str, str]:
    return {result.scenario: result.verdict for result in results}


def test_every_case_gets_its_verdict() -> None:
    async def lose_one(case: Case, emit: Emit) -> CallerEnd:
        if case.options["timeout_s"] == 7:
            await well_behaved(case, lambda event: None)
            return CallerEnd("completed")
        return await well_behaved(case, emit)

    cases = [planned("made/fine"), planned("made/lost", options={"timeout_s": 7})]
    assert verdicts(results_of(system(Scripted(lose_one), cases))) == {"made/fine": "pass", "made/lost": "fail"}


def test_what_is_not_claimed_is_unsupported_and_not_run() -> None:
    driver = Scripted(description=Description("plain", "1", "python", ("openai-chat",)))
    [result] = results_of(system(driver, [planned(needs=["retries", "fallback"])]))
    assert (result.verdict, result.note, result.evidence) == ("unsupported", "not claimed: fallback, retries", None)
    assert driver.began == []


def test_canaries_end_before_anything_else_begins() -> None:
    seen: list[str] = []

    async def slowly(case: Case, emit: Emit) -> CallerEnd:
        canary = case.options["timeout_s"] == 1
        seen.append("canary begins" if canary else "other begins")
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append("canary ends" if canary else "other ends")
        return await well_behaved(case, emit)

    cases = [
        planned("made/one"),
        planned("canary/a", options={"timeout_s": 1}),
        planned("made/two"),
        planned("canary/b", options={"timeout_s": 1}),
    ]
    results_of(system(Scripted(slowly), cases))
    assert sorted(seen[:4]) == ["canary begins", "canary begins", "canary ends", "canary ends"]
    assert seen[4:6] == ["other begins", "other begins"]


def test_the_first_canary_of_each_dialect_runs_alone() -> None:
    most: dict[tuple[str, float], int] = {}
    driver = Scripted()

    async def slowly(case: Case, emit: Emit) -> CallerEnd:
        for _ in range(5):
            most[case.dialect, case.options["timeout_s"]] = max(
                driver.under_way, most.get((case.dialect, case.options["timeout_s"]), 0)
            )
            await asyncio.sleep(0)
        return await well_behaved(case, emit)

    driver.run_case = slowly
    driver.description = Description("made", "1", "python", ("openai-chat", "ollama"), frozenset(FEATURES))
    cases = [
        planned(f"canary/{number}", dialect, options={"timeout_s": number})
        for number in (1, 2, 3)
        for dialect in ("openai-chat", "ollama")
    ]
    results_of(system(driver, cases))
    assert {most[dialect, 1] for dialect in ("openai-chat", "ollama")} == {1}
    assert most["openai-chat", 2] == 4


@pytest.mark.parametrize("jobs", [1, 3, 50])
def test_so_many_cases_run_at_once_and_no_more(jobs: int) -> None:
    async def slowly(case: Case, emit: Emit) -> CallerEnd:
        for _ in range(5):
            await asyncio.sleep(0)
        return await well_behaved(case, emit)

    driver = Scripted(slowly)
    results_of(system(driver, [planned(f"made/case-{number}") for number in range(10)]), jobs=jobs)
    assert driver.most_under_way == min(jobs, 10)


class Fragile:
    """A worker that one case kills, together with every case that is under way then."""

    def __init__(self, culprit: float) -> None:
        self.culprit = culprit
        self.dead = asyncio.Event()

    async def run(self, case: Case, emit: Emit) -> CallerEnd:
        dead = self.dead
        await asyncio.sleep(0)  # by now all the others are under way
        if case.options["timeout_s"] == self.culprit:
            self.dead = asyncio.Event()  # the next case gets a new worker
            dead.set()
        await asyncio.sleep(0)
        if dead.is_set():
            raise SystemBroken("fragile: it exited with status 7", stderr="my last words")
        return await well_behaved(case, emit)


@pytest.mark.parametrize(("family", "began"), [("made", 8), ("canary", 7)])  # the first canary runs alone anyway
def test_cases_that_a_broken_worker_took_along_are_run_again_alone(family: str, began: int) -> None:
    driver = Scripted(Fragile(3.0).run)
    cases = [planned(f"{family}/case-{number}", options={"timeout_s": number}) for number in (1, 2, 3, 4)]
    results = results_of(system(driver, cases))
    assert verdicts(results) == {
        f"{family}/case-1": "pass",
        f"{family}/case-2": "pass",
        f"{family}/case-3": "error",
        f"{family}/case-4": "pass",
    }
    [culprit] = [result for result in results if result.verdict == "error"]
    assert culprit.note == "fragile: it exited with status 7"
    assert culprit.evidence is not None and culprit.evidence.stderr == "my last words"
    assert (len(results), len(driver.began)) == (4, began)


def test_a_case_that_ran_alone_is_not_run_again() -> None:
    async def break_down(case: Case, emit: Emit) -> CallerEnd:
        raise SystemBroken("gone")

    driver = Scripted(break_down)
    [result] = results_of(system(driver, [planned()]))
    assert (result.verdict, len(driver.began)) == ("error", 1)


def test_a_system_that_breaks_down_time_and_again_is_not_run_for_each_of_its_other_cases() -> None:
    async def break_down(case: Case, emit: Emit) -> CallerEnd:
        raise SystemBroken("gone")

    driver = Scripted(break_down)
    results = results_of(system(driver, [planned(f"made/case-{number}") for number in range(BREAKDOWNS + 5)]))
    assert {result.verdict for result in results} == {"error"}
    assert (len(results), len(driver.began)) == (BREAKDOWNS + 5, BREAKDOWNS + 5 + BREAKDOWNS)
    notes = [result.note for result in results]
    assert notes.count("gone") == BREAKDOWNS
    given_up = "gone (not run again, after 20 cases that broke the system down all by themselves)"
    assert notes.count(given_up) == 5


def test_a_system_that_cannot_be_got_ready_is_broken_and_runs_nothing() -> None:
    driver = Scripted(unready=SystemBroken("it did not come back", stderr="why not"))
    [result] = results_of(system(driver, [planned()]))
    assert (result.verdict, result.note, driver.began) == ("error", "it did not come back", [])
    assert result.evidence is not None and result.evidence.stderr == "why not"


def test_a_driver_that_does_what_no_driver_may_costs_only_its_case() -> None:
    async def err(case: Case, emit: Emit) -> CallerEnd:
        if case.options["timeout_s"] == 7:
            raise ZeroDivisionError("by zero")
        return await well_behaved(case, emit)

    cases = [planned("made/fine"), planned("made/odd", options={"timeout_s": 7})]
    results = {result.scenario: result for result in results_of(system(Scripted(err), cases))}
    assert (results["made/fine"].verdict, results["made/odd"].verdict) == ("pass", "error")
    assert results["made/odd"].note == "the harness could not run it: ZeroDivisionError: by zero"


def test_what_cannot_be_judged_costs_only_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.runner import evidence

    honest = evidence.judge

    def judge(
        scenario: Scenario, dialect: str, claims: frozenset[str], observation: Observation, *rest: Any
    ) -> Judgement:
        if scenario.id == "made/odd" and observation.broken is None:
            raise LookupError("no such thing")
        return honest(scenario, dialect, claims, observation, *rest)

    monkeypatch.setattr(evidence, "judge", judge)
    results = {each.scenario: each for each in results_of(system(Scripted(), [planned("made/odd"), planned()]))}
    assert (results["made/up"].verdict, results["made/odd"].verdict) == ("pass", "error")
    assert results["made/odd"].note == "the harness could not judge it: LookupError: no such thing"


@pytest.mark.parametrize("systems_at_once", [1, 2, 9])
def test_so_many_systems_run_at_once_and_each_is_stopped_when_it_is_through(systems_at_once: int) -> None:
    under_way: set[str] = set()
    most: list[int] = []

    def made(name: str) -> Scripted:
        async def slowly(case: Case, emit: Emit) -> CallerEnd:
            under_way.add(name)
            most.append(len(under_way))
            for _ in range(5):
                await asyncio.sleep(0)
            return await well_behaved(case, emit)

        @dataclass
        class Leaving(Scripted):
            async def close(self) -> None:
                await super().close()
                under_way.discard(name)

        return Leaving(slowly, Description(name, "1", "python", ("openai-chat",)))

    drivers = [made(f"s{number}") for number in range(5)]
    results = results_of(*(system(each, [planned()]) for each in drivers), systems_at_once=systems_at_once)
    assert len(results) == 5
    assert max(most) == min(systems_at_once, 5)
    assert all(each.closed for each in drivers)


def test_those_with_the_most_cases_begin_first() -> None:
    began: list[str] = []

    def made(name: str, cases: int) -> SystemRun:
        async def note(case: Case, emit: Emit) -> CallerEnd:
            began.append(name)
            return await well_behaved(case, emit)

        driver = Scripted(note, Description(name, "1", "python", ("openai-chat",)))
        return system(driver, [planned(f"made/case-{number}") for number in range(cases)])

    results_of(made("small", 1), made("large", 3), made("middling", 2), systems_at_once=1)
    assert began == ["large"] * 3 + ["middling"] * 2 + ["small"]


def test_a_system_that_does_not_leave_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CLOSE_S", 0.01)

    class Clinging(Scripted):
        async def close(self) -> None:
            await asyncio.Event().wait()

    results = results_of(
        system(Clinging(), [planned()]), system(Clinging(), [planned("made/other")]), systems_at_once=1
    )
    assert [result.verdict for result in results] == ["pass", "pass"]


def test_systems_run_side_by_side() -> None:
    turns = asyncio.Barrier(2)

    async def together(case: Case, emit: Emit) -> CallerEnd:
        await turns.wait()
        return await well_behaved(case, emit)

    other = Description("other", "1", "python", ("openai-chat",))
    results = results_of(system(Scripted(together), [planned()]), system(Scripted(together, other), [planned()]))
    assert {result.system for result in results} == {"made", "other"}


def test_a_known_failure_names_its_reason_and_fails_only_once_it_passes() -> None:
    entry = KnownFailure(scenarios=("made/*",), reason="Everybody knows it.", link="https://example.invalid/1")
    [passes] = results_of(system(Scripted(), [planned()], KnownFailures(failures=(entry,))))
    assert (passes.verdict, passes.known, passes.nonconformant) == ("pass", "Everybody knows it.", True)

    async def say_nothing(case: Case, emit: Emit) -> CallerEnd:
        return await well_behaved(case, lambda event: None)

    [fails] = results_of(system(Scripted(say_nothing), [planned()], KnownFailures(failures=(entry,))))
    assert (fails.verdict, fails.known, fails.nonconformant) == ("fail", "Everybody knows it.", False)


def test_whoever_listens_may_stop_the_run() -> None:
    def refuse(result: Result) -> None:
        raise BrokenPipeError("nobody reads")

    driver = Scripted()
    with pytest.raises(BrokenPipeError, match="nobody reads"):
        lane = InProcessLane()
        asyncio.run(run_systems([system(driver, [planned()])], lane, jobs=1, systems_at_once=1, on_result=refuse))
