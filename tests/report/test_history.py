from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.report.comparison import past_of
from harness.report.history import Entry, UnusableHistory, entry_of, open_history
from harness.runner.results import Run

from .sample import SITUATIONS, run_of, small_run


def run_on(day: int, run: Run | None = None, catalogue: str = "2026.11") -> Run:
    run = run or small_run()
    header = replace(run.header, started=f"2026-11-{day:02d}T10:00:00Z", catalogue=catalogue)
    return Run(header, run.results, run.recordings, run.footer, run.evidence_in, run.searches)


def entry(day: int, run: Run | None = None, catalogue: str = "2026.11") -> Entry:
    return entry_of([run_on(day, run, catalogue)])


def perfect() -> Run:
    return run_of(("reference", "openai-python", "anthropic-python"), SITUATIONS, {})


def days(path: Path, of: Entry) -> list[str]:
    with open_history(path) as history:
        return [point.started[8:10] for point in history.trend(of)]


def test_a_run_is_there_once_however_often_it_is_added(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "h.sqlite"
    with open_history(path) as history:
        assert history.add(entry(1)) == "added"
        assert history.add(entry(1)) == "known"
    with open_history(path) as history:
        assert history.add(entry(1)) == "known"
        assert history.add(entry(2)) == "added"
    assert days(path, entry(3)) == ["01", "02", "03"]


def test_the_same_run_with_other_outcomes_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite") as history:
        history.add(entry(1))
        assert history.add(entry(1, perfect())) == "replaced"
        assert [point.all.silent for point in history.trend(entry(2))] == [0, 12]


def test_the_run_before_is_the_last_that_began_earlier(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite") as history:
        for day in (7, 3, 5):
            history.add(entry(day, catalogue=f"2026.{day}"))
        before = history.before(entry(6))
        assert before is not None
        assert (before.started, before.catalogue, before.harness) == ("2026-11-05T10:00:00+00:00", "2026.5", "0.1.0")
        assert history.before(entry(3)) is None


def test_every_outcome_comes_back_as_it_went_in(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite") as history:
        history.add(entry(1))
        before = history.before(entry(2))
    assert before is not None
    outcome = before.outcomes["openai-python", "openai-chat", "chunking/inside-a-character"]
    assert (outcome.verdict, outcome.level, outcome.silent, outcome.version) == ("fail", "must", True, "3.52.0")
    assert [str(way) for way in outcome.how] == ["corruption corruption silently"]
    assert outcome.message
    assert before.outcomes.keys() == past_of([small_run()]).outcomes.keys()


def test_times_in_other_zones_sort_by_the_moment(tmp_path: Path) -> None:
    def at(started: str) -> Entry:
        run = small_run()
        return entry_of([Run(replace(run.header, started=started), run.results, (), run.footer)])

    with open_history(tmp_path / "h.sqlite") as history:
        history.add(at("2026-11-05T23:30:00-05:00"))
        history.add(at("2026-11-06T01:00:00+00:00"))
        before = history.before(at("2026-11-06T09:00:00"))
    assert before is not None
    assert before.started == "2026-11-06T04:30:00+00:00"


@pytest.mark.parametrize(
    "other",
    [
        run_of(("reference", "openai-python"), SITUATIONS, {}),
        run_of(("reference", "openai-python", "anthropic-python"), SITUATIONS[:5], {}),
    ],
    ids=["other-systems", "less-than-half-the-cases"],
)
def test_runs_of_other_systems_or_of_few_cases_are_not_compared_with(tmp_path: Path, other: Run) -> None:
    with open_history(tmp_path / "h.sqlite") as history:
        history.add(entry(1, other))
        assert history.before(entry(2)) is None
        assert len(history.trend(entry(2))) == 1


def test_runs_in_process_are_not_compared_with_those_over_sockets(tmp_path: Path) -> None:
    run = small_run()
    in_process = Run(replace(run.header, lane="in-process"), run.results, (), run.footer)
    with open_history(tmp_path / "h.sqlite") as history:
        history.add(entry(1, in_process))
        assert history.before(entry(2)) is None


def test_a_trend_ends_with_the_run_itself_whether_it_was_added_or_not(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with open_history(path) as history:
        for day in range(1, 5):
            history.add(entry(day))
    assert days(path, entry(3)) == ["01", "02", "03"]
    assert days(path, entry(9)) == ["01", "02", "03", "04", "09"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"notes about runs, and no database at all\n" * 30, "no history of the harness, or a damaged one"),
        (b"SQLite format 3\x00" + b"\xff" * 2000, "no history of the harness, or a damaged one"),
    ],
    ids=["text", "damaged"],
)
def test_what_is_no_database_is_named_and_left_as_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "h.sqlite"
    path.write_bytes(content)
    with pytest.raises(UnusableHistory, match=words) as raised, open_history(path):
        pass
    assert str(raised.value).startswith(str(path))
    assert path.read_bytes() == content


def make_database(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    make_database(path, "CREATE TABLE bookmarks (address TEXT)")
    before = path.read_bytes()
    with pytest.raises(UnusableHistory, match="the database of another program; name another file"), open_history(path):
        pass
    assert path.read_bytes() == before


def test_a_history_of_a_newer_harness_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with open_history(path) as history:
        history.add(entry(1))
    make_database(path, "PRAGMA user_version = 99")
    with pytest.raises(UnusableHistory, match="written by a newer harness"), open_history(path):
        pass


def test_a_run_whose_outcomes_were_damaged_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    with open_history(path) as history:
        history.add(entry(1))
    make_database(path, "UPDATE runs SET outcomes = x'00112233'")
    with open_history(path) as history, pytest.raises(UnusableHistory, match="damaged"):
        history.before(entry(2))


def test_a_history_that_another_process_writes_to_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.report.history.WAIT_S", 0.0)
    path = tmp_path / "h.sqlite"
    with open_history(path) as history, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnusableHistory, match="in use by another process for more than 0 s; try again"):
            history.add(entry(1))
        other.execute("ROLLBACK")
        assert history.add(entry(1)) == "added"


def test_an_empty_file_becomes_a_history_and_a_folder_does_not(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite"
    path.write_bytes(b"")
    with open_history(path) as history:
        assert history.add(entry(1)) == "added"
    with pytest.raises(UnusableHistory, match="is a folder; name the history's file in it"), open_history(tmp_path):
        pass


def test_words_that_utf_8_cannot_say_are_kept_as_escapes(tmp_path: Path) -> None:
    run = small_run()
    broken = replace(run.results[0], failures=[], verdict="error", note="half \ud83d")
    with open_history(tmp_path / "h.sqlite") as history:
        history.add(entry(1, Run(run.header, (broken, *run.results[1:]), (), run.footer)))
        before = history.before(entry(2))
    assert before is not None
    assert before.outcomes[broken.system, broken.pair, broken.scenario].message == "half \\ud83d"
