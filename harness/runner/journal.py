"""The results file while a run writes it: line by line, so that a stopped run loses only what is in flight."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from harness import __version__
from harness.catalogue.checks import needed_features
from harness.catalogue.models import Scenario
from harness.runner.case import LaneName
from harness.runner.results import (
    FORMAT,
    Footer,
    FuzzResult,
    Header,
    Line,
    RecordingResult,
    Result,
    Run,
    ScenarioNote,
    SystemNote,
    encode_line,
)
from harness.systems.base import Description


def header(
    catalogue_version: str, lane: LaneName, systems: Iterable[Description], scenarios: Iterable[Scenario]
) -> Header:
    """The first line of a run that begins now."""
    described = list(systems)
    return Header(
        format=FORMAT,
        harness=__version__,
        catalogue=catalogue_version,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        lane=lane,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        systems={each.name: each.version for each in described},
        scenarios={each.id: _scenario_note(each) for each in scenarios},
        described={
            each.name: SystemNote(each.language, each.kind, list(each.dialects), sorted(each.features), each.upstream)
            for each in described
        },
    )


def _scenario_note(scenario: Scenario) -> ScenarioNote:
    needs = set(scenario.needs)
    if scenario.dialects:
        needs |= needed_features(scenario, scenario.dialects[0])
    return ScenarioNote(scenario.why, list(scenario.incidents), sorted(needs))


class Journal:
    """Collects a run, and writes it to `path` as it grows. `listen` is told of every line.

    Evidence is in the file alone, where there is one. Without a file it is kept in memory if `keep_evidence` says so.
    """

    def __init__(
        self, first: Header, path: Path | None, listen: Callable[[Line], None], *, keep_evidence: bool = True
    ) -> None:
        self._header = first
        self._path = path
        self._keep_evidence = keep_evidence and path is None
        self._listen = listen
        self._began = time.monotonic()
        self._file: BinaryIO | None = None
        self._results: list[Result] = []
        self._recordings: list[RecordingResult] = []
        self._searches: list[FuzzResult] = []
        self._note = ""
        self._footer: Footer | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        self._write(self._header)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        count = len(self._results) + len(self._recordings) + len(self._searches)
        seconds = round(time.monotonic() - self._began, 3)
        self._footer = Footer(count, seconds, interrupted=error is not None, note=self._note)
        try:
            self._write(self._footer)
        finally:
            if self._file is not None:
                self._file.close()

    def add(self, line: Result | RecordingResult | FuzzResult) -> None:
        """One more result."""
        match line:
            case Result():
                self._results.append(line if self._keep_evidence else line.without_evidence())
            case RecordingResult():
                self._recordings.append(line)
            case FuzzResult():
                self._searches.append(line)
        self._write(line)

    def remark(self, note: str) -> None:
        """What the footer is to say of the run."""
        self._note = note

    def run(self) -> Run:
        """All of it so far."""
        return Run(
            *(self._header, tuple(self._results), tuple(self._recordings), self._footer, self._path),
            searches=tuple(self._searches),
        )

    def _write(self, line: Line) -> None:
        if self._file is not None:
            self._file.write(encode_line(line))
            self._file.flush()
        self._listen(line)
