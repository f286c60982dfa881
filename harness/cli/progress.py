"""What a person sees while a run goes on: a bar on a terminal, notes on stderr, result lines on stdout if asked for."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from harness.runner.results import FuzzResult, Line, RecordingResult, Result, encode_line
from harness.runner.session import Listeners


class Progress:
    """A context manager that shows a run on stderr; a bar only where stderr is a terminal."""

    def __init__(self, *, quiet: bool, as_json: bool, what: str = "cases") -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._as_json = as_json
        self._failed = 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[failed]}"),
        )
        self._bar = Bar(*columns, console=self._console, disable=quiet or not self._console.is_terminal)
        self._cases = self._bar.add_task(what, total=None, failed="", visible=False)
        self._streams = self._bar.add_task("recordings", total=None, failed="", visible=False)
        self.listeners = Listeners(note=self._note, planned=self._planned, line=self._line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _note(self, words: str) -> None:
        self._console.print(words, markup=False, soft_wrap=True)

    def _planned(self, cases: int) -> None:
        self._bar.start()  # only now: its thread must not be there when the process is cut off from the network
        self._failed = 0
        self._bar.reset(self._cases, total=cases, visible=True, failed="")  # a run that is repeated begins anew

    def _line(self, line: Line) -> None:
        if self._as_json:
            sys.stdout.buffer.write(encode_line(line))
            sys.stdout.buffer.flush()
        if isinstance(line, Result | FuzzResult):
            self._failed += line.nonconformant
            said = f"{self._failed} failed" if self._failed else ""
            self._bar.update(self._cases, advance=1, failed=said)
        elif isinstance(line, RecordingResult):
            self._bar.update(self._streams, advance=1, visible=True)
