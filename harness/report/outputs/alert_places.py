"""Where an alert stands: a file that is there, for code scanning pages open it.

The file of the scenario or the cassette, as the command names it that shows the failure again; else the adapter; else
the results file. Files outside of the folder that alerts are named from count as not there: nobody else has them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from harness.runner.results import FuzzResult, RecordingResult, Result, pair_words, read_lines

BUILT_IN = "specs/scenarios"


@dataclass(frozen=True, slots=True)
class Place:
    """A file, as a relative URI, and a line in it that counts from 1; 0: the file as a whole."""

    uri: str
    line: int = 0


@dataclass(frozen=True)
class AlertPlaces:
    """Finds the places of alerts below `root`; `results`: the file that holds them, None if there is none."""

    root: Path
    results: Path | None

    def of_result(self, result: Result) -> Place | None:
        """Where a failure of a case or a search stands; None: nowhere."""
        named = _options(result.reproduce)
        found = next((uri for path in _candidates(result.scenario, named) if (uri := self._uri(path))), None)
        return Place(found) if found else self._in_results(result.system, result.pair, result.scenario)

    def of_recording(self, recording: RecordingResult) -> Place | None:
        """Where a recorded stream lies; None: nowhere."""
        found = self._uri(Path(recording.source.partition("#")[0]))
        return Place(found) if found else self._in_results(recording.system, recording.dialect, recording.id)

    def _uri(self, path: Path) -> str | None:
        """The file as a URI from the root; None where it is not there."""
        try:
            whole = (self.root / path).resolve()
            return quote(whole.relative_to(self.root.resolve()).as_posix()) if whole.is_file() else None
        except (OSError, ValueError):  # outside of the root, or no path at all
            return None

    def _in_results(self, *case: str) -> Place | None:
        uri = self._uri(self.results) if self.results else None
        return Place(uri, self._lines.get(case, 1)) if uri else None

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        """The line of each case in the results file."""
        lines: dict[tuple[str, ...], int] = {}
        for number, line in enumerate(read_lines(self.results) if self.results else (), 1):
            if isinstance(line, Result):
                lines.setdefault((line.system, line.pair, line.scenario), number)
            elif isinstance(line, FuzzResult):
                lines.setdefault((line.system, pair_words(line.dialect, line.upstream), line.stream), number)
            elif isinstance(line, RecordingResult):
                lines.setdefault((line.system, line.dialect, line.id), number)
        return lines


def _options(command: str) -> dict[str, list[str]]:
    """The options of a command with the words that follow them."""
    try:
        words = shlex.split(command)
    except ValueError:
        return {}
    found: dict[str, list[str]] = {}
    for name, value in pairwise(words):
        if name.startswith("--"):
            found.setdefault(name, []).append(value)
    return found


def _candidates(scenario: str, named: dict[str, list[str]]) -> Iterator[Path]:
    """Files that a person may want to open, the best first, whether they are there or not."""
    name = scenario.partition("#")[0].removeprefix("cassette/")
    for folder in (*named.get("--catalogue", ()), *(() if "--catalogue" in named else (BUILT_IN,))):
        yield Path(folder, f"{name}.yaml")
    for path in named.get("--cassette", ()):
        yield Path(path, f"{name}.yaml")
        if Path(path).stem == name.rpartition("/")[2]:
            yield Path(path)
    for system in named.get("--system", ()):
        yield Path(system)
