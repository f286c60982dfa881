"""What is known of the systems of a run: by the bundled lists, and by files that a user gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from harness.systems.known import FUZZ, KnownFailure, KnownFailures, KnownFile, today
from harness.systems.known_files import known_failures, load_known_file
from harness.systems.registry import bundled_names

ELSEWHERE = "cassette/"
"""How the names of scenarios begin that are no part of a catalogue."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A system as lists may name it: `names` are what the harness calls it, what the user does, and what it does."""

    names: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class KnownLists:
    """All lists, as they stand on one day. What a user's file says comes before what is bundled."""

    files: tuple[KnownFile, ...] = ()
    day: date = field(default_factory=today)

    @classmethod
    def read(cls, paths: Iterable[Path]) -> KnownLists:
        """With these files of a user's. Raises UnreadableKnownFailures or OSError."""
        return cls(tuple(map(load_known_file, paths)))

    def of(self, system: Listed) -> KnownFailures:
        """All that is known of that version of a system. Raises UnreadableKnownFailures."""
        given = (each for file in self.files for name, each in file.systems.items() if name in system.names)
        lists = [each.of(system.version) for each in (*given, known_failures(system.names[0]))]
        entries = tuple(entry for each in lists for entry in each.failures)
        return KnownFailures(version=system.version, failures=entries).on(self.day)

    def remarks(self, systems: Sequence[Listed], scenarios: Sequence[str]) -> Iterator[str]:
        """What in a user's files has no effect and may be meant to have one, each with its place, in words.

        `scenarios`: the ids of all that the catalogue has; none: they are not looked at.
        """
        names = [name for system in systems for name in system.names]
        for file in self.files:
            for name, known in file.systems.items():
                listed = [system for system in systems if name in system.names]
                close = get_close_matches(name, names, n=1, cutoff=0.7)
                if not listed and close and name not in bundled_names():
                    yield f"{known.place}: {name} is no system of this run; did you mean {close[0]}?"
                yield from _other_version(name, known, listed)
                if scenarios:
                    yield from _naming_nothing(known.failures, scenarios)


def _other_version(name: str, known: KnownFailures, systems: Iterable[Listed]) -> Iterator[str]:
    for system in systems:
        if known.version not in (None, system.version):
            yield (
                f"{known.place}: this is about {name} {known.version}, and version {system.version} runs: "
                "look whether it still holds, and change the version"
            )


def _naming_nothing(entries: Iterable[KnownFailure], scenarios: Sequence[str]) -> Iterator[str]:
    for entry in entries:
        about_scenarios = [each for each in entry.scenarios if not each.startswith((FUZZ, ELSEWHERE))]
        for pattern in (*about_scenarios, *(entry.streams or ())):
            if not any(fnmatchcase(each, pattern) for each in scenarios):
                close = get_close_matches(pattern, scenarios, n=1)
                meant = f"did you mean {close[0]}?" if close else "`harness scenarios list` names them all"
                yield f"{entry.place}: no scenario is called {pattern}; {meant}"
