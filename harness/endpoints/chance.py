"""Whether something that is not there any more is gone, or was only not drawn this time.

What was seen in every exchange of a situation is expected there again. What was seen in some is gone only if, at the
rate of before, chance would hardly leave it out of all the new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from math import prod

from harness.endpoints.shape import Seen, Situation

RARE = 0.01
"""A chance below which nobody calls it one."""
ENOUGH = 3
"""Times that something must have been seen before it is called usual."""


class Gone(IntEnum):
    """How sure it is that something is gone: it may be chance, it hardly is, it cannot be."""

    PERHAPS = 0
    LIKELY = 1
    SURELY = 2


def gone(seen: Seen, before: Mapping[int, Situation], now: Mapping[int, Situation]) -> Gone:
    """How sure it is that what was `seen` is gone, now that it is in none of the exchanges of `now`.

    `before` and `now` are the exchanges, with their situations, in which it could have been.
    """
    had, could, can = (Counter(each.values()) for each in (seen.exchanges, before, now))
    shared = [situation for situation in could if can[situation]]
    if not any(had[situation] for situation in shared):
        return Gone.PERHAPS
    chance = prod((1 - had[each] / (could[each] + 1)) ** can[each] for each in shared)
    always = all(had[each] in (0, could[each]) for each in shared)
    if chance < RARE and sum(had.values()) >= ENOUGH:
        return Gone.SURELY
    return Gone.LIKELY if always and any(each and had[each] for each in shared) else Gone.PERHAPS


def new_for_sure(seen: Seen, now: Mapping[int, Situation], before: Mapping[int, Situation]) -> bool:
    """Whether something `seen` in some exchanges of `now` would, at that rate, hardly have been missed `before`."""
    return (1 - len(seen.exchanges) / (len(now) + 1)) ** len(before) < RARE
