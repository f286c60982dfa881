"""A run in a few lines: the table, the failures with the silent ones first, and the exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.catalogue.findings import Finding
from harness.cli.failures_shown import SHOWN
from harness.cli.verdicts import exit_status, print_summary
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
        ([{**KNOWN, "flaky": True}, {**FAIL, **KNOWN, "flaky": True}], 0),
        ([{**FAIL, "level": "should", "expired": "It was known."}], 1),
        ([{"expired": "It was known."}], 1),
        ([{"verdict": "unsupported", "expired": "It was known."}], 0),
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
    head, first, second = out.partition("\nsystem")[2].splitlines()[:3]
    columns = ["pass", "fail", "silent", "hang", "stale", "known", "should/may", "error", "unsupported"]
    assert head.split() == ["dialect", *columns]
    assert first.split() == ["made", "1", "gemini", "1", "1", "1", "0", "0", "1", "1", "1", "1"]
    assert second.split() == ["made", "1", "ollama", "1", "0", "0", "0", "0", "0", "0", "0", "0"]
    assert out.splitlines()[-2:] == [
        "7 cases: 2 pass, 1 fail (1 silently), 1 fail as known, 1 fail a should or may, 1 not measured, 1 unsupported",
        "not conformant: 1 case fails a must",
    ]


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
    assert out.partition("system")[0] == (
        "fail silently: made made/b (gemini)\n  loss: 'Hello' is missing\n  harness replay b\n\n"
        "fail: made made/a (gemini)\n  wrong-error: the error is another one\n  harness replay a\n\n"
    )


def test_what_fails_alike_in_several_dialects_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    alike = [Finding("loss", "text", "content", False, "'Hello' is missing")]
    other = [Finding("loss", "text", "content", False, "'lo' is missing")]
    out = said(
        capsys,
        result(**FAIL, failures=alike, dialect="ollama"),
        result(**FAIL, failures=other, dialect="gemini"),
        result(**FAIL, failures=alike, dialect="openai-chat"),
    )
    assert [line for line in out.splitlines() if line.startswith("fail")] == [
        "fail: made made/up (ollama, openai-chat)",
        "fail: made made/up (gemini)",
    ]
    assert out.count("'Hello' is missing") == 1


def test_what_could_not_run_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, result(**ERROR))
    assert out.startswith("error: made made/up (gemini)\n  it exited with status 7\n  harness replay\n")
    assert out.endswith("\nno verdict: 1 could not be measured\n")


def test_a_stale_known_failure_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, result(**KNOWN, known_place="known.yaml:3"))
    assert out.startswith(
        "known failure: known.yaml:3: it is listed as a known failure, and passes: remove the entry\n"
        "  made made/up (gemini)\n\n"
    )
    assert out.endswith(
        "\n1 case: 1 pass (1 listed as known to fail), 0 fail\nnot conformant: 1 known failure passes\n"
    )


def test_an_entry_of_which_a_part_still_fails_is_to_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    entry = {**KNOWN, "known_place": "known.yaml:3"}
    out = said(capsys, *(result(**entry, scenario=f"made/{name}") for name in "abcd"), result(**FAIL, **entry))
    assert out.startswith(
        "known failure: known.yaml:3: 4 of the 5 cases that it lists as known failures pass: take those out of the "
        "entry\n  made made/a (gemini), made made/b (gemini), made made/c (gemini) and 1 more case\n\n"
    )


def test_an_entry_whose_time_is_over_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    over = {"expired": "It is known.", "known_until": "2026-01-31", "known_place": "known.yaml:3"}
    out = said(capsys, result(**FAIL, **over, level="should"))
    assert (
        "known failure: known.yaml:3: it was listed as known until 2026-01-31, which is over: look again, and set a "
        "later day or remove the entry (It is known.)\n  made made/up (gemini)\n"
    ) in out
    assert out.endswith("not conformant: 1 known failure is no longer excused\n")


def test_what_is_flaky_is_counted_and_excused(capsys: pytest.CaptureFixture[str]) -> None:
    flaky = {**KNOWN, "flaky": True}
    out = said(capsys, result(**flaky), result(**FAIL, **flaky), result(**FAIL, **KNOWN))
    assert out.splitlines()[-2:] == [
        "3 cases: 1 pass, 0 fail, 2 fail as known (1 flaky)",
        "conformant but for 2 known failures",
    ]


def test_the_terminal_shows_so_many_failures_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, *(result(**FAIL, scenario=f"made/{number}") for number in range(SHOWN + 3)))
    assert out.count("fail: made") == 20
    assert "\n… and 3 more\n\n" in out


def test_words_of_a_system_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    odd = Finding("loss", "text", "content", False, "\x1b[2J" + "long " * 1000)
    out = said(capsys, result(**FAIL, failures=[odd], system="ma\x1bde"))
    assert "\x1b" not in out
    assert "fail: ma\\x1bde made/up (gemini)\n  loss: \\x1b[2Jlong long " in out
    assert "… and 4,607 more characters\n" in out


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
