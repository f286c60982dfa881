"""The command on a real terminal: what it draws at 80 and 120 columns, in which colours, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from harness.runner.results import Footer, write_run
from tests.cli.conftest import HARNESS, MINIATURES, Harness
from tests.runner.test_results import HEADER, result

PLAIN = ["--scenario", "canary/plain-text", "--dialect", "openai-chat", "--in-process"]
_STEERING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_terminal(folder: Path, *arguments: str, columns: int, **env: str) -> tuple[int, str]:
    """The exit status, and all that the terminal got, its line ends made plain."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    usual = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [HARNESS, *arguments],
        cwd=folder,
        env={**usual, "TERM": "xterm-256color", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    got = b""
    with os.fdopen(ours, "rb", buffering=0) as screen:
        while True:
            try:
                part = screen.read(65536)
            except OSError:  # what a terminal says whose other side is closed
                break
            if not part:
                break
            got += part
    return process.wait(timeout=60), got.decode().replace("\r\n", "\n")


def results_in(folder: Path) -> None:
    gateway = {"system": "a-gateway-with-a-long-name", "upstream": "anthropic-messages", "dialect": "openai-responses"}
    lines = [result(**gateway), result(**gateway, scenario="made/b", verdict="fail", known="As we know."), result()]
    write_run(folder / "r.jsonl", [HEADER, *lines, Footer(3, 75.0)])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            120,
            """\
system                        dialect                                pass  fail  silent  known
a-gateway-with-a-long-name 1  anthropic-messages → openai-responses     1     0       0      1
made 1                        gemini                                    1     0       0      0
""",
        ),
        (
            80,
            """\
  dialect                                pass  fail  silent  known
a-gateway-with-a-long-name 1
  anthropic-messages → openai-responses     1     0       0      1
made 1
  gemini                                    1     0       0      0
""",
        ),
    ],
)
def test_the_table_fits_the_terminal(tmp_path: Path, columns: int, expected: str) -> None:
    results_in(tmp_path)
    status, screen = on_terminal(tmp_path, "report", "r.jsonl", columns=columns)
    assert status == 0
    assert _STEERING.sub("", screen) == (
        f"{expected}\n3 cases in 1 min: 2 pass, 0 fail, 1 fail as known\nconformant but for 1 known failure\n"
    )


def test_a_terminal_gets_colours_and_none_where_they_are_not_wanted(tmp_path: Path) -> None:
    results_in(tmp_path)
    _, coloured = on_terminal(tmp_path, "report", "r.jsonl", columns=80)
    assert "\x1b[1;32mconformant but for 1 known failure\x1b[0m" in coloured
    _, plain = on_terminal(tmp_path, "report", "r.jsonl", columns=80, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain == _STEERING.sub("", coloured)


def test_a_pipe_gets_neither_colours_nor_a_bar(harness: Harness) -> None:
    ran = harness("replay", *PLAIN)
    assert "\x1b" not in ran.out + ran.err
    assert ran.err == ""
    coloured = harness("replay", *PLAIN, env={"FORCE_COLOR": "1"})
    assert "\x1b[1;32mconformant" in coloured.out
    assert "━" not in coloured.err


def test_the_bar_is_gone_when_the_run_is_over(tmp_path: Path) -> None:
    status, screen = on_terminal(tmp_path, "replay", *PLAIN, columns=80)
    assert status == 0
    bar, _, after = screen.rpartition("\x1b[2K")
    assert "1/1" in bar
    assert "━" not in after
    assert _STEERING.sub("", after).startswith("system           dialect      pass  fail  silent\nreference 0.1.0")


def test_a_failure_is_told_above_the_table_and_quiet_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "wrong_systems.py").write_text((MINIATURES / "wrong_systems.py").read_text())
    deaf = ["replay", "--system", "wrong_systems:Deaf", *PLAIN]
    status, screen = on_terminal(tmp_path, *deaf, columns=80, NO_COLOR="1")
    told = _STEERING.sub("", screen.rpartition("\x1b[2K")[2])
    assert status == 1
    assert told.startswith("fail silently: deaf canary/plain-text (openai-chat)\n  corruption: ")
    assert told.endswith("not conformant: 1 case fails a must\n")
    assert on_terminal(tmp_path, *deaf, "--quiet", columns=80) == (1, "")


def test_verbose_tells_of_each_case_and_does_not_go_with_quiet(harness: Harness) -> None:
    ran = harness("replay", *PLAIN, "--verbose")
    assert re.fullmatch(r"pass          reference canary/plain-text \(openai-chat\) \S+ ms\n", ran.err)
    for verb in ("replay", "matrix", "fuzz"):
        error = harness.inside(verb, "--quiet", "--verbose", status=2).error
        assert error == "--quiet says nothing and --verbose says more; give one of them"
