"""One process of a campaign: how much it tries, and that what breaks down costs one search alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.catalogue.findings import FailureKind
from harness.fuzz import searcher
from harness.fuzz.outcome import Difference
from harness.fuzz.proving import NOTHING
from harness.fuzz.result_lines import Asked, result_line
from harness.fuzz.search import Finding, Found
from harness.fuzz.searcher import Described, Effort, Searcher, Task
from harness.fuzz.single import variant_from
from harness.runner.results import FuzzResult
from harness.systems.base import Description
from harness.systems.known import KnownFailure, KnownFailures
from tests.fuzz.readers import E_ACUTE, STREAM, text_outcome


@pytest.mark.parametrize(
    ("size", "examples", "exhaustive"),
    [(100, 20, 100), (32_768, 20, 100), (65_536, 10, 50), (5_000_000, 2, 12)],
)
def test_of_very_long_streams_less_is_tried(size: int, examples: int, exhaustive: int) -> None:
    assert Effort(20, 100).of(size) == Effort(examples, exhaustive)


def test_all_stays_all_and_little_stays_little() -> None:
    assert Effort(20, None).of(5_000_000) == Effort(2, None)
    assert Effort(1, 3).of(5_000_000) == Effort(1, 3)


def the_searcher(folder: Path) -> Searcher:
    return Searcher([STREAM], Effort(2, 4), folder, False, {})


def test_it_says_who_a_system_is_and_what_it_takes(tmp_path: Path) -> None:
    told = the_searcher(tmp_path).carry_out(Task("decoders"))
    assert isinstance(told, Described) and told.description is not None
    assert (told.description.name, told.taken) == ("decoders", {None: (0,)})


def test_what_goes_wrong_in_a_search_is_an_error_of_that_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Found:
        raise RuntimeError("it was late")

    ours = the_searcher(tmp_path)
    monkeypatch.setattr(searcher, "search", broken)
    told = ours.carry_out(Task("decoders", 0, "neutral"))
    assert isinstance(told, FuzzResult)
    assert (told.verdict, told.note, told.system) == ("error", "RuntimeError: it was late", "decoders")
    monkeypatch.undo()
    again = ours.carry_out(Task("decoders", 0, "neutral"))
    assert isinstance(again, FuzzResult) and again.verdict == "pass"


def test_in_later_rounds_nothing_is_made_one_by_one(tmp_path: Path) -> None:
    task = Task("decoders", 0, "neutral").of(seed=9, number=1)
    told = the_searcher(tmp_path).carry_out(task)
    assert isinstance(told, FuzzResult)
    assert (told.seed, sum(told.tried.values())) == (9, 2)


@pytest.mark.parametrize(("failures", "known"), [(("corruption",), "It decodes each read."), (("hang",), None)])
def test_a_known_finding_says_why_and_does_not_fail_the_run(
    failures: tuple[FailureKind, ...], known: str | None
) -> None:
    entry = KnownFailure(scenarios=("fuzz/cuts/*",), failures=failures, reason="It decodes each read.", link="there")
    entries = KnownFailures(version="1", failures=(entry,))
    variant = variant_from(STREAM, "cuts", {"cuts": [E_ACUTE]})
    differences = (Difference("corruption", "the text changed", silent=True),)
    finding = Finding(variant, differences, text_outcome("né"), text_outcome("n??"))
    asked = Asked("reader", STREAM, "cuts", 0, 20, 100)
    found = Found("fail", {"single": 1}, (finding,))
    line = result_line(asked, Description("reader", "1", "python", ()), found, entries, shown=NOTHING, duration_s=0.5)
    assert (line.findings[0].known, line.nonconformant, line.silent) == (known, known is None, True)
    assert line.findings[0].known_proof == ("there" if known else "")
    assert line.findings[0].reproduce == (
        "harness fuzz --system reader --scenario body --dialect openai-chat --cuts --plan '{\"cuts\": [41]}'"
    )
