"""Chooses the recorded answer to a request, and explains a request that nothing recorded answers.

A recording answers a request to the same endpoint in the same form: the same method, the same dialect's endpoint or a
path that ends alike (recordings know `https://host/prefix/v1/...`, the origin knows `/v1/...`), and a stream only where
a stream is asked for. Among those the likest body is chosen, then the likest headers; equals are played in the order of
recording, and the last one again and again, as a plan's last response is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from harness.dialects import dialect, dialect_names
from harness.recording.cassette import Cassette, Exchange
from harness.recording.likeness import Words, body_differences, likeness, shown, words_of

LIKENESS = 0.5
"""How much of two bodies must be the same, word for word, for one recording to answer the other request."""
SHAPING_PARAMETERS = frozenset({"alt"})
"""Query parameters that change the form of the answer; the others are keys and versions."""
SHAPING_HEADERS = ("anthropic-beta", "anthropic-version", "openai-beta")
"""Headers that change what an answer may hold; the others are keys, and what clients say of themselves."""
STREAM_TYPES = ("event-stream", "ndjson")
DIFFERENCES_SHOWN = 5
ENDPOINTS_SHOWN = 5

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange and where it lies: `number` counts the exchanges of its file from 0."""

    path: Path
    number: int
    exchange: Exchange

    def __str__(self) -> str:
        """Where it lies, and what it answers."""
        return f"{self.path}#{self.number}: {self.exchange.request.method} {self.exchange.request.url}"


@dataclass(frozen=True, slots=True)
class Miss:
    """Nothing recorded answers a request: why, which recording comes nearest, and how it differs."""

    problem: str
    nearest: Exchange | None
    differences: tuple[str, ...]
    place: str = ""
    """The file and the number of the nearest."""


