"""Where the evidence of each result lies, so that it can be read in any order without being held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from harness.runner.results import Evidence, Line, Result, Run, UnreadableResults

CaseKey: TypeAlias = tuple[str, str, str, str, str]
"""Scenario, system, version, dialect, upstream: what tells one case from another."""


class _Head(msgspec.Struct, frozen=True):
    """What of a line is needed to know whose it is."""

    record: str
    scenario: str = ""
    system: str = ""
    system_version: str = ""
    dialect: str = ""
    upstream: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a file: its number, counted from 1, its offset in bytes, and its length."""

    file: int
    number: int
    offset: int
    length: int


def case_key(result: Result | _Head) -> CaseKey:
    """What tells the case of this result from others."""
    return result.scenario, result.system, result.system_version, result.dialect, result.upstream or ""


@dataclass(slots=True)
class EvidenceIndex:
    """The evidence of the results of runs, by case; of two results of one case, that of the later one stands.

    Files are opened when they are first read, each process its own: `close` closes them.
    """

    paths: tuple[Path, ...]
    _places: dict[CaseKey, _Place | Result]
    _files: dict[int, BinaryIO] = field(default_factory=dict)

    @classmethod
    def over(cls, runs: Sequence[Run]) -> EvidenceIndex:
        """Of these runs, wherever their evidence is; raises UnreadableResults or OSError."""
        places: dict[CaseKey, _Place | Result] = {}
        paths: list[Path] = []
        for run in runs:
            if run.evidence_in is None:
                places |= {case_key(result): result for result in run.results}
            else:
                places |= _places_in(run.evidence_in, len(paths))
                paths.append(run.evidence_in)
        return cls(tuple(paths), places)

    def of(self, result: Result) -> Evidence | None:
        """The evidence of this result; None where it has none.

        Raises UnreadableResults where the file no longer says the same of it, and OSError.
        """
        place = self._places.get(case_key(result))
        if place is None:
            return result.evidence
        if isinstance(place, Result):
            return place.evidence
        found = self._read(place)
        if not isinstance(found, Result) or case_key(found) != case_key(result) or found.verdict != result.verdict:
            raise UnreadableResults(
                f"{self.paths[place.file]}: line {place.number}: the file has changed since it was read"
            )
        return found.evidence

    def _read(self, place: _Place) -> Line | None:
        if place.file not in self._files:
            self._files[place.file] = self.paths[place.file].open("rb")
        file = self._files[place.file]
        file.seek(place.offset)
        try:
            return _LINES.decode(file.read(place.length))
        except msgspec.DecodeError:
            return None

    def close(self) -> None:
        """Closes the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


_LINES: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_HEADS = msgspec.json.Decoder(_Head)


def _places_in(path: Path, file: int) -> dict[CaseKey, _Place | Result]:
    places: dict[CaseKey, _Place | Result] = {}
    offset = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                head = _HEADS.decode(line)
            except msgspec.DecodeError as error:
                raise UnreadableResults(f"{path}: line {number}: {error}") from None
            if head.record == "result":
                places[case_key(head)] = _Place(file, number, offset, len(line))
            offset += len(line)
    return places
