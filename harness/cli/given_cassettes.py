"""Cassettes as what a run is about: their exchanges as cases, and beside their golden transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.catalogue.loader import CatalogueError
from harness.catalogue.models import Scenario
from harness.catalogue.recorded import FAMILY, RecordedCases, exchange_id, recorded_cases
from harness.catalogue.records import did_you_mean
from harness.cli.cassettes import cassettes_in
from harness.recording.folder import NamedCassette
from harness.recording.speed import RECORDED, speed_words
from harness.runner.cassettes import check_golden
from harness.runner.results import RecordingResult
from harness.runner.session import REFERENCE


@dataclass(frozen=True, slots=True)
class GivenCassettes:
    """The cassettes that were named, the cases in them, and the options that name them again."""

    cassettes: tuple[NamedCassette, ...]
    cases: RecordedCases
    source: tuple[str, ...]

    @classmethod
    def read(cls, paths: list[Path], speed: float) -> GivenCassettes:
        """Those in these files and folders; one that cannot be read ends the command."""
        cassettes = cassettes_in(paths)
        source = [word for path in paths for word in ("--cassette", str(path))]
        source += [] if speed == RECORDED else ["--speed", speed_words(speed)]
        return cls(cassettes, recorded_cases(cassettes, speed=speed), tuple(source))

    def scenarios(self, ids: list[str] | None, families: list[str] | None) -> tuple[Scenario, ...]:
        """The cases that are wanted. Raises CatalogueError for what names no exchange."""
        exchanges = self._ids()
        for name in ids or ():
            if not any(_matches(each, name) for each in exchanges):
                raise CatalogueError(f"no exchange{did_you_mean(name, exchanges)}")
        for family in families or ():
            if family != FAMILY:
                raise CatalogueError(f"no family{did_you_mean(family, [FAMILY])}")
        return tuple(each for each in self.cases.catalogue if _wanted(each.id, ids))

    def reviewed(self, ids: list[str] | None, dialects: tuple[str, ...] | None) -> tuple[RecordingResult, ...]:
        """What became of the wanted exchanges beside their golden transcripts."""
        results = check_golden(
            self.cassettes, self.cases.unjudged, system=REFERENCE, wanted=lambda name: _wanted(name, ids)
        )
        return tuple(each for each in results if dialects is None or each.dialect in dialects)

    def _ids(self) -> list[str]:
        return [
            exchange_id(named.name, number)
            for named in self.cassettes
            for number in range(len(named.cassette.exchanges))
        ]


def _wanted(name: str, ids: list[str] | None) -> bool:
    return ids is None or any(_matches(name, each) for each in ids)


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
