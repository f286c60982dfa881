"""Known failures of systems: which scenarios, why, and where it is shown. One YAML file a system.

They still run. A known failure does not fail the run; once it passes, the entry is stale and fails it. Another version
of the system has no known failures until somebody has looked at it.

    version: 3.52.0                   # of the system, as it says it itself
    failures:
      - scenarios: [truncation/*]
        dialects: [openai-chat]       # left out: every dialect
        reason: The iterator ends without an exception when the connection closes between two events.
        proof: tests/systems/test_proofs.py::test_name    # or link: https://…, or both
      - scenarios: [fuzz/cuts/*]      # what `harness fuzz` finds: fuzz/KIND/FAMILY
        streams: [framing/*]          # left out: every stream
        failures: [loss]              # kinds of failure; left out: every kind
        reason: …

A search that does not come upon a known failure says nothing: such an entry is never stale.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.catalogue.findings import FailureKind

FUZZ: Final = "fuzz/"
"""How the patterns of what searches find begin."""
FOLDER = Path(__file__).parent / "known"


class UnreadableKnownFailures(ValueError):
    """A file of known failures is wrong; the message names the file, the field and the problem."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KnownFailure(_Record):
    """Scenarios that a system is known to fail. Patterns are shell patterns over scenario ids (`retry/*`).

    A pattern `fuzz/KIND/FAMILY` is about what searches find, and about no scenario.
    """

    scenarios: tuple[str, ...] = Field(min_length=1)
    dialects: tuple[str, ...] | None = None
    streams: tuple[str, ...] | None = None
    """Of what searches find: patterns over the ids of the streams; None: every stream."""
    failures: tuple[FailureKind, ...] | None = None
    """Of what searches find: the kinds of failure; None: every kind."""
    reason: str = Field(min_length=10)
    proof: str | None = None
    """The test that shows the failure without the harness and its adapter."""
    link: str | None = None

    @model_validator(mode="after")
    def _shown(self) -> KnownFailure:
        if not self.proof and not self.link:
            raise ValueError("a known failure needs a proof or a link")
        return self

    @model_validator(mode="after")
    def _about_one_thing(self) -> KnownFailure:
        searched = {pattern.startswith(FUZZ) for pattern in self.scenarios}
        if len(searched) > 1:
            raise ValueError(f"an entry is about scenarios or about what searches find ({FUZZ}…), not both")
        if searched == {False} and (self.streams is not None or self.failures is not None):
            raise ValueError(f"`streams` and `failures` say more of what searches find ({FUZZ}…), not of scenarios")
        return self

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


class KnownFailures(_Record):
    """All known failures of one version of one system."""

    version: str | None = None
    """None only where there is no file."""
    failures: tuple[KnownFailure, ...] = ()

    def of(self, version: str) -> KnownFailures:
        """What is known of that version: everything, or nothing where another one was looked at."""
        return self if version == self.version else KnownFailures()

    def entry_for(self, scenario: str, dialect: str) -> KnownFailure | None:
        """The entry that says why the system fails that scenario in that dialect; None if it is not known to."""
        return next((known for known in self.failures if known.covers(scenario, dialect)), None)

    def entry_for_finding(
        self, kind: str, family: str, *, dialect: str, stream: str, failure: FailureKind
    ) -> KnownFailure | None:
        """The entry that says why a search finds that there; None if it is not known."""
        found = (
            known
            for known in self.failures
            if known.covers_finding(kind, family, dialect=dialect, stream=stream, failure=failure)
        )
        return next(found, None)

    def reason_for(self, scenario: str, dialect: str) -> str | None:
        """Why the system is known to fail that scenario in that dialect; None if it is not."""
        entry = self.entry_for(scenario, dialect)
        return entry.reason if entry else None


class _File(KnownFailures):
    version: str = Field(min_length=1)


def known_failures(system: str, folder: Path = FOLDER) -> KnownFailures:
    """The known failures of the system of that name, empty where there is no file.

    Raises UnreadableKnownFailures.
    """
    path = folder / f"{system}.yaml"
    return load_known(path) if path.is_file() else KnownFailures()


def load_known(path: Path) -> KnownFailures:
    """Reads one file; raises UnreadableKnownFailures or OSError."""
    try:
        return _File.model_validate(yaml.safe_load(path.read_text()) or {})
    except yaml.YAMLError as error:
        raise UnreadableKnownFailures(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()]
        raise UnreadableKnownFailures(f"{path}: {'; '.join(problems)}") from None
