"""What a person sees of a run that goes on: a bar on a terminal only, notes in one line, lines as data."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.cli import progress
from harness.cli.progress import Progress
from harness.runner.results import Footer, encode_line
from tests.runner.test_results import FULL, HEADER, RECORDING

LINES = (HEADER, FULL, RECORDING, Footer(2, 1.0))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal to draw on."""
    screen = io.StringIO()

    def console(*, stderr: bool, quiet: bool, highlight: bool) -> Console:
        assert stderr
        return Console(file=screen, force_terminal=True, width=200, quiet=quiet, highlight=highlight)

    monkeypatch.setattr(progress, "Console", console)
    return screen


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
