"""Which bytes a changed stream has otherwise than the intact one: what a report marks in it."""

from __future__ import annotations

import base64
import re
from difflib import SequenceMatcher

from harness.runner.results import Alteration

WORDS = 3_000
"""Up to so many words are compared one by one; above that, the whole stretch between is one alteration."""
KEPT = 512
"""Bytes of the intact stream that are kept of each alteration."""
MOST = 200
"""So many alterations are told apart; where there are more, all from the first to the last are one."""

_WORD = re.compile(rb"\w+|\s+|[^\w\s]")


def alterations(intact: bytes, played: bytes) -> list[Alteration]:
    """Where `played` differs from `intact`, in order; none where it does not."""
    if intact == played:
        return []
    head = _common_prefix(intact, played)
    tail = _common_prefix(intact[head:][::-1], played[head:][::-1])
    was, now = intact[head : len(intact) - tail], played[head : len(played) - tail]
    left, right = _WORD.findall(was), _WORD.findall(now)
    if min(len(left), len(right)) == 0 or max(len(left), len(right)) > WORDS:
        return [_alteration(head, was, now)]
    found: list[Alteration] = []
    place = head
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        gone, come = b"".join(left[a:b]), b"".join(right[c:d])
        if tag != "equal":
            found.append(_alteration(place, gone, come))
        place += len(come)
    return found if len(found) <= MOST else [_alteration(head, was, now)]


def _alteration(start: int, was: bytes, now: bytes) -> Alteration:
    return Alteration(start, start + len(now), base64.b64encode(was[:KEPT]).decode(), len(was))


def _common_prefix(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    return next(place for place in range(shorter) if one[place] != other[place])
