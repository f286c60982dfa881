"""What a person sees of a run that goes on: a bar on a terminal only, notes in one line, lines as data."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.catalogue.findings import Finding
from harness.cli import progress
from harness.cli.progress import Progress
from harness.runner.results import Footer, encode_line
from tests.runner.test_results import FULL, HEADER, RECORDING, SEARCH, result

LINES = (HEADER, FULL, RECORDING, Footer(2, 1.0))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal to draw on."""
    screen = io.StringIO()

    def console(*, stderr: bool, quiet: bool) -> Console:
        assert stderr
        return Console(file=screen, force_terminal=True, force_interactive=True, width=200, quiet=quiet, markup=False)

    monkeypatch.setattr(progress, "screen", console)
    return screen


class Clock:
    """Time that goes on only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*, quiet: bool = False, as_json: bool = False, note: str = "by the way") -> None:
    with Progress(quiet=quiet, as_json=as_json) as view:
        view.listeners.note(note)
        view.listeners.planned(7)
        for line in LINES:
            view.listeners.line(line)


def test_a_terminal_shows_how_far_it_is_and_what_failed(terminal: io.StringIO) -> None:
    shown()
    screen = terminal.getvalue()
    assert "by the way" in screen
    assert "1/7" in screen
    assert "recordings" in screen
    assert "made made/up" in screen


def test_a_terminal_shows_what_is_done_before_the_first_case(terminal: io.StringIO) -> None:
    with Progress(quiet=False, as_json=False) as view:
        view.listeners.doing("starting a\x1b, b")
    assert "starting a\\x1b, b" in terminal.getvalue()


def test_a_log_says_now_and_then_how_far_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(quiet=False, as_json=False, clock=clock) as view:
        view.listeners.planned(2000)
        for number in range(1, 6):
            clock.now = 20.0 * number
            view.listeners.line(result(verdict="fail") if number == 2 else result())
    assert capfd.readouterr() == ("", "3 of 2,000 cases, about 11 h 6 min left, 1 failed\n")


def test_each_case_is_told_as_it_ends_if_that_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    loss = Finding("loss", "text", "content", True, "'a' is\nmissing")
    flaky = result(verdict="fail", known="It depends.", flaky=True)
    lines = [
        result(duration_s=1.5),
        result(verdict="fail", failures=[loss]),
        result(verdict="fail", level="may"),
        flaky,
        result(verdict="unsupported", note="not claimed: images"),
        result(known="It was so."),
        SEARCH,
        RECORDING,
    ]
    with Progress(quiet=False, as_json=False, verbose=True) as view:
        view.listeners.planned(len(lines))
        for line in lines:
            view.listeners.line(line)
    assert capfd.readouterr().err.splitlines() == [
        "pass          made made/up (gemini) 1.50 s",
        "fail silently made made/up (gemini) 250 ms",
        "              loss: 'a' is missing",
        "may           made made/up (gemini) 250 ms",
        "flaky         made made/up (gemini) 250 ms",
        "              known: It depends.",
        "unsupported   made made/up (gemini) 250 ms",
        "              not claimed: images",
        "stale         made made/up (gemini) 250 ms",
        "              known: It was so.",
        "fail          made cuts of made/up (gemini), 119 inputs",
        "              corruption: cut after byte 7, inside the second byte of é",
        "pass          r1 (gemini, somebody)",
    ]


def test_a_run_that_is_repeated_is_counted_anew(terminal: io.StringIO) -> None:
    with Progress(quiet=False, as_json=False) as view:
        for _ in range(2):
            view.listeners.planned(7)
            for line in LINES:
                view.listeners.line(line)
    assert "1/7" in terminal.getvalue()
    assert "2/7" not in terminal.getvalue()


def test_without_a_terminal_there_are_only_notes(capfd: pytest.CaptureFixture[str]) -> None:
    shown(note="a note that is longer than eighty columns, " * 4 + "[which] stays one line")
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "a note that is longer than eighty columns, " * 4 + "[which] stays one line\n"


def test_quiet_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    shown(quiet=True)
    assert capfd.readouterr() == ("", "")


def test_as_data_every_line_goes_to_stdout(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    shown(as_json=True)
    assert capfdbinary.readouterr().out == b"".join(map(encode_line, LINES))
