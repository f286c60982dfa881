"""Charts of the overview: how many systems pass how much of each family, and how runs stood one after the other.

This is their geometry and their words; templates draw them. Lengths are in units of the picture's own box.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.report.matrix import Family, Matrix, SystemEntry
from harness.report.trend import Point, Standing
from harness.report.visible import counted, moment


class Bin(NamedTuple):
    """Systems that pass about the same share: below `until`, and not below the bin before."""

    name: str
    until: float
    label: str
    words: str


BINS = (
    Bin("nothing", 1e-9, "0 %", "nothing"),
    Bin("little", 0.5, "1–49", "less than half"),
    Bin("much", 0.9, "50–89", "half to 90 %"),
    Bin("most", 1.0, "90–99", "90 % and more"),
    Bin("all", math.inf, "100 %", "all"),
)
FAMILIES_NOTE = (
    "How many systems pass how much of what they must; the hardest families first. Under “silent”: how many of them "
    "fail a must in a way that nobody could notice."
)
FAINTEST, STRONGEST = 0.12, 0.5
"""How opaque a field is; more, and the number in it could not be read."""


class Field(NamedTuple):
    """So many systems are in one bin; `opacity` is 0 where there is none."""

    bin: Bin
    systems: int
    opacity: float


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """One family: how many systems were judged in a `must` of it, how many are in each bin, how many fail silently."""

    name: str
    systems: int
    fields: tuple[Field, ...]
    silent: int
    mean: float
    """The mean share over systems."""


def family_lines(matrix: Matrix) -> list[FamilyLine]:
    """The families in which a `must` was judged, the hardest first. Columns whose canary failed are left out."""
    lines = [line for family in matrix.families if (line := _line(family, matrix.systems)) is not None]
    return sorted(lines, key=lambda line: (line.mean, line.name))


def _line(family: Family, systems: Iterable[SystemEntry]) -> FamilyLine | None:
    rates, silent = [], 0
    for system in systems:
        tallies = [family.tallies[column.number] for column in system.columns if not column.canary]
        judged = sum(each.must_judged for each in tallies)
        if judged:
            rates.append(sum(each.must_passed for each in tallies) / judged)
            silent += any(each.must_silent for each in tallies)
    if not rates:
        return None
    counts = [sum(_bin(rate) is each for rate in rates) for each in BINS]
    fields = (Field(each, count, _opacity(count / len(rates))) for each, count in zip(BINS, counts, strict=True))
    return FamilyLine(family.name, len(rates), tuple(fields), silent, sum(rates) / len(rates))


def _bin(rate: float) -> Bin:
    return next(each for each in BINS if rate < each.until)


def _opacity(share: float) -> float:
    return round(FAINTEST + (STRONGEST - FAINTEST) * share, 2) if share else 0


def families_in_words(lines: Sequence[FamilyLine]) -> str:
    """What the picture of the families shows, for who cannot see it."""
    hardest = ", ".join(line.name for line in lines[:3])
    whole = [line for line in lines if line.fields[-1].systems == line.systems]
    easy = f"; in {len(whole)} of them every system passes all" if whole else ""
    return (
        f"{counted(len(lines), 'family', 'families')}, the hardest first: {hardest}{easy}. The table has all numbers."
    )


WIDTH, HEIGHT = 420.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 14.0, 20.0
"""The plot's margins, in which its scales stand."""
BAR = 14.0
"""The widest that a bar gets."""
CHANGING = 12
"""How many systems have a small line of their own: those that changed most."""
SMALL_WIDTH, SMALL_HEIGHT = 120.0, 30.0


class Dot(NamedTuple):
    """One run in a picture: its place, and what it says where the pointer rests."""

    x: float
    y: float
    words: str


class Tick(NamedTuple):
    """A line of the scale."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One quantity over runs. `path` is the line through them, with a gap at each of `breaks`, where the catalogue
    changed; `zero` is where bars stand."""

    title: str
    words: str
    dots: tuple[Dot, ...]
    path: str
    ticks: tuple[Tick, ...]
    breaks: tuple[float, ...]
    first: str
    last: str
    zero: float
    bar: float


