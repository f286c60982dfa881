"""Events in words, as the wire log shows them beside a chunk and the caller's table under each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from markupsafe import Markup

from harness.report.case.words import event_words
from harness.report.visible import shortened

LONGEST = 400
"""Characters of an event that a page shows."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event in words."""

    kind: str
    words: Markup


def event_line(event: Mapping[str, Any]) -> EventLine:
    """An event in words, shortened."""
    try:
        return _known(_encode(event))
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot say
        return _line(event)


@lru_cache(maxsize=4_096)
def _known(encoded: bytes) -> EventLine:
    """Systems that are given the same scenario see the same events."""
    return _line(_decode(encoded))


def _line(event: Mapping[str, Any]) -> EventLine:
    kind, words = event_words(event)
    return EventLine(kind, shortened(words, LONGEST))
