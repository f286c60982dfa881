"""The timeline of a case as a picture: inline SVG that keeps its shapes at any width, with a legend and with words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from markupsafe import Markup

from harness.report.case.timeline import WIDTH, Ending, Kind, Lane, Timeline
from harness.report.visible import seconds, shown

LANE = 34
"""Pixels of a lane's height; its name stands above its line."""
LINE = 14
"""Pixels from the top of a lane to its line's."""
HEAD = 18
"""Pixels above the lanes, where the lengths of pauses stand."""
FOOT = 18
"""Pixels below them, where the times stand."""
APART = 130
"""Units that two times on the axis must lie apart, so that both can be read on a phone."""
CLOSE = 2
"""Units up to which ticks are one."""

MARKS: dict[str, str] = {
    "request": "M-4 2L4 7L-4 12Z",
    "clean": "M-3 4h6v6h-6Z",
    "broken": "M-4 3l8 8M4 3l-8 8",
    "silent": "M-6 7h3M-1.500 7h3M3 7h3",
    "left": "M4 2L-4 7L4 12Z",
}
HEIGHTS: dict[Kind, str] = {
    "chunk": "2v10",
    "text": "2v10",
    "reasoning": "7v5",
    "tool": "2v5",
    "error": "0v14",
    "other": "5v4",
}
"""Where a tick begins and how tall it is: kinds can be told apart without their colours."""

LEGEND: dict[str, str] = {
    "request": "request",
    "chunk": "chunk sent",
    "text": "text",
    "reasoning": "reasoning",
    "tool": "tool call",
    "error": "error",
    "other": "other event",
    "clean": "clean end",
    "broken": "connection broken",
    "silent": "silence, left open",
    "left": "the client had left",
}


def timeline_picture(timeline: Timeline) -> Markup:
    """The picture, its legend, and the same in words."""
    height = HEAD * bool(timeline.pauses) + LANE * len(timeline.lanes) + FOOT
    label = f"Timeline from {seconds(timeline.start_s)} to {seconds(timeline.end_s)}"
    words = "\n".join(f"<li>{shown(each)}</li>" for each in timeline.words)
    return Markup(
        f'<svg class="picture" height="{height}" role="img" aria-label="{label}" aria-describedby="timeline-words">\n'
        f'{"".join(_shapes(timeline, height))}</svg>\n<ul class="legend" aria-hidden="true">\n'
        f"{''.join(map(_legend, _used(timeline.lanes)))}</ul>\n"
        f'<details class="words"><summary>In words</summary><ul id="timeline-words">\n{words}\n</ul></details>\n'
    )


def _shapes(timeline: Timeline, height: int) -> Iterator[str]:
    top = HEAD * bool(timeline.pauses)
    for pause in timeline.pauses:
        start, width = pause.start / 10, (pause.end - pause.start) / 10
        yield f'<rect class="pause" x="{start:g}%" width="{width:g}%" height="{height - FOOT}"/>\n'
        yield f'<text x="{start + width / 2:g}%" y="12" text-anchor="middle">{seconds(pause.length_s)}</text>\n'
    for number, lane in enumerate(timeline.lanes):
        yield from _lane(lane, top + number * LANE)
    yield f'<line class="axis" x2="100%" y1="{height - FOOT}" y2="{height - FOOT}"/>\n'
    for place, time, anchor in _labels(timeline):
        yield f'<text x="{place / 10:g}%" y="{height - 4}" text-anchor="{anchor}">{seconds(time)}</text>\n'


def _lane(lane: Lane, top: int) -> Iterator[str]:
    note = f' <tspan class="note{" bad" if lane.refused else ""}">{shown(lane.note)}</tspan>' if lane.note else ""
    yield f'<text y="{top + 11}"><tspan class="name">{shown(lane.name)}</tspan>{note}</text>\n'
    drawn = ((kind, _ticks(places, HEIGHTS[kind])) for kind, places in lane.ticks.items() if places)
    base = f'<path class="base" d="M{lane.start} 7H{lane.end}"/>' if lane.end > lane.start else ""
    paths = base + "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in drawn)
    place = f'y="{top + LINE}" height="14" viewBox="0 0 {WIDTH} 14" preserveAspectRatio="none"'
    yield f"<svg {place}>{paths}</svg>\n"
    if lane.ending is not None:
        yield _mark("request", lane.start, top + LINE)
        yield _mark(lane.ending, lane.end, top + LINE)


def _ticks(places: Iterable[int], height: str) -> str:
    """Ticks, and those that lie so close that they would be one as one that is wider."""
    path = ""
    for first, last in _runs(sorted(set(places))):
        top, _, tall = height.partition("v")
        path += f"M{first} {top}v{tall}" if last == first else f"M{first} {top}v{tall}H{last}V{top}Z"
    return path


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    first = last = places[0]
    for place in places[1:]:
        if place - last > CLOSE:
            yield first, last
            first = place
        last = place
    yield first, last


def _mark(name: str | Ending, place: int, top: int) -> str:
    return f'<svg class="mark {name}" x="{place / 10:g}%" y="{top}"><path d="{MARKS[name]}"/></svg>\n'


def _labels(timeline: Timeline) -> Iterator[tuple[int, float, str]]:
    """The times that have room on the axis: the last of them in any case."""
    last = timeline.labels[-1]
    before = -APART
    for place, time in timeline.labels[:-1]:
        if place - before >= APART and last[0] - place >= APART:
            yield place, time, "start" if place == 0 else "middle"
            before = place
    yield *last, "end"


def _used(lanes: Iterable[Lane]) -> list[str]:
    """What the picture shows, in the order of the legend."""
    used: set[str] = {kind for lane in lanes for kind, places in lane.ticks.items() if places}
    used |= {name for lane in lanes if lane.ending for name in ("request", lane.ending)}
    return [name for name in LEGEND if name in used]


@cache
def _legend(name: str) -> str:
    if name in MARKS:
        shape = f'<svg class="mark {name}"><path d="{MARKS[name]}"/></svg>'
    else:
        kind: Kind = name  # type: ignore[assignment]
        shape = f'<svg class="ticks"><path class="{name}" d="{_ticks([0], HEIGHTS[kind])}"/></svg>'
    return f"<li>{shape}{LEGEND[name]}</li>\n"
