"""What a person sees while a run goes on: a bar on a terminal, notes on stderr, result lines on stdout if asked for.

Elsewhere than on a terminal, such as in a pipeline's log, a line now and then says how far it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskProgressColumn, TextColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from harness.cli.amounts import duration
from harness.cli.screen import screen
from harness.cli.verbose import as_it_ends
from harness.report.visible import plain
from harness.runner.results import FuzzResult, Line, RecordingResult, Result, encode_line
from harness.runner.session import Listeners

EVERY_S = 60.0
"""Seconds between two lines that say how far it is, where there is no terminal."""


class Progress:
    """A context manager that shows a run on stderr; a bar only where stderr is a terminal."""

    def __init__(
        self,
        *,
        quiet: bool,
        as_json: bool,
        verbose: bool = False,
        what: str = "cases",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = screen(stderr=True, quiet=quiet)
        self._as_json = as_json
        self._verbose = verbose
        self._what = what
        self._clock = clock
        self._began_at = self._told_at = clock()
        self._failed = self._done = self._total = 0
        live = not quiet and self._console.is_interactive
        self._now_and_then = not quiet and not live and not verbose
        self._bar = _Bar(*_columns(), console=self._console, disable=not live, transient=True)
        self._cases = self._bar.add_task(what, total=None, failed="", visible=False)
        self._streams = self._bar.add_task("recordings", total=None, failed="", visible=False)
        self.listeners = Listeners(note=self._note, planned=self._planned, line=self._line, doing=self._doing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _note(self, words: str) -> None:
        self._console.print(plain(words))

    def _doing(self, words: str) -> None:
        self._bar.doing = words
        self._bar.start()

    def _planned(self, cases: int) -> None:
        self._bar.start()  # only now: its thread must not be there when the process is cut off from the network
        self._failed, self._done, self._total = 0, 0, cases
        self._began_at = self._told_at = self._clock()
        self._bar.reset(self._cases, total=cases, visible=True, failed="")  # a run that is repeated begins anew

    def _line(self, line: Line) -> None:
        if self._as_json:
            sys.stdout.buffer.write(encode_line(line))
            sys.stdout.buffer.flush()
        if self._verbose:
            for words in as_it_ends(line):
                self._console.print(words)
        if isinstance(line, Result | FuzzResult):
            self._ended(line)
        elif isinstance(line, RecordingResult):
            self._bar.update(self._streams, advance=1, visible=True)

    def _ended(self, line: Result | FuzzResult) -> None:
        self._done += 1
        self._failed += line.nonconformant
        failed = f"{self._failed:,} failed" if self._failed else ""
        about = line.scenario if isinstance(line, Result) else line.stream
        self._bar.doing = f"{line.system} {about}" if self._done < self._total else "ending the systems"
        self._bar.update(self._cases, advance=1, failed=failed)
        if self._now_and_then and self._clock() - self._told_at >= EVERY_S:
            self._told_at = self._clock()
            self._console.print(", ".join(filter(None, [*self._how_far(), failed])))

    def _how_far(self) -> Iterable[str]:
        """How much is done, and how long the rest may take."""
        left = (self._told_at - self._began_at) / self._done * (self._total - self._done)
        yield f"{self._done:,} of {self._total:,} {self._what}"
        yield f"about {duration(left)} left"


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        _Left(),
        TextColumn("{task.fields[failed]}", style="bold red"),
    )


class _Left(ProgressColumn):
    """How long it may take yet, in words, once something is known of that."""

    def render(self, task: Task) -> Text:
        left = task.time_remaining
        return Text(f"about {duration(left)} left" if left and not task.finished else "")


class _Bar(RichProgress):
    """The bar, and in a line below it what is being done."""

    doing = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """What the bar consists of."""
        yield from super().get_renderables()
        yield Text(plain(self.doing), "dim", no_wrap=True, overflow="ellipsis")
