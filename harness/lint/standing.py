"""Endpoints by the rules that their streams keep: what the streams of each provider broke, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.lint.finding import LEVELS, Finding
from harness.lint.record import BrokenRule, Endpoint, LeftOut, LintRecord, Place, StreamFinding, StreamRecord, excerpt
from harness.lint.streams import OF_FRAMING, LintedStream, NotLinted
from harness.lint.traits import stream_traits


@dataclass(slots=True)
class _Broken:
    first: Finding
    place: Place
    streams: int = 0
    times: int = 0


@dataclass(slots=True)
class _Standing:
    streams: int = 0
    clean: int = 0
    rebuilt: int = 0
    broken: dict[str, _Broken] = field(default_factory=dict)

    def count(self, stream: LintedStream) -> None:
        self.streams += 1
        self.clean += not stream.findings
        self.rebuilt += stream.rebuilt
        for finding in stream.findings:
            if finding.rule not in self.broken:
                self.broken[finding.rule] = _Broken(finding, _place(stream, finding))
        for rule, times in Counter(finding.rule for finding in stream.findings).items():
            self.broken[rule].streams += 1
            self.broken[rule].times += times

    def by_gravity(self) -> list[BrokenRule]:
        broken = [self._record(rule, each) for rule, each in self.broken.items()]
        return sorted(broken, key=lambda each: (LEVELS.index(each.level), -each.streams, each.rule))

    def _record(self, rule: str, broken: _Broken) -> BrokenRule:
        return BrokenRule(
            rule=rule,
            level=broken.first.level,
            message=broken.first.message,
            streams=broken.streams,
            times=broken.times,
            judged=self.streams - (self.rebuilt if rule in OF_FRAMING else 0),
            first=broken.place,
        )


def lint_record(seen: Iterable[LintedStream | NotLinted]) -> LintRecord:
    """All that was seen of some files, in the form that is written and read. Bodies are let go as they are counted."""
    found: dict[tuple[str, str], _Standing] = {}
    streams: list[StreamRecord] = []
    others: list[LeftOut] = []
    for each in seen:
        if isinstance(each, NotLinted):
            others.append(LeftOut(file=str(each.file), exchange=each.number, reason=each.reason))
            continue
        found.setdefault((each.dialect, each.provider), _Standing()).count(each)
        streams.append(_stream(each))
    endpoints = tuple(_endpoint(*key, found[key]) for key in sorted(found))
    return LintRecord(endpoints=endpoints, streams=tuple(streams), others=tuple(others))


def _endpoint(dialect: str, provider: str, standing: _Standing) -> Endpoint:
    return Endpoint(
        provider=provider,
        dialect=dialect,
        streams=standing.streams,
        clean=standing.clean,
        rebuilt=standing.rebuilt,
        broken=tuple(standing.by_gravity()),
    )


def _stream(stream: LintedStream) -> StreamRecord:
    return StreamRecord(
        file=str(stream.file),
        exchange=stream.number,
        dialect=stream.dialect,
        provider=stream.provider,
        bytes=len(stream.body),
        note=stream.note,
        findings=tuple(
            StreamFinding(rule=each.rule, level=each.level, offset=each.offset, message=each.message)
            for each in stream.findings
        ),
        traits=_traits(stream),
    )


def _traits(stream: LintedStream) -> dict[str, int]:
    return stream_traits(
        stream.dialect,
        stream.body,
        stream.findings,
        headers=stream.headers,
        framed=not stream.rebuilt,
        whole=stream.whole,
    )


def _place(stream: LintedStream, finding: Finding) -> Place:
    shown = excerpt(stream.body, finding.offset)
    return Place(file=str(stream.file), exchange=stream.number, offset=finding.offset, excerpt=shown)
