"""What a provider changed: two shapes compared, that of older recordings with that of newer ones.

A finding is `breaking` where something that clients rely on vanished or has another type, `notable` where something
new may surprise them (events, end markers, values, an order), and `info` else. Samples differ by chance: what was
optional before may be missing now, and only what chance can hardly explain is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.endpoints.chance import ENOUGH, Gone, gone
from harness.endpoints.chunking import habits
from harness.endpoints.drift_finding import SEVERITIES, Evidence, Finding, Severity, evidence
from harness.endpoints.field_drift import FieldDrift, same_situation
from harness.endpoints.shape import START, DialectShape, KindShape, Seen, Shape, Tally

NOISE = frozenset({"408", "409", "429", "500", "502", "503", "504", "529"})
"""Statuses of a bad moment, which say nothing about the shape of answers."""
FAILURES = frozenset({"error", "response.failed"})
"""Events of a bad moment, likewise."""
RELIED_ON = frozenset({"content-type"})
WAITED_FOR = frozenset({"retry-after", "retry-after-ms", "x-should-retry"})
"""Headers that clients read: they break without the first, and wait wrongly without the others."""
_KNOWN_ORDER = 20
"""Times that a kind must have come before an order that it was never in counts as new."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed, gravest first, what could not be compared, and how many exchanges each side had."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    before: int
    now: int

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of that severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        findings = [finding.to_dict() for finding in self.findings]
        return {"before": self.before, "now": self.now, "findings": findings, "notes": list(self.notes)}


def compare(before: Shape, now: Shape) -> Drift:
    """The drift from the shape of older recordings to that of newer ones."""
    notes = [f"{name}: there are only older recordings" for name in sorted(before.keys() - now.keys())]
    notes += [f"{name}: there are only newer recordings" for name in sorted(now.keys() - before.keys())]
    found: list[Finding] = []
    for name in sorted(before.keys() & now.keys()):
        comparison = _Comparison(name, before[name], now[name])
        found += comparison.findings()
        notes += comparison.notes()
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    counts = (sum(len(each.exchanges) for each in shape.values()) for shape in (before, now))
    return Drift(tuple(found), tuple(notes), *counts)


