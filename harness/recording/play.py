"""Chooses the recorded answer to a request, and explains a request that nothing recorded answers.

A recording answers a request to the same endpoint: the same method, and the same dialect's endpoint or a path that
ends alike (recordings know `https://host/prefix/v1/...`, the origin knows `/v1/...`). Among those the likest body is
chosen; equals are played in the order of recording, and the last one again and again, as a plan's last response is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from harness.dialects import dialect, dialect_names
from harness.recording.cassette import Cassette, Exchange

LIKENESS = 0.5
"""How much of two bodies must be the same, word for word, for one recording to answer the other request."""
SHAPING_PARAMETERS = frozenset({"alt"})
"""Query parameters that change the form of the answer; the others are keys and versions."""
DIFFERENCES_SHOWN = 5
NESTING_LIMIT = 100
"""Levels of nesting up to which a body is compared as JSON."""
VALUE_SHOWN = 60
"""Characters of a value that an explanation shows."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Nothing recorded answers a request: why, which recording comes nearest, and how it differs."""

    problem: str
    nearest: Exchange | None
    differences: tuple[str, ...]


class Player:
    """Answers requests from one cassette; it remembers what has been played."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._tracks = [_Track(exchange) for exchange in cassette.exchanges]

    def match(self, method: str, target: str, body: bytes) -> Exchange | Miss:
        """The exchange that answers a request to `target` (path and query below the base URL), or why none does."""
        words = _words(body)
        endpoint = _Endpoint.of(method, target)
        scored = [(_likeness(track.words, words), track) for track in self._tracks if track.endpoint.answers(endpoint)]
        if not scored:
            return self._no_endpoint(method, target)
        best = max(score for score, _ in scored)
        alike = [track for score, track in scored if score == best]
        if best < LIKENESS:
            problem = f"the likest of {len(scored)} recordings of this endpoint is only {best:.0%} like this request"
            nearest = alike[0].exchange
            return Miss(problem, nearest, tuple(_differences(nearest.request.body, body)))
        track = next((track for track in alike if not track.played), alike[-1])
        track.played = True
        return track.exchange

    def _no_endpoint(self, method: str, target: str) -> Miss:
        recorded = sorted({f"{track.exchange.request.method} {target_of(track.exchange)}" for track in self._tracks})
        problem = f"no {method.upper()} of this endpoint was recorded"
        if not recorded:
            return Miss(f"{problem}: the cassette is empty", None, ())
        nearest = self._tracks[0].exchange
        sent = f"{method.upper()} {target}"
        return Miss(problem, nearest, tuple(f"recorded {one}, sent {sent}" for one in recorded[:DIFFERENCES_SHOWN]))


def dialect_of(method: str, target: str) -> str | None:
    """The dialect whose endpoint a path (with its query, below any prefix) is; None where it is no such endpoint."""
    path, mark, query = target.partition("?")
    steps = path.split("/")[1:]
    return next((name for tail in _tails(steps) if (name := _matching(method, f"{tail}{mark}{query}"))), None)


def _tails(steps: list[str]) -> Iterator[str]:
    """The path without its first segments, longest first; gateways and clouds put prefixes before a vendor's path,
    some of which stand for its version."""
    for start in range(len(steps)):
        tail = "/" + "/".join(steps[start:])
        yield tail
        yield f"/v1{tail}"


@lru_cache(maxsize=1024)
def _matching(method: str, target: str) -> str | None:
    return next((name for name in dialect_names() if dialect(name).matches(method, target)), None)


def target_of(exchange: Exchange) -> str:
    """The path and the query that the exchange asked for."""
    parts = urlsplit(exchange.request.url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What must be the same for a recording to answer a request."""

    method: str
    path: str
    dialect: str | None
    shape: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, method: str, target: str) -> _Endpoint:
        path, _, query = target.partition("?")
        shape = frozenset(pair for pair in parse_qsl(query) if pair[0] in SHAPING_PARAMETERS)
        return cls(method.upper(), path.rstrip("/"), dialect_of(method.upper(), target), shape)

    def answers(self, asked: _Endpoint) -> bool:
        """Whether this recorded endpoint is the one asked for."""
        if (self.method, self.shape) != (asked.method, asked.shape):
            return False
        if self.dialect or asked.dialect:
            return self.dialect == asked.dialect
        return self.path == asked.path or self.path.endswith(asked.path or "/")


class _Track:
    """One exchange of the cassette, ready to be compared."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.endpoint = _Endpoint.of(exchange.request.method, target_of(exchange))
        self.words = _words(exchange.request.body)
        self.played = False


def _words(body: bytes) -> Counter[tuple[str, str]]:
    """The words of a body with the place each stands in; positions in lists do not count, so that one message more
    does not make everything after it different."""
    return Counter((place, word) for place, text in _leaves(_parsed(body), "") for word in text.split() or [""])


def _parsed(body: bytes) -> Any:
    """The body's JSON; its text where it is no JSON, or none that anybody sends."""
    text = body.decode("utf-8", "replace")
    if text.count("[") + text.count("{") > NESTING_LIMIT and _nesting(text) > NESTING_LIMIT:
        return text
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text


def _nesting(text: str) -> int:
    """The deepest nesting that the brackets of a text can amount to."""
    return max(accumulate((_STEPS.get(character, 0) for character in text), initial=0))


_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{place}.{key}")
        case list():
            for inner in value:
                yield from _leaves(inner, f"{place}[]")
        case str():
            yield place, value
        case _:
            yield place, repr(value)


def _likeness(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    """The part of the words of both that they share: 1 for the same words, 0 for none."""
    return (one & other).total() / ((one | other).total() or 1) if one != other else 1.0


def _differences(recorded: bytes, sent: bytes) -> Iterator[str]:
    """The first few places where two bodies differ, in words."""
    found = compare(_parsed(recorded), _parsed(sent), "")
    for (place, mine, theirs), _ in zip(found, range(DIFFERENCES_SHOWN), strict=False):
        yield f"{place or 'body'}: recorded {_shown(mine)}, sent {_shown(theirs)}"


NOTHING = object()
"""Stands for a value that is not there."""


def compare(mine: Any, theirs: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Every place below `place` where two JSON values differ, with both values; NOTHING where there is none."""
    match mine, theirs:
        case dict(), dict():
            for key in [*mine, *(key for key in theirs if key not in mine)]:
                inner = f"{place}.{key}" if place else key
                yield from compare(mine.get(key, NOTHING), theirs.get(key, NOTHING), inner)
        case list(), list():
            for number in range(max(len(mine), len(theirs))):
                inner = f"{place}[{number}]"
                yield from compare(_nth(mine, number), _nth(theirs, number), inner)
        case _ if mine != theirs or type(mine) is not type(theirs):
            yield place, mine, theirs


def _nth(values: list[Any], number: int) -> Any:
    return values[number] if number < len(values) else NOTHING


def _shown(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return repr(text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…")
