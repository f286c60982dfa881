"""Real recorded streams, counted by system, provider and dialect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.report.visible import counted
from harness.runner.results import RecordingResult

REASONS_SHOWN = 10


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
    """Groups of those that were decoded, in the order of their names."""
    groups: dict[tuple[str, str, str], list[RecordingResult]] = {}
    for each in decoded(recordings):
        groups.setdefault((each.system, each.provider, each.dialect), []).append(each)
    return [_group(key, groups[key]) for key in sorted(groups)]


def decoded(recordings: Iterable[RecordingResult]) -> list[RecordingResult]:
    """Those of dialects that somebody here decodes."""
    return [each for each in recordings if each.verdict != "unsupported"]


def left_out(recordings: Iterable[RecordingResult]) -> str:
    """How many are of which other dialects, or of cassettes and not compared, in a sentence each; else empty."""
    unread = [each for each in recordings if each.verdict == "unsupported"]
    others = Counter(each.dialect for each in unread if not each.golden)
    named = ", ".join(f"{dialect} ({count})" for dialect, count in others.most_common())
    reasons = Counter(each.problems[0] for each in unread if each.golden and each.problems)
    told = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(REASONS_SHOWN))
    sentences = (
        f"Not decoded: {counted(others.total(), 'stream')} of other dialects: {named}." if others else "",
        f"Not compared: {counted(reasons.total(), 'recorded exchange')}: {told}." if reasons else "",
    )
    return " ".join(filter(None, sentences))


def _group(key: tuple[str, str, str], recordings: Sequence[RecordingResult]) -> RecordingGroup:
    passed = sum(each.verdict == "pass" for each in recordings)
    return RecordingGroup(*key, passed, len(recordings) - passed, sum(each.size for each in recordings))


def recordings_line(recordings: Sequence[RecordingResult]) -> str:
    """All recordings in one sentence."""
    read = decoded(recordings)
    passed = sum(each.verdict == "pass" for each in read)
    providers = len({each.provider for each in read})
    cuttings = sum(each.cuttings for each in read)
    return (
        f"{passed:,} of {counted(len(read), 'stream')} from {counted(providers, 'provider')} hold, "
        f"read whole and in {cuttings:,} other cuttings."
    )
