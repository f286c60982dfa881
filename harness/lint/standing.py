"""Endpoints by the rules that their streams keep: what the streams of each provider broke, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.lint.finding import LEVELS, Level
from harness.lint.streams import LintedStream

Place: TypeAlias = tuple[str, int, int]
"""A file, an exchange in it, a byte of its body."""


@dataclass(slots=True)
class Broken:
    """One rule that some streams of an endpoint broke: how many, how often, and the first place."""

    rule: str
    level: Level
    message: str
    first: Place
    streams: int = 0
    times: int = 0


@dataclass(slots=True)
class Standing:
    """What is known of one provider's streams in one dialect."""

    provider: str
    dialect: str
    streams: int = 0
    clean: int = 0
    """Streams that broke no rule of any level."""
    broken: dict[str, Broken] = field(default_factory=dict)

    def by_gravity(self) -> list[Broken]:
        """Rules that were broken, those of `must` first, and what most streams broke before the rest."""
        return sorted(self.broken.values(), key=lambda each: (LEVELS.index(each.level), -each.streams, each.rule))


def standings(streams: Iterable[LintedStream]) -> list[Standing]:
    """One standing for each provider in each dialect, by dialect and then by name."""
    found: dict[tuple[str, str], Standing] = {}
    for stream in streams:
        key = (stream.dialect, stream.provider)
        standing = found.setdefault(key, Standing(stream.provider, stream.dialect))
        standing.streams += 1
        standing.clean += not stream.findings
        _count(standing, stream)
    return [found[key] for key in sorted(found)]


def _count(standing: Standing, stream: LintedStream) -> None:
    times = Counter(finding.rule for finding in stream.findings)
    for finding in stream.findings:
        broken = standing.broken.get(finding.rule)
        if broken is None:
            place = (str(stream.file), stream.number, finding.offset)
            broken = standing.broken[finding.rule] = Broken(finding.rule, finding.level, finding.message, place)
        if times[finding.rule]:
            broken.streams += 1
            broken.times += times.pop(finding.rule)
