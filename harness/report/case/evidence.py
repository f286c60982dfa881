"""What a verdict rests on, ready to be laid out: findings, outcome, wire log, the caller's events, the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from harness.catalogue.findings import KIND_MEANINGS, Finding
from harness.report.case.body import BRIEF, FULL, Limits
from harness.report.case.difference import Pair, pair, value
from harness.report.case.event_lines import EventLine, event_line
from harness.report.case.outcome import FieldView, alternatives, field_views
from harness.report.case.timeline import Timeline, timeline
from harness.report.case.wire_log import AttemptView, attempt_view
from harness.report.case.words import expectation_words
from harness.report.hints import Hint, fix_hint
from harness.report.marks import by_gravity
from harness.report.visible import left_out, shortened, shown
from harness.runner.results import AttemptRecord, EventRecord, Evidence, Result

STDERR = 4_000
"""Characters of a system's log that a page shows."""


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding in words; `anchor` is the place on the page that it points to."""

    finding: Finding
    meaning: str
    hint: Hint
    pair: Pair | None
    anchor: str


@dataclass(frozen=True, slots=True)
class TimedLine:
    """One of the caller's events, or several left out (`at_s` None)."""

    at_s: float | None
    line: EventLine


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """All evidence of a case."""

    findings: tuple[FindingView, ...]
    fields: tuple[FieldView, ...]
    attempts: tuple[AttemptView, ...]
    """What the origin saw; of a gateway, its upstream side."""
    front: tuple[AttemptView, ...]
    """Of a gateway: what passed between it and our client."""
    events: tuple[TimedLine, ...]
    timeline: Timeline | None
    stderr: Markup
    brief: bool
    left_out_bytes: int
    """How long the answer was, where it was not kept."""


def evidence_view(result: Result) -> EvidenceView:
    """The evidence of one result; for a case that passed, a brief form of it."""
    evidence = result.evidence or Evidence()
    brief = result.verdict == "pass"
    limits = BRIEF if brief else FULL
    wire, front = ((), ()) if evidence.left_out_bytes else (evidence.wire, evidence.front)
    attempts = tuple(
        attempt_view(record, result.upstream or result.dialect, _offsets(result.failures, record), limits)
        for record in wire
    )
    client_side = tuple(attempt_view(record, result.dialect, (), limits, side="g") for record in front)
    return EvidenceView(
        findings=tuple(
            _finding_view(finding, client_side if _is_of_front(finding) else attempts)
            for finding in by_gravity(result.failures)
        ),
        fields=tuple(_unmarked(each) if brief else each for each in field_views(evidence)),
        attempts=attempts,
        front=client_side,
        events=tuple(_event_lines(evidence.events, limits)),
        timeline=timeline(evidence),
        stderr=shortened(evidence.stderr, STDERR),
        brief=brief,
        left_out_bytes=evidence.left_out_bytes,
    )


def _unmarked(field: FieldView) -> FieldView:
    """A part of a case that passed: where it reads otherwise, the checks had nothing against it."""
    return replace(field, equal=None) if field.equal is False else field


def _is_of_front(finding: Finding) -> bool:
    """Whether it is about what a gateway's client got: its attempts are then the client's."""
    return finding.check.startswith("front-")


def _offsets(findings: Iterable[Finding], record: AttemptRecord) -> list[int]:
    return [
        finding.offset
        for finding in findings
        if finding.offset is not None and not record.fallback and (finding.attempt or 1) == record.number
    ]


def _finding_view(finding: Finding, attempts: Sequence[AttemptView]) -> FindingView:
    said = finding.expected is not None or finding.seen is not None
    return FindingView(
        finding=finding,
        meaning=KIND_MEANINGS[finding.kind],
        hint=fix_hint(finding),
        pair=_finding_pair(finding) if said else None,
        anchor=_anchor(finding, attempts),
    )


def _finding_pair(finding: Finding) -> Pair:
    expected, seen = finding.expected, finding.seen
    words = expectation_words(expected)
    if words is not None:
        return Pair(shown(words), value(seen), False)
    if isinstance(expected, list) and not isinstance(seen, list):
        return Pair(alternatives(expected), value(seen), False)
    if expected in (None, "") or seen in (None, ""):
        return Pair(value(expected), value(seen), False)
    return pair(expected, seen)


def _anchor(finding: Finding, attempts: Sequence[AttemptView]) -> str:
    """The mark in the text where there is one, else the attempt, else nothing."""
    if finding.attempt is None and finding.offset is None:
        return ""
    own = [view for view in attempts if not view.record.fallback and view.record.number == (finding.attempt or 1)]
    if not own:
        return ""
    return f"{own[0].anchor}-b{finding.offset}" if finding.offset in own[0].marked else own[0].anchor


def _event_lines(events: Sequence[EventRecord], limits: Limits) -> Iterable[TimedLine]:
    tail = limits.events // 4
    head = limits.events - tail
    for position, record in enumerate(events):
        if position < head or position >= len(events) - tail:
            yield TimedLine(record.at_s, event_line(record.event))
        elif position == head:
            yield TimedLine(None, EventLine("", left_out(len(events) - limits.events, "events")))
