"""The results file grows line by line, so that a run that is stopped loses only what is in flight."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from harness import __version__
from harness.runner.journal import Journal, header
from harness.runner.results import Footer, Header, Line, read_run
from harness.systems.base import Description
from tests.runner.made import CLAIMS_ALL, scenario
from tests.runner.test_results import FULL, RECORDING, SEARCH, result

RETRYING = {"incidents": ["https://example.invalid/1"], "needs": ["retries"], "dialects": ["openai-chat"]}


def the_header() -> Header:
    return header("2026.11+abc", "in-process", [CLAIMS_ALL], [scenario(**RETRYING)])


def ignore(line: Line) -> None:
    """Nobody listens."""


def test_the_header_names_the_harness_the_catalogue_and_the_machine() -> None:
    first = the_header()
    assert (first.harness, first.catalogue, first.lane) == (__version__, "2026.11+abc", "in-process")
    assert (first.python, first.platform.split()[0]) == (platform.python_version(), platform.system())
    assert first.started.endswith("+00:00")


def test_the_header_says_why_each_scenario_is_there_and_what_each_system_claims() -> None:
    first = the_header()
    note = first.scenarios["made/up"]
    assert (note.why, note.incidents) == ("For a test.", ["https://example.invalid/1"])
    assert "retries" in note.needs
    said = first.described["made"]
    assert (said.language, said.kind, said.dialects) == ("python", "client", ["openai-chat"])
    assert said.features == sorted(CLAIMS_ALL.features)
    assert first.systems == {"made": "1"}


def test_a_result_is_in_the_file_as_soon_as_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "r.jsonl"
    with Journal(the_header(), path, ignore) as journal:
        assert read_run(path).results == ()
        journal.add(FULL)
        assert read_run(path).results == (FULL,)
        journal.add(RECORDING)
        assert read_run(path).recordings == (RECORDING,)
        assert read_run(path).footer is None
    run = read_run(path)
    assert run.footer is not None
    assert (run.footer.results, run.footer.interrupted) == (2, False)
    assert journal.run() == read_run(path, evidence=False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_run_that_is_stopped_says_so_in_its_footer(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "r.jsonl"
    with pytest.raises(error), Journal(the_header(), path, ignore) as journal:
        journal.add(FULL)
        raise error
    run = read_run(path)
    assert run.results == (FULL,)
    assert run.footer is not None and run.footer.interrupted


def test_whoever_listens_hears_every_line() -> None:
    heard: list[Line] = []
    with Journal(the_header(), None, heard.append) as journal:
        journal.add(FULL)
    assert [type(line) for line in heard] == [Header, type(FULL), Footer]


def test_a_listener_that_fails_costs_no_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"

    def refuse(line: Line) -> None:
        if line == FULL:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError), Journal(the_header(), path, refuse) as journal:
        journal.add(result())
        journal.add(FULL)
    run = read_run(path)
    assert run.results == (result(), FULL)
    assert run.footer is not None and run.footer.interrupted


def test_without_a_file_the_run_is_still_there() -> None:
    with Journal(the_header(), None, ignore) as journal:
        journal.add(FULL)
    assert journal.run().results == (FULL,)


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("something else\n" * 100)
    with Journal(the_header(), path, ignore):
        pass
    assert read_run(path).results == ()


def test_a_system_without_features_has_none() -> None:
    plain = Description("plain", "2", "go", ("ollama",))
    assert header("c", "sockets", [plain], []).described["plain"].features == []


def test_searches_are_counted_and_the_footer_has_what_there_is_to_remark(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Journal(the_header(), path, ignore) as journal:
        journal.add(SEARCH)
        journal.remark("two searches did not come to their turn")
    run = read_run(path)
    assert run.searches == (SEARCH,)
    assert run.footer is not None
    assert (run.footer.results, run.footer.note) == (1, "two searches did not come to their turn")
    assert journal.run() == read_run(path, evidence=False)