@dataclass(frozen=True, slots=True)
class _Comparison:
    dialect: str
    before: DialectShape
    now: DialectShape

    def findings(self) -> Iterator[Finding]:
        yield from self._answers()
        yield from self._kinds()
        yield from self._ends()
        yield from self._order()
        yield from self._headers()
        yield from self._framing()
        yield from self._habits()

    def notes(self) -> Iterator[str]:
        old, new = ({name for name in shape.answers if name} for shape in (self.before, self.now))
        if missing := sorted(old - new):
            yield f"{self.dialect}: not recorded anew: {', '.join(missing)}"
        if added := sorted(new - old):
            yield f"{self.dialect}: there is no older recording of {', '.join(added)}"

    def _finding(self, severity: Severity, rule: str, where: str, message: str, *sides: Evidence) -> Finding:
        before, now = sides
        return Finding(severity, rule, self.dialect, where, message, before, now)

    def _answers(self) -> Iterator[Finding]:
        """Statuses and endings, where the situation is known in which they came."""
        for name in sorted(self.before.answers.keys() & self.now.answers.keys()):
            if not name:
                continue
            old, new = self.before.answers[name], self.now.answers[name]
            for status, seen in new.items():
                if status not in old and status not in NOISE:
                    said = f"it was answered with {_list(old)}, and now is with {status}"
                    yield self._swap("breaking", "status-changed", name, said, old, seen, new)
            endings, endings_now = self.before.endings[name], self.now.endings[name]
            for ending, seen in endings_now.items():
                if ending not in endings and old.keys() & new.keys():
                    said = f"the answer ended {_list(endings)}, and now {ending}"
                    yield self._swap("notable", "ending-changed", name, said, endings, seen, endings_now)

    def _swap(
        self, severity: Severity, rule: str, where: str, message: str, old: Tally, seen: Seen, new: Tally
    ) -> Finding:
        was = next(iter(old.values()))
        return self._finding(severity, rule, where, message, evidence(was, _total(old)), evidence(seen, _total(new)))

    def _kinds(self) -> Iterator[Finding]:
        for kind, shape in self.before.kinds.items():
            if kind not in self.now.kinds:
                yield from self._vanished_kind(kind, shape)
                continue
            other = self.now.kinds[kind]
            yield from FieldDrift(self.dialect, kind, shape, other).findings()
            yield from self._names(kind, shape, other)
        streams = len(self.now.streams)
        for kind, shape in self.now.kinds.items():
            if kind not in self.before.kinds and not kind.startswith("("):
                old = evidence(None, len(self.before.streams))
                said = "an event of this kind never came before"
                severity: Severity = "info" if kind in FAILURES else "notable"
                yield self._finding(severity, "event-new", kind, said, old, _streams(shape.seen, streams))

    def _vanished_kind(self, kind: str, shape: KindShape) -> Iterator[Finding]:
        if kind.startswith("("):
            return  # documents and errors are answers to situations, which are compared by themselves
        old, new = self.before.streams, self.now.streams
        sure = gone(shape.seen, old, new)
        if sure is Gone.PERHAPS:
            return
        is_always = shape.seen.exchanges.keys() == old.keys() and len(old) >= ENOUGH
        severity: Severity = "breaking" if is_always else "notable"
        said = "it came in every stream" if is_always else "it came"
        now = evidence(None, len(new))
        yield self._finding(
            severity, "event-vanished", kind, f"{said}, and is gone", _streams(shape.seen, len(old)), now
        )

    def _names(self, kind: str, shape: KindShape, other: KindShape) -> Iterator[Finding]:
        """The names of SSE events, by which some clients go."""
        new = [name for name in other.names if name not in shape.names]
        for name in new:
            was = next(iter(shape.names.values()))
            said = f"its SSE event was {_names(shape.names)}, and now is {_names([name])}"
            severity: Severity = "notable" if shape.names.keys() & other.names.keys() else "breaking"
            sides = (evidence(was, shape.seen.count), evidence(other.names[name], other.seen.count))
            yield self._finding(severity, "event-name-changed", kind, said, *sides)

    def _ends(self) -> Iterator[Finding]:
        """The last event of streams that were whole."""
        old, new = self.before.ends, self.now.ends
        if not old or not new:
            return
        for kind, seen in new.items():
            if kind in old or kind in FAILURES:
                continue
            is_only = len(old) == 1 and _total(old) >= ENOUGH
            severity: Severity = "breaking" if is_only else "notable"
            said = f"streams ended with {_list(old)}, and now {'also ' if old.keys() & new.keys() else ''}with {kind}"
            yield self._swap(severity, "end-marker-changed", kind, said, old, seen, new)

    def _order(self) -> Iterator[Finding]:
        """A kind that comes behind another one which it never came behind."""
        for (first, second), seen in self.now.order.items():
            if (first, second) in self.before.order:
                continue
            known = (first in self.before.kinds or first == START) and second in self.before.kinds
            came = sum(each.count for (one, _), each in self.before.order.items() if one == first)
            if known and came >= _KNOWN_ORDER:
                usual = _list({two: each for (one, two), each in self.before.order.items() if one == first})
                said = f"{second} comes behind {first}, where only {usual} came before"
                was = next(each for (one, _), each in self.before.order.items() if one == first)
                sides = (Evidence(0, came, was.place), Evidence(seen.count, seen.count, seen.place))
                severity: Severity = "notable" if same_situation(seen, was) else "info"
                yield self._finding(severity, "order-new", f"{first} → {second}", said, *sides)

    def _headers(self) -> Iterator[Finding]:
        for group in sorted(self.before.headers.keys() & self.now.headers.keys()):
            old, new = self.before.headers[group], self.now.headers[group]
            could, can = self.before.answered[group], self.now.answered[group]
            for name, seen in old.items():
                if name not in new and gone(seen, could.exchanges, can.exchanges) is not Gone.PERHAPS:
                    severity: Severity = "breaking" if name in RELIED_ON else "info"
                    sides = (evidence(seen, could.count), evidence(None, can.count, can))
                    yield self._finding(
                        "notable" if name in WAITED_FOR else severity,
                        "header-vanished",
                        f"{group}: {name}",
                        "it is gone",
                        *sides,
                    )
            for name, seen in new.items():
                if name not in old:
                    sides = (evidence(None, could.count, could), evidence(seen, can.count))
                    yield self._finding("info", "header-new", f"{group}: {name}", "it is new", *sides)
        for answer in sorted(self.before.content_types.keys() & self.now.content_types.keys()):
            yield from self._content_types(answer)

    def _content_types(self, answer: str) -> Iterator[Finding]:
        old, new = (shape.content_types[answer] for shape in (self.before, self.now))
        for kind, seen in new.items():
            if kind not in old:
                said = f"the content type was {_list(old)}, and now is {kind}"
                is_swapped = answer.startswith("2xx") and not old.keys() & new.keys()
                severity: Severity = "breaking" if is_swapped else "notable"
                yield self._swap(severity, "content-type-changed", answer, said, old, seen, new)

    def _framing(self) -> Iterator[Finding]:
        streams, streams_now = len(self.before.streams), len(self.now.streams)
        if not streams:
            return
        for feature, seen in self.now.framing.items():
            if feature not in self.before.framing:
                some = next(iter(self.before.framing.values()), None)
                severity: Severity = "info" if feature == "comments" else "notable"
                sides = (evidence(None, streams, some), evidence(seen, streams_now))
                yield self._finding(severity, "framing-new", feature, f"streams have {feature}", *sides)

    def _habits(self) -> Iterator[Finding]:
        old, new = habits(self.before.reads), habits(self.now.reads)
        for what, was in old.items():
            now = new.get(what)
            if now is not None and now.usual != was.usual:
                said = f"{what} was {was.usual}, and now is {now.usual}"
                sides = (Evidence(was.count, was.of, None), Evidence(now.count, now.of, None))
                yield self._finding("info", "chunking-changed", what, said, *sides)


def _streams(seen: Seen, of: int) -> Evidence:
    """In how many streams something was."""
    return Evidence(len(seen.exchanges), of, seen.place)


def _total(tally: Tally) -> int:
    return sum(seen.count for seen in tally.values())


def _list(names: Tally) -> str:
    ordered = sorted(names, key=lambda name: -names[name].count)
    return " or ".join(ordered[:4]) + (" or others" if len(ordered) > 4 else "")


def _names(names: Iterable[str]) -> str:
    return " or ".join(repr(name) if name else "without a name" for name in names)
