"""What a baseline excuses: the failures that it has, and nothing else."""

from msgspec.structs import replace

from harness.report.excused import excused
from harness.runner.results import Run

from .sample_search import searched_run
from .test_comparison import LOST, WRONG, result, run

WORDS = "it failed in the baseline of 2026-01-01 as well"


def known(after: Run) -> dict[str, str | None]:
    return {each.scenario: each.known for each in after.results}


def test_only_what_the_baseline_has_is_known() -> None:
    before = run(result("a/old", "fail"), result("b/broke"), result("c/fixed", "fail"))
    after = run(result("a/old", "fail"), result("b/broke", "fail"), result("c/fixed"), result("d/new", "fail"))
    assert known(excused(after, before)) == {"a/old": WORDS, "b/broke": None, "c/fixed": None, "d/new": None}


def test_what_fails_in_another_way_did_not_break() -> None:
    before, after = (run(result("a/old", "fail", failures=[how])) for how in (LOST, WRONG))
    assert known(excused(after, before)) == {"a/old": WORDS}


def test_what_is_known_for_a_reason_keeps_it() -> None:
    failing = run(result("a/old", "fail", known="the decoder reads byte by byte"))
    assert known(excused(failing, failing)) == {"a/old": "the decoder reads byte by byte"}


def test_searches_that_found_the_same_before_count_no_more() -> None:
    found = searched_run()
    assert any(each.nonconformant for each in found.searches)
    assert not any(each.nonconformant for each in excused(found, found).searches)
    clean = Run(found.header, (), (), found.footer, searches=tuple(
        replace(each, verdict="pass", findings=[]) for each in found.searches
    ))  # fmt: skip
    broken = sum(each.nonconformant for each in found.searches)
    assert sum(each.nonconformant for each in excused(found, clean).searches) == broken
