"""Real recorded streams, counted by system, provider and dialect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.report.visible import counted
from harness.runner.results import RecordingResult


@dataclass(frozen=True, slots=True)
class RecordingGroup:
    """The recordings of one provider in one dialect, as one system read them."""

    system: str
    provider: str
    dialect: str
    passed: int
    failed: int
    size: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What its recordings have in common."""
        return self.system, self.provider, self.dialect


def grouped(recordings: Iterable[RecordingResult]) -> list[RecordingGroup]:
    """Groups in the order of their names."""
    groups: dict[tuple[str, str, str], list[RecordingResult]] = {}
    for each in recordings:
        groups.setdefault((each.system, each.provider, each.dialect), []).append(each)
    return [_group(key, groups[key]) for key in sorted(groups)]


def _group(key: tuple[str, str, str], recordings: Sequence[RecordingResult]) -> RecordingGroup:
    passed = sum(each.verdict == "pass" for each in recordings)
    return RecordingGroup(*key, passed, len(recordings) - passed, sum(each.size for each in recordings))


def recordings_line(recordings: Sequence[RecordingResult]) -> str:
    """All recordings in one sentence."""
    passed = sum(each.verdict == "pass" for each in recordings)
    providers = len({each.provider for each in recordings})
    cuttings = sum(each.cuttings for each in recordings)
    return (
        f"{passed:,} of {counted(len(recordings), 'stream')} from {counted(providers, 'provider')} hold, "
        f"read whole and in {cuttings:,} other cuttings."
    )
