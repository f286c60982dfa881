"""The real command line, in a folder of its own, and what the tests feed it with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from harness.cli.main import main
from harness.runner.results import Result, Run

HARNESS = Path(sys.executable).with_name("harness")
MINIATURES = Path(__file__).parent / "miniatures"

CHAT_STREAM = (
    b'data: {"id":"r-1","model":"m-1","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    b'data: {"id":"r-1","model":"m-1","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
"""A whole answer in openai-chat: `Hello`, and nothing odd about it."""

SCENARIO = """\
title: A word
why: It is the least that there is to say.
response:
  events:
    - text: Hello
    - finish: stop
expect: {text: Hello, finish: stop}
"""
"""A scenario that is right."""


@dataclass(frozen=True)
class Ran:
    """What one call of the command did."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of error that a wrong call gets."""
        line = self.err.removesuffix("\n")
        assert "\n" not in line, self.err
        assert line.startswith("harness: error: "), self.err
        return line.removeprefix("harness: error: ")


@dataclass(frozen=True)
class Harness:
    """The `harness` command in a folder. No call of it may ever show a traceback."""

    folder: Path

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, status: int = 0
    ) -> Ran:
        ran = self.call([HARNESS, *arguments], stdin, env)
        assert ran.status == status, ran
        return ran

    def call(self, command: list[str | Path], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
        process = subprocess.run(
            command,
            cwd=self.folder,
            input=stdin,
            env={**os.environ, **(env or {})},
            capture_output=True,
            timeout=120,
            check=False,
        )
        ran = Ran(process.returncode, process.stdout.decode(), process.stderr.decode())
        assert "Traceback" not in ran.err, ran.err
        return ran

    def inside(self, *arguments: str | Path, status: int = 0) -> Ran:
        """The same in this very process, for tables of calls: nothing of it is left out but the interpreter's start."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        argv, sys.argv = sys.argv, ["harness", *map(str, arguments)]
        path = [*sys.path]
        try:
            with chdir(self.folder), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
                main()
        finally:
            sys.argv, sys.path[:] = argv, path
        said = [each.buffer.getvalue().decode() for each in (out, err)]  # type: ignore[attr-defined]
        ran = Ran(int(left.value.code or 0), *said)
        assert ran.status == status, ran
        return ran

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the command in a process group of its own, as a shell does, and ends what a test leaves."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(
        *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: int | None = None
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [HARNESS, *arguments],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def stdout_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def the_result(run: Run, system: str) -> Result:
    """The only result of that system."""
    [result] = [each for each in run.results if each.system == system]
    return result
