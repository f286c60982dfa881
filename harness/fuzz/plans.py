"""From a plan of cuts that breaks a reader to one of fewer cuts that breaks it too."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def fewest_cuts(breaks: Callable[[Sequence[int]], bool], size: int, start: int, end: int) -> list[int] | None:
    """The fewest cuts of a body of `size` bytes that still break a reader, where that is seen near `start` and `end`
    or byte by byte; None where no plan that was tried breaks it."""
    near = [[place] for place in (start, end) if 0 < place < size]
    for cuts in [*near, [place for place in (start, end) if 0 < place < size]]:
        if cuts and breaks(cuts):
            return cuts
    for place in range(1, min(size, _SINGLE)):
        if breaks([place]):
            return [place]
    every = [*range(1, size)]
    for cuts in ([*range(1, start + 1), end], [start, *range(end, size)], every):
        inside = sorted({place for place in cuts if 0 < place < size})
        if breaks(inside):
            return _fewer(breaks, inside)
    return None


_SINGLE = 10_000


def _fewer(breaks: Callable[[Sequence[int]], bool], cuts: list[int]) -> list[int]:
    """Leave out runs of cuts, long ones first, as long as what is left breaks the reader."""
    run = len(cuts) // 2 or 1
    while True:
        at = 0
        while at < len(cuts):
            fewer = cuts[:at] + cuts[at + run :]
            if fewer and breaks(fewer):
                cuts = fewer
            else:
                at += run
        if run == 1:
            return cuts
        run //= 2
