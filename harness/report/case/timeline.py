"""Wire and caller on one time axis: requests, chunks, endings, what the caller got, and the pauses between.

A pause that is long beside everything else would push the rest onto a few spots: it is drawn short, and says how long
it was.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low
from typing import Literal, TypeAlias

from harness.report.case.words import ENDING_WORDS, status_words
from harness.report.visible import counted, plain, seconds
from harness.runner.results import AttemptRecord, EventRecord, Evidence

WIDTH = 1000
"""Units of the time axis."""
ATTEMPTS = 8
"""So many attempts of a side have a lane."""
SHORTEST_S = 0.002
"""Below that, all ticks would lie on one spot."""
LONG = 0.08
"""The share of the whole from which on a pause is drawn short, where it is long beside the others, too."""
LONGER = 4
"""How many times as long as the usual pause that is."""
SHORT_WIDTH = 80
"""Units that such a pause takes."""
LEAST_WIDTH = 45
"""Units that what happens between two such pauses has at least."""

Kind: TypeAlias = Literal["text", "reasoning", "tool", "error", "other", "chunk"]
"""What a tick stands for: a chunk on the wire, or an event that reached the caller."""
Ending: TypeAlias = Literal["clean", "broken", "silent", "left"]

_KINDS: dict[str, Kind] = {
    "text": "text",
    "refusal": "text",
    "reasoning": "reasoning",
    "signature": "reasoning",
    "tool_call": "tool",
    "failure": "error",
}
_SILENT = ("stall", "timeout")


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing happened for so long, from one place on the axis to the other."""

    start: int
    end: int
    length_s: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One row: its name, the places of its ticks by what they stand for, and where it begins and ends.

    An attempt's begins with its request and has an `ending`, at `end`; the caller's has neither.
    """

    name: str
    note: str
    ticks: dict[Kind, list[int]]
    start: int
    end: int
    ending: Ending | None
    refused: bool
    """Whether the answer is an HTTP error, or the request would be refused."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes from `start_s` to `end_s`; `labels` are places on the axis with their times; `words` say it all."""

    lanes: tuple[Lane, ...]
    pauses: tuple[Pause, ...]
    labels: tuple[tuple[int, float], ...]
    start_s: float
    end_s: float
    words: tuple[str, ...]


def timeline(evidence: Evidence) -> Timeline | None:
    """The timeline of a case; None where nothing took time."""
    name = "upstream" if evidence.front else "attempt"
    sides = [(name, evidence.wire[:ATTEMPTS]), ("client", evidence.front[:ATTEMPTS])]
    attempts = [(side, record) for side, records in sides for record in records]
    times = sorted({*(time for _, record in attempts for time in _times(record)), *(e.at_s for e in evidence.events)})
    if not times or times[-1] - times[0] < SHORTEST_S:
        return None
    axis = _Axis(times)
    lanes = [_attempt_lane(side, record, axis) for side, record in attempts]
    lanes.append(_caller_lane(evidence.events, axis))
    words = [*(_attempt_words(side, record) for side, record in attempts), *_caller_words(evidence.events)]
    words += [f"Nothing happened for {seconds(pause.length_s)}." for pause in axis.pauses]
    return Timeline(tuple(lanes), axis.pauses, axis.labels, times[0], times[-1], tuple(words))


def _times(record: AttemptRecord) -> list[float]:
    sent = [chunk.sent_s for chunk in record.chunks if chunk.sent_s is not None]
    return [record.at_s, *sent, *([record.ended_s] if record.ended_s is not None else [])]


class _Axis:
    """Where a time lies: in proportion, but for long pauses."""

    def __init__(self, times: Sequence[float]) -> None:
        """Over these moments, sorted, at which something happened."""
        usual = median_low(after - before for before, after in pairwise(times))
        least = max(LONG * (times[-1] - times[0]), LONGER * usual)
        long = [(before, after) for before, after in pairwise(times) if after - before > least]
        starts, ends = [times[0], *(after for _, after in long)], [*(before for before, _ in long), times[-1]]
        self._places: dict[float, int] = {}
        place = 0.0
        for start, end, width in zip(starts, ends, self._widths(starts, ends), strict=True):
            scale = width / (end - start) if end > start else 0.0
            inside = times[bisect_left(times, start) : bisect_right(times, end)]
            self._places |= {time: round(place + (time - start) * scale) for time in inside}
            place += width + SHORT_WIDTH
        self.pauses = tuple(Pause(self.at(before), self.at(after), after - before) for before, after in long)
        self.labels = tuple((self.at(time), time) for time in [*starts, times[-1]])

    @staticmethod
    def _widths(starts: Sequence[float], ends: Sequence[float]) -> list[float]:
        lengths = [end - start for start, end in zip(starts, ends, strict=True)]
        room = WIDTH - SHORT_WIDTH * (len(lengths) - 1) - LEAST_WIDTH * len(lengths)
        return [
            LEAST_WIDTH + room * (length / sum(lengths) if sum(lengths) else 1 / len(lengths)) for length in lengths
        ]

    def at(self, time: float) -> int:
        """The place of one of the moments."""
        return self._places[time]


def _attempt_lane(side: str, record: AttemptRecord, axis: _Axis) -> Lane:
    places = [axis.at(chunk.sent_s) for chunk in record.chunks if chunk.sent_s is not None]
    start = axis.at(record.at_s)
    end = max([start, *places] if record.ended_s is None else [start, axis.at(record.ended_s)])
    name = f"{'fallback' if record.fallback else side} {record.number}"
    status = "no answer" if record.status is None else f"{record.status} {status_words(record.status)}".strip()
    bad = record.status is None or record.status >= 400 or bool(record.request_faults)
    return Lane(name, status, {"chunk": places}, start, end, _ending(record), bad)


def _ending(record: AttemptRecord) -> Ending:
    if record.client_left:
        return "left"
    if record.how_ended in _SILENT or record.ended_s is None:
        return "silent"
    return "clean" if record.how_ended == "clean" else "broken"


def _caller_lane(events: Sequence[EventRecord], axis: _Axis) -> Lane:
    ticks: dict[Kind, list[int]] = {}
    for record in events:
        ticks.setdefault(_KINDS.get(str(record.event.get("type")), "other"), []).append(axis.at(record.at_s))
    places = [place for each in ticks.values() for place in each]
    note = "" if places else "no event"
    return Lane("caller", note, ticks, min(places, default=0), max(places, default=0), None, False)


def _attempt_words(side: str, record: AttemptRecord) -> str:
    name = f"{'Fallback' if record.fallback else side.capitalize()} {record.number}"
    answer = "no answer" if record.status is None else f"status {record.status}, {counted(len(record.chunks), 'chunk')}"
    ending = plain(ENDING_WORDS.get(record.how_ended or "", record.how_ended or "never"))
    ended = f"ended {'' if record.ended_s is None else f'at {seconds(record.ended_s)} '}({ending})"
    left = ", the client had left before" if record.client_left else ""
    return f"{name} at {seconds(record.at_s)}: {answer}, {ended}{left}."


def _caller_words(events: Sequence[EventRecord]) -> Iterable[str]:
    if not events:
        yield "The caller got no event."
        return
    kinds = Counter(plain(str(record.event.get("type", "event"))) for record in events)
    span = f"from {seconds(events[0].at_s)} to {seconds(events[-1].at_s)}"
    each = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    yield f"The caller got {counted(len(events), 'event')} {span}: {each}."
