"""Wire and caller on one time axis, as SVG paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.runner.results import AttemptRecord, Evidence

WIDTH = 1000
"""Units of the time axis."""
ATTEMPTS = 8
"""So many attempts have a lane."""
SHORTEST_S = 0.002
"""Below that, all ticks would lie on one spot."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the timeline: its name, the outline of its ticks, and where it begins and ends."""

    name: str
    path: str
    span: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes over `end_s` seconds."""

    lanes: tuple[Lane, ...]
    end_s: float


def timeline(evidence: Evidence) -> Timeline | None:
    """The timeline of a case; None where nothing took time."""
    name = "upstream" if evidence.front else "wire"
    wire = [(_attempt_name(record, name), _attempt_times(record)) for record in evidence.wire[:ATTEMPTS]]
    wire += [(_attempt_name(record, "client"), _attempt_times(record)) for record in evidence.front[:ATTEMPTS]]
    lanes = [*wire, ("caller", [record.at_s for record in evidence.events])]
    end = max((time for _, times in lanes for time in times), default=0.0)
    if end < SHORTEST_S:
        return None
    return Timeline(tuple(_lane(name, times, end) for name, times in lanes), end)


def _attempt_name(record: AttemptRecord, side: str) -> str:
    return f"{'fallback' if record.fallback else side} {record.number}"


def _attempt_times(record: AttemptRecord) -> list[float]:
    sent = [chunk.sent_s for chunk in record.chunks if chunk.sent_s is not None]
    return [record.at_s, *sent, *([record.ended_s] if record.ended_s is not None else [])]


def _lane(name: str, times: Sequence[float], end: float) -> Lane:
    places = sorted({round(max(0.0, time) / end * WIDTH) for time in times})
    path = "".join(f"M{first} 3v10" + f"H{last}V3Z" * (last > first) for first, last in _runs(places))
    return Lane(name, path, (places[0], places[-1]) if places else None)


def _runs(places: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Places that lie close together as one run: first and last."""
    first = last = None
    for place in places:
        if first is None or last is None:
            first = place
        elif place - last > 2:
            yield first, last
            first = place
        last = place
    if first is not None and last is not None:
        yield first, last