class SmallLine(NamedTuple):
    """One system over runs: its line, and its share in the first and in the last of them."""

    name: str
    path: str
    end: Dot
    first: str
    last: str
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Everything that is drawn of many runs, the oldest first."""

    points: tuple[Point, ...]
    rate: Plot
    silent: Plot
    systems: tuple[SmallLine, ...]
    new_catalogues: tuple[str, ...]


def trend_of(points: Sequence[Point]) -> Trend | None:
    """The pictures over these runs; None where there are less than two, or nothing was judged."""
    judged = [point for point in points if point.all.rate is not None]
    if len(judged) < 2:
        return None
    changed = [place for place in range(1, len(judged)) if judged[place].catalogue != judged[place - 1].catalogue]
    catalogues = tuple(judged[place].catalogue for place in changed)
    alike = changed[-1] if changed else 0
    return Trend(tuple(judged), _rates(judged, changed), _silent(judged, changed), _systems(judged[alike:]), catalogues)


def percent(rate: float | None) -> str:
    """A share with one decimal, rounded down: only what is whole says 100.0 %."""
    return "–" if rate is None else f"{math.floor(rate * 1000 + 1e-9) / 10:.1f} %"


def _rates(points: Sequence[Point], changed: Sequence[int]) -> Plot:
    rates = [point.all.rate or 0.0 for point in points]
    low = min(math.floor(min(rates) * 20) / 20, 0.95)
    ticks = tuple(Tick(_y(each, low, 1.0), f"{each * 100:g} %") for each in (low, (low + 1) / 2, 1.0))
    words = f"Must passed, of those judged: {percent(rates[0])} in the first run, {percent(rates[-1])} in the last."
    return _plot("Must passed", words, points, rates, (low, 1.0), ticks, changed)


def _silent(points: Sequence[Point], changed: Sequence[int]) -> Plot:
    counts = [float(point.all.silent) for point in points]
    high = _round_up(max(counts))
    ticks = tuple(Tick(_y(each, 0, high), f"{each:,.0f}") for each in (0.0, high / 2, high))
    words = f"Silent failures: {counts[0]:,.0f} in the first run, {counts[-1]:,.0f} in the last."
    return _plot("Silent failures", words, points, counts, (0.0, high), ticks, changed)


def _round_up(value: float) -> float:
    """The next even number of one or two digits and zeros: a scale whose half is whole."""
    if value <= 10:
        return 2.0 * max(math.ceil(value / 2), 1)
    step = 2 * 10 ** (math.floor(math.log10(value)) - 1)
    return float(math.ceil(value / step) * step)


def _plot(
    title: str,
    words: str,
    points: Sequence[Point],
    values: Sequence[float],
    scale: tuple[float, float],
    ticks: tuple[Tick, ...],
    changed: Sequence[int],
) -> Plot:
    across = _places(len(points), LEFT, WIDTH - RIGHT)
    dots = [Dot(x, _y(value, *scale), _in_words(each)) for x, value, each in zip(across, values, points, strict=True)]
    return Plot(
        title=title,
        words=f"{words} {counted(len(points), 'run')}.",
        dots=tuple(dots),
        path="".join(f"{'M' if not at or at in changed else 'L'}{dot.x:g} {dot.y:g}" for at, dot in enumerate(dots)),
        ticks=ticks,
        breaks=tuple(round((across[place - 1] + across[place]) / 2, 1) for place in changed),
        first=_day(points[0]),
        last=_day(points[-1]),
        zero=_y(scale[0], *scale),
        bar=round(min(BAR, (across[1] - across[0]) * 0.6), 1),
    )


def _places(count: int, start: float, end: float) -> list[float]:
    """Runs stand side by side at equal distances, with half of one at both ends."""
    step = (end - start) / count
    return [round(start + step * (number + 0.5), 1) for number in range(count)]


def _y(value: float, low: float, high: float, top: float = TOP, bottom: float = HEIGHT - BOTTOM) -> float:
    return round(bottom - (value - low) / (high - low) * (bottom - top), 1)


def _day(point: Point) -> str:
    return moment(point.started)[:10]


def _in_words(point: Point) -> str:
    counts = point.all
    return (
        f"{moment(point.started)}: {percent(counts.rate)} of {counts.must_judged:,} judged must cases passed, "
        f"{counts.silent:,} of {counts.cases:,} cases failed silently; catalogue {point.catalogue}"
    )


def _systems(points: Sequence[Point]) -> tuple[SmallLine, ...]:
    """The systems whose share changed over runs of one catalogue, those that changed most first."""
    lines = []
    for name in points[-1].systems:
        rates = [rate for point in points if (rate := point.systems.get(name, Standing()).rate) is not None]
        if len(rates) > 1 and max(rates) > min(rates):
            lines.append((max(rates) - min(rates), name, rates))
    lines.sort(key=lambda line: (-line[0], line[1]))
    low = min((min(rates) for _, _, rates in lines[:CHANGING]), default=0.0)
    return tuple(
        _small(name, rates, lambda rate: _y(rate, low, 1, 3, SMALL_HEIGHT - 3)) for _, name, rates in lines[:CHANGING]
    )


def _small(name: str, rates: Sequence[float], y: Callable[[float], float]) -> SmallLine:
    across = _places(len(rates), 0, SMALL_WIDTH)
    path = "M" + "L".join(f"{x:g} {y(rate):g}" for x, rate in zip(across, rates, strict=True))
    first, last = percent(rates[0]), percent(rates[-1])
    words = f"{name}: {first} in the first of {counted(len(rates), 'run')}, {last} in the last"
    return SmallLine(name, path, Dot(across[-1], y(rates[-1]), words), first, last, words)
