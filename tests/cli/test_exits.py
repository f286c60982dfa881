"""Errors that a person can mend become one line and a status; others stay what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from harness.cli.exits import COULD_NOT_RUN, WRONG_CALL, fail, make_parent, mendable, said


class Mendable(ValueError):
    """An error that a block declares."""


def test_a_declared_error_ends_the_command_in_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left, mendable(Mendable, status=COULD_NOT_RUN):
        raise Mendable("this and that; do so")
    assert left.value.exit_code == COULD_NOT_RUN
    assert capsys.readouterr() == ("", "harness: error: this and that; do so\n")


def test_an_error_of_the_operating_system_names_its_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(typer.Exit) as left, mendable():
        (tmp_path / "gone").read_bytes()
    assert left.value.exit_code == WRONG_CALL
    assert capsys.readouterr().err == f"harness: error: {tmp_path / 'gone'}: No such file or directory\n"


def test_an_error_that_nobody_declared_is_a_bug_and_stays_one() -> None:
    with pytest.raises(ValueError, match="a bug"), mendable(Mendable):
        raise ValueError("a bug")


def test_a_reader_that_left_is_no_error_of_the_call() -> None:
    with pytest.raises(BrokenPipeError), mendable():
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError(2, "No such file or directory", "a.sse"), "a.sse: No such file or directory"),
        (OSError("in words only"), "in words only"),
        (ValueError("plain"), "plain"),
    ],
)
def test_errors_in_words(error: Exception, words: str) -> None:
    assert said(error) == words


def test_failing_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail("it is so")
    assert capsys.readouterr().err == "harness: error: it is so\n"


def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    make_parent(tmp_path / "a" / "b" / "c.txt")
    assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a" / "b" / "c.txt").exists()