class Player:
    """Answers requests from cassettes; it remembers what has been played."""

    def __init__(self, *cassettes: Cassette) -> None:
        self._tracks = [
            _Track(Recorded(cassette.path, number, exchange))
            for cassette in cassettes
            for number, exchange in enumerate(cassette.exchanges)
        ]

    def match(self, method: str, target: str, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> Exchange | Miss:
        """The exchange that answers a request to `target` (path and query below the base URL), or why none does.

        Header names are lower case.
        """
        asked = _Asked.of(method, target, dict(headers), body)
        candidates = [track for track in self._tracks if track.asked.endpoint.answers(asked.endpoint)]
        if not candidates:
            return self._no_endpoint(asked)
        scored = [(_likeness(track.asked, asked), track) for track in candidates]
        best = max(score for score, _ in scored)
        alike = [track for score, track in scored if score == best]
        if best[0] < LIKENESS:
            problem = f"the likest of {len(scored)} recordings of this endpoint is only {best[0]:.0%} like this request"
            return _miss(problem, alike[0], asked)
        track = next((track for track in alike if not track.played), alike[-1])
        track.played = True
        return track.recorded.exchange

    def unused(self) -> tuple[Recorded, ...]:
        """The exchanges that have answered no request so far, in order."""
        return tuple(track.recorded for track in self._tracks if not track.played)

    def _no_endpoint(self, asked: _Asked) -> Miss:
        endpoints = sorted({track.asked.endpoint.words for track in self._tracks})
        if not endpoints:
            return Miss("nothing was recorded: the cassette is empty", None, ())
        more = f" and {len(endpoints) - ENDPOINTS_SHOWN} more" if len(endpoints) > ENDPOINTS_SHOWN else ""
        recorded = ", ".join(endpoints[:ENDPOINTS_SHOWN])
        problem = f"{asked.endpoint.words} was not recorded; recorded is {recorded}{more}"
        return _miss(problem, max(self._tracks, key=lambda track: _nearness(track.asked, asked)), asked)


def differences(recorded: Exchange, method: str, target: str, body: bytes, headers: Headers) -> tuple[str, ...]:
    """The first few things in which a request is not the recorded one, in words."""
    return _asked(recorded).differences(_Asked.of(method, target, headers, body))


def _miss(problem: str, nearest: _Track, asked: _Asked) -> Miss:
    recorded = nearest.recorded
    return Miss(problem, recorded.exchange, nearest.asked.differences(asked), f"{recorded.path}#{recorded.number}")


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
    forms: frozenset[bool]
    """Whether a stream is asked for, both where either will do; empty where nobody knows."""

    @property
    def words(self) -> str:
        """The endpoint as a person names it."""
        query = "&".join(f"{name}={value}" for name, value in sorted(self.shape))
        form = f" as {_form(self.forms)}" if len(self.forms) == 1 else ""
        return f"{self.method} {self.path or '/'}{f'?{query}' if query else ''}{form}"

    def answers(self, asked: _Endpoint) -> bool:
        """Whether this recorded endpoint is the one asked for."""
        same = (self.method, self.shape) == (asked.method, asked.shape) and asked.forms <= self.forms
        return same and self.has_path_of(asked)

    def has_path_of(self, asked: _Endpoint) -> bool:
        """Whether it is the same dialect's endpoint, or of none and below any prefix."""
        if self.dialect or asked.dialect:
            return self.dialect == asked.dialect
        return self.path == asked.path or self.path.endswith(asked.path or "/")

    def differences(self, asked: _Endpoint) -> Iterator[str]:
        """What of it is not the same, in words."""
        if self.method != asked.method:
            yield f"method: recorded {self.method}, sent {asked.method}"
        if not self.has_path_of(asked):
            yield f"path: recorded {self.path or '/'}, sent {asked.path or '/'}"
        for name in sorted(dict(self.shape | asked.shape)):
            mine, theirs = dict(self.shape).get(name), dict(asked.shape).get(name)
            if mine != theirs:
                yield f"query {name}: recorded {shown(mine)}, sent {shown(theirs)}"
        if self.forms and not asked.forms <= self.forms:
            yield f"form: recorded {_form(self.forms)}, asked for {_form(asked.forms)}"


def _form(forms: frozenset[bool]) -> str:
    return " or ".join({True: "a stream", False: "a whole answer"}[each] for each in sorted(forms, reverse=True))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, recorded or sent, ready to be compared."""

    endpoint: _Endpoint
    model: str
    """The model that the path names, in dialects in which it does."""
    headers: tuple[str | None, ...]
    words: Words
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: Headers, body: bytes) -> _Asked:
        path, _, query = target.partition("?")
        name = dialect_of(method.upper(), target)
        forms: frozenset[bool] = frozenset()
        model = ""
        words = words_of(body)
        if name is not None:
            request = dialect(name).read_request(target, headers, body)
            forms = frozenset({request.stream})
            model = "" if any(place == ".model" for place, _ in words) else request.model
            words[".model", model] += bool(model)
        shape = frozenset(pair for pair in parse_qsl(query) if pair[0] in SHAPING_PARAMETERS)
        endpoint = _Endpoint(method.upper(), path.rstrip("/"), name, shape, forms)
        return cls(endpoint, model, tuple(headers.get(each) for each in SHAPING_HEADERS), words, body)

    def differences(self, asked: _Asked) -> tuple[str, ...]:
        """What is not the same, in words: the first few things, or what makes it another endpoint."""
        endpoint = list(self.endpoint.differences(asked.endpoint))
        model = [f"model: recorded {shown(self.model)}, sent {shown(asked.model)}"] if self.model != asked.model else []
        headers = (
            f"header {name}: recorded {shown(mine)}, sent {shown(theirs)}"
            for name, mine, theirs in zip(SHAPING_HEADERS, self.headers, asked.headers, strict=True)
            if mine != theirs
        )
        if not self.endpoint.has_path_of(asked.endpoint):
            return tuple(endpoint)  # the bodies of two endpoints differ everywhere
        found = chain(endpoint, model, headers, body_differences(self.body, asked.body))
        return tuple(islice(found, DIFFERENCES_SHOWN))


def _likeness(recorded: _Asked, asked: _Asked) -> tuple[float, int]:
    """How like the bodies are, then how many of the headers that matter are the same."""
    same = sum(mine == theirs for mine, theirs in zip(recorded.headers, asked.headers, strict=True))
    return likeness(recorded.words, asked.words), same


def _nearness(recorded: _Asked, asked: _Asked) -> tuple[bool, bool, tuple[float, int]]:
    """How near a recording of another endpoint is."""
    mine, theirs = recorded.endpoint, asked.endpoint
    return mine.has_path_of(theirs), mine.method == theirs.method, _likeness(recorded, asked)


def _asked(exchange: Exchange) -> _Asked:
    request = exchange.request
    headers = {name.lower(): value for name, value in request.headers}
    asked = _Asked.of(request.method, target_of(exchange), headers, request.body)
    if not asked.endpoint.forms or not _is_stream(exchange):
        return asked
    return replace(asked, endpoint=replace(asked.endpoint, forms=asked.endpoint.forms | {True}))


def _is_stream(exchange: Exchange) -> bool:
    """Whether the answer calls itself one; of some recordings the request was edited, or left out."""
    content_type = exchange.response.header("content-type") or ""
    return any(kind in content_type for kind in STREAM_TYPES)


@dataclass(slots=True)
class _Track:
    """One exchange of the cassettes, ready to be compared."""

    recorded: Recorded
    asked: _Asked = field(init=False)
    played: bool = False

    def __post_init__(self) -> None:
        self.asked = _asked(self.recorded.exchange)
