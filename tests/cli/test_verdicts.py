"""A run in a few lines: the table, the failures with the silent ones first, and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.catalogue.findings import Finding
from harness.cli.verdicts import SHOWN_FAILURES, exit_status, print_summary
from harness.runner.results import Footer, RecordingResult, Result, Run
from tests.runner.test_results import HEADER, RECORDING, result

KNOWN = {"known": "It is known."}
FAIL = {"verdict": "fail"}
WHOLE = Footer(1, 1.0)
ERROR = {"verdict": "error", "note": "it exited with status 7"}


def run(*results: Result, recordings: tuple[RecordingResult, ...] = (), footer: Footer | None = WHOLE) -> Run:
    return Run(HEADER, results, recordings, footer)


def said(capsys: pytest.CaptureFixture[str], *results: Result, **rest: Any) -> str:
    print_summary(run(*results, **rest), None)
    return capsys.readouterr().out


def recording(verdict: Any, *problems: str) -> RecordingResult:
    values = {name: getattr(RECORDING, name) for name in RECORDING.__struct_fields__}
    return RecordingResult(**{**values, "verdict": verdict, "problems": list(problems)})


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([], 0),
        ([{}], 0),
        ([{"verdict": "unsupported"}], 0),
        ([{**FAIL, "level": "should"}, {**FAIL, "level": "may"}], 0),
        ([{**FAIL, **KNOWN}], 0),
        ([{}, FAIL], 1),
        ([KNOWN], 1),
        ([{}, ERROR], 3),
        ([ERROR, FAIL], 1),
    ],
)
def test_the_exit_status_follows_from_the_verdicts(results: list[dict[str, Any]], status: int) -> None:
    assert exit_status(run(*(result(**fields) for fields in results))) == status


@pytest.mark.parametrize(("verdict", "status"), [("pass", 0), ("fail", 1), ("unsupported", 0)])
def test_a_recording_that_does_not_hold_fails_the_run(verdict: str, status: int) -> None:
    assert exit_status(run(recordings=(recording(verdict, "odd"),))) == status


def test_the_table_counts_each_verdict_once(capsys: pytest.CaptureFixture[str]) -> None:
    silent = Finding("loss", "text", "content", True, "it is missing")
    out = said(
        capsys,
        result(),
        result(**FAIL, failures=[silent]),
        result(**FAIL, level="should"),
        result(**FAIL, **KNOWN),
        result(verdict="unsupported"),
        result(**ERROR),
        result(dialect="ollama"),
    )
    head, first, second = out.splitlines()[:3]
    columns = ["pass", "fail", "silent", "known", "should/may", "fail", "unsupported", "error"]
    assert head.split() == ["system", "version", "dialect", *columns]
    assert first.split() == ["made", "1", "gemini", "1", "1", "1", "1", "1", "1", "1"]
    assert second.split() == ["made", "1", "ollama", "1", "0", "0", "0", "0", "0", "0"]


def test_silent_failures_come_first_and_excused_ones_not_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    loud = Finding("wrong-error", "error", "ending", False, "the error is another one")
    silent = Finding("loss", "text", "content", True, "'Hello' is missing")
    out = said(
        capsys,
        result(**FAIL, scenario="made/a", failures=[loud], reproduce="harness replay a"),
        result(**FAIL, scenario="made/b", failures=[silent], reproduce="harness replay b"),
        result(**FAIL, scenario="made/c", **KNOWN),
        result(**FAIL, scenario="made/d", level="should"),
    )
    assert out.partition("\n\n")[2] == (
        "fail silently: made made/b (gemini)\n  loss: 'Hello' is missing\n  harness replay b\n\n"
        "fail: made made/a (gemini)\n  wrong-error: the error is another one\n  harness replay a\n"
    )


def test_what_could_not_run_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, result(**ERROR))
    assert "\nerror: made made/up (gemini)\n  it exited with status 7\n  harness replay\n" in out


def test_a_stale_known_failure_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert "it is listed as a known failure, and passes: remove the entry\n" in said(capsys, result(**KNOWN))


def test_the_terminal_shows_so_many_failures_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, *(result(**FAIL, scenario=f"made/{number}") for number in range(SHOWN_FAILURES + 3)))
    assert out.count("\nfail: ") == SHOWN_FAILURES
    assert out.endswith("\n… and 3 more\n")


def test_words_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    odd = Finding("loss", "text", "content", False, "[bold]x[/bold] [/nothing]")
    assert "  loss: [bold]x[/bold] [/nothing]\n" in said(capsys, result(**FAIL, failures=[odd]))


def test_recordings_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    streams = (RECORDING, recording("fail", "cut byte by byte: text is other"), recording("unsupported", "klingon"))
    out = said(capsys, recordings=streams)
    assert "recordings: 2 streams in 14 cuttings, 1 do not hold; 1 more are of other dialects\n" in out
    assert "  r1 (gemini, somebody): cut byte by byte: text is other\n" in out


@pytest.mark.parametrize("footer", [None, Footer(1, 1.0, interrupted=True)])
def test_a_run_that_is_not_whole_says_so(capsys: pytest.CaptureFixture[str], footer: Footer | None) -> None:
    assert "not whole: the run did not come to its end, results may be missing\n" in said(capsys, footer=footer)
    assert "not whole" not in said(capsys)


def test_the_report_is_named_last(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(run(result()), Path("my report"))
    assert capsys.readouterr().out.endswith("\nreport: my report/index.html\n")
