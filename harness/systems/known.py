"""Known failures of systems: which scenarios, why, where it is shown, and until when that may stand.

They still run. A known failure does not fail the run; once it passes, the entry is stale and fails it, and so does an
entry whose last day is over. What is known to be flaky may pass or fail, until a day that its entry must name.

A search that does not come upon a known failure says nothing: such an entry is never stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Final

from harness.catalogue.findings import FailureKind

FUZZ: Final = "fuzz/"
"""How the patterns of what searches find begin."""


def today() -> date:
    """The day on which entries are asked whether they still stand, in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure:
    """Scenarios that a system is known to fail. Patterns are shell patterns over scenario ids (`retry/*`).

    A pattern `fuzz/KIND/FAMILY` is about what searches find, and about no scenario.
    """

    scenarios: tuple[str, ...]
    reason: str
    dialects: tuple[str, ...] | None = None
    """Of a gateway those of its clients; None: every dialect."""
    streams: tuple[str, ...] | None = None
    """Of what searches find: patterns over the ids of the streams; None: every stream."""
    failures: tuple[FailureKind, ...] | None = None
    """Of what searches find: the kinds of failure; None: every kind."""
    proof: str | None = None
    """The test that shows the failure without the harness and its adapter."""
    link: str | None = None
    until: date | None = None
    """The last day on which it stands; None: as long as it fails."""
    flaky: bool = False
    """Whether the verdict may be either."""
    expired: bool = False
    """Whether its last day was over when it was read: it excuses nothing then, and fails the run."""
    place: str = ""
    """The file and the line where it stands, such as `known.yaml:12`."""

    @property
    def shown(self) -> str:
        """Where it is shown: a test, a place in the documents, or an address; empty where nowhere."""
        return self.proof or self.link or ""

    @property
    def excuse(self) -> str | None:
        """Why what it covers fails no run; None where it does."""
        return None if self.expired else self.reason

    def on(self, day: date) -> KnownFailure:
        """The entry as it stands on that day."""
        return replace(self, expired=self.until is not None and self.until < day)

    def covers(self, scenario: str, dialect: str) -> bool:
        """Whether it is about that scenario in that dialect."""
        patterns = any(fnmatchcase(scenario, pattern) for pattern in self.scenarios if not pattern.startswith(FUZZ))
        return patterns and (self.dialects is None or dialect in self.dialects)

    def covers_finding(self, kind: str, family: str, *, dialect: str, stream: str, failure: FailureKind) -> bool:
        """Whether it is about what a search for that kind of change found, in a family, in a stream."""
        place = f"{FUZZ}{kind}/{family}"
        return (
            any(fnmatchcase(place, pattern) for pattern in self.scenarios if pattern.startswith(FUZZ))
            and (self.dialects is None or dialect in self.dialects)
            and (self.streams is None or any(fnmatchcase(stream, pattern) for pattern in self.streams))
            and (self.failures is None or failure in self.failures)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailures:
    """All known failures of one system, in one version or (None) in every version. Of two entries that cover the same
    case the first one counts, those whose time is over after all others."""

    version: str | None = None
    failures: tuple[KnownFailure, ...] = ()
    place: str = ""
    """The file and the line where the list begins; empty where there is none."""

    def of(self, version: str) -> KnownFailures:
        """What is known of that version: everything, or nothing where another one was looked at."""
        return self if self.version in (None, version) else KnownFailures()

    def on(self, day: date) -> KnownFailures:
        """The list as it stands on that day."""
        return replace(self, failures=tuple(each.on(day) for each in self.failures))

    def entry_for(self, scenario: str, dialect: str) -> KnownFailure | None:
        """The entry that says why the system fails that scenario in that dialect; None if it is not known to."""
        return _standing_first(known for known in self.failures if known.covers(scenario, dialect))

    def entry_for_finding(
        self, kind: str, family: str, *, dialect: str, stream: str, failure: FailureKind
    ) -> KnownFailure | None:
        """The entry that says why a search finds that there; None if it is not known."""
        return _standing_first(
            known
            for known in self.failures
            if known.covers_finding(kind, family, dialect=dialect, stream=stream, failure=failure)
        )

    def reason_for(self, scenario: str, dialect: str) -> str | None:
        """Why the system is known to fail that scenario in that dialect; None if it is not."""
        entry = self.entry_for(scenario, dialect)
        return entry.excuse if entry else None


def _standing_first(entries: Iterator[KnownFailure]) -> KnownFailure | None:
    found = list(entries)
    return next((entry for entry in found if not entry.expired), found[0] if found else None)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The lists of one file that a user gave, by the name of the system."""

    path: str
    systems: dict[str, KnownFailures] = field(default_factory=dict)
