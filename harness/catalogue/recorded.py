"""Cassettes as scenarios: each recorded exchange is a case for any system.

The request is the recorded one in canonical form, the response is played as it was recorded, and what a caller must
see of it is written in the golden transcript that a person reviewed. An exchange of which nothing can be said is told
apart, with the reason.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from harness.catalogue.canonical import read_canonical
from harness.catalogue.golden_expectation import Golden, expectation_from
from harness.catalogue.loader import Catalogue
from harness.catalogue.models import Level, Options, Response, Scenario
from harness.dialects.base import lose
from harness.recording.cassette import Exchange
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.folder import NamedCassette
from harness.recording.golden import Asked, asked_in
from harness.recording.play import target_of
from harness.recording.speed import RECORDED, paced
from harness.request import FilePart, ImagePart, Part, ReasoningPart, Request, ToolCallPart, ToolResultPart
from harness.wire.response import Chunk, WireResponse

FAMILY = "cassette"
API_KEY = "sk-test"
PATIENCE_S = 30.0
"""How long a system may wait for a silent server at the least; for longer where the recording was silent for longer."""
STALL_S = 3.0
"""The same where the recording falls silent for good."""
_BROKE_OFF = frozenset({"no_last_chunk", "short_length", "reset"})
_LEFT_OFF = {"cancelled": "it was stopped while it was recorded", "timeout": "its recorder gave up waiting"}


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An exchange that is no case, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordedCases:
    """What cassettes amount to: a catalogue of cases, and the exchanges that are none."""

    catalogue: Catalogue
    unjudged: tuple[Unjudged, ...]


class _NoCase(Exception):
    """Nothing can be said of this exchange; the message says why."""


def exchange_id(name: str, number: int) -> str:
    """The id of an exchange of the cassette of that name; exchanges count from 0."""
    return f"{FAMILY}/{name}#{number}"


def recorded_cases(cassettes: Sequence[NamedCassette], *, speed: float = RECORDED) -> RecordedCases:
    """The cases in those cassettes, played so many times as fast as they were recorded.

    The catalogue's version names their content.
    """
    scenarios: list[Scenario] = []
    unjudged: list[Unjudged] = []
    digest = hashlib.sha256()
    for named in cassettes:
        for number, exchange in enumerate(named.cassette.exchanges):
            name = exchange_id(named.name, number)
            digest.update(b"%b\0%b" % (name.encode("utf-8", "replace"), repr(exchange).encode("utf-8", "replace")))
            try:
                scenarios.append(_scenario(name, exchange, speed))
            except _NoCase as reason:
                unjudged.append(Unjudged(name, str(reason)))
    scenarios.sort(key=lambda scenario: scenario.id)
    by_id = {scenario.id: scenario for scenario in scenarios}
    version = f"cassettes+{digest.hexdigest()[:12]}"
    return RecordedCases(Catalogue(tuple(scenarios), version, by_id), tuple(unjudged))


def _scenario(name: str, exchange: Exchange, speed: float) -> Scenario:
    asked = asked_in(exchange)
    if asked is None:
        raise _NoCase(f"{exchange.request.method} {target_of(exchange)} is the address of no known dialect")
    golden = _golden(exchange.transcript, asked)
    response = _played(exchange.response, golden, speed)
    request, plain = _request(asked, exchange.response)
    dialect = asked.dialect.name
    return Scenario(
        id=name,
        title=f"{exchange.scenario or name.removeprefix(FAMILY + '/')}: what {_who(exchange)} answered",
        why=_why(exchange, golden, plain),
        level=_level(golden, response),
        needs=_needs(request, response),
        dialects=(dialect,),
        request=request,
        options=Options(timeout_s=_patience(response)),
        responses={dialect: (Response(wire=response, status=response.status if response.head else None),)},
        expect=expectation_from(golden, response),
        deadline_s=60.0 + 2 * _duration(response),
    )


def _golden(transcript: Mapping[str, Any] | None, asked: Asked) -> Golden:
    if transcript is None:
        raise _NoCase("it has no golden transcript; `harness replay --cassette FILE --update` writes one for review")
    try:
        golden = msgspec.convert(dict(transcript), Golden)
    except msgspec.ValidationError as error:
        raise _NoCase(f"its golden transcript is none: {error}") from None
    if golden.dialect != asked.dialect.name:
        raise _NoCase(f"its golden transcript is of {golden.dialect}, and the address of {asked.dialect.name}")
    return golden


def _played(response: WireResponse, golden: Golden, speed: float) -> WireResponse:
    """The response as a system gets it. Its recorder may have left when all had come: then it ends as HTTP says."""
    if response.ending in _LEFT_OFF:
        if golden.status != "completed":
            raise _NoCase(f"{_LEFT_OFF[response.ending]}, and what would have come is not known")
        response = replace(response, ending="clean")
    elif golden.status == "cancelled":
        raise _NoCase("its golden transcript is of an answer that was stopped")
    if response.head and response.status < 200:
        raise _NoCase(f"status {response.status} is no final one")
    return _with_plain_form(paced(response, speed))


def _with_plain_form(response: WireResponse) -> WireResponse:
    """The response; in a content coding, for those alone who accept it."""
    codings = response.header("content-encoding")
    if not codings:
        return response
    try:
        body = unpacked(response.body, codings)
    except UnpackedTooLarge as error:
        raise _NoCase(str(error)) from None
    if body is None:
        raise _NoCase(f"its body is packed as {codings!r}, which is not unpacked here")
    headers = tuple(field for field in response.headers if field[0] != "content-encoding")
    return replace(response, headers=headers, chunks=(Chunk(body),), codings=((codings, response),))


def _request(asked: Asked, response: WireResponse) -> tuple[Request, bool]:
    """What a system is to ask, and whether that is a plain request instead of the recorded one.

    The origin refuses what the vendor refuses, so a refusal that was recorded is played to a request without fault.
    """
    dialect, request = asked.dialect, asked.request
    if not all(_is_whole(part, dialect.name) for message in request.messages for part in message.content):
        raise _NoCase("its request holds a file, an image or a signature that was cut or masked")
    wire = dialect.build_request(request, API_KEY)
    if _framing(wire.path) != _framing(asked.path):
        raise _NoCase(f"its address asks for a framing that systems do not ask for, {_framing(asked.path) or 'none'}")
    faults = dialect.validate(wire.path, dict(wire.headers), wire.body)
    if not faults and not wire.losses:
        return request, False
    if response.head and response.status >= 400:
        return read_canonical({"model": request.model or "test-model", "stream": request.stream}), True
    if wire.losses:
        raise _NoCase(f"its request: {lose(wire.losses)}")
    first = faults[0]
    raise _NoCase(f"its request is one that the vendor refuses: {first.where or 'the request'}: {first.message}")


def _is_whole(part: Part, dialect: str) -> bool:
    """Whether what must be base64 is that: files, and in one dialect the signatures. A file may have an address."""
    match part:
        case ImagePart() | FilePart():
            return bool(part.data or part.url) and _is_base64(part.data)
        case ToolResultPart():
            return all(_is_whole(medium, dialect) for medium in part.media)
        case ReasoningPart() | ToolCallPart() if dialect == "gemini":
            return _is_base64(part.signature or "")
    return True


def _is_base64(data: str) -> bool:
    try:
        b64decode(data, validate=True)
    except ValueError:
        return False
    return True


def _framing(target: str) -> str:
    """What of an address says how a stream is framed."""
    pairs = parse_qsl(target.partition("?")[2])
    return "&".join(f"{name}={value}" for name, value in pairs if name.lstrip("$") == "alt")


def _who(exchange: Exchange) -> str:
    return exchange.provider or urlsplit(exchange.request.url).hostname or "a server"


def _why(exchange: Exchange, golden: Golden, plain: bool) -> str:
    when = f" at {exchange.recorded_at}" if exchange.recorded_at else ""
    words = [f"{_who(exchange)} gave this answer{when}, and its golden transcript says what a caller is to make of it."]
    if exchange.response.ending in _LEFT_OFF:
        words.append("Its recorder left when all of it had come; here it ends as HTTP says it should.")
    if plain:
        words.append("A plain request stands for the recorded one, which the vendor refuses.")
    if golden.warnings:
        words.append(f"The stream is odd: {', '.join(sorted({each.rule for each in golden.warnings}))}.")
    return " ".join(words)


def _level(golden: Golden, response: WireResponse) -> Level:
    """An answer that was odd, or broke off when it was whole, is no ground to call anybody non-conformant."""
    odd = golden.status == "completed" and (golden.warnings or response.ending in _BROKE_OFF)
    return "should" if odd else "must"


def _needs(request: Request, response: WireResponse) -> tuple[str, ...]:
    parts = [part for message in request.messages for part in message.content]
    needs = {
        "history": len(request.messages) > 1,
        "images": any(isinstance(part, ImagePart) for part in parts),
        "timeouts": response.ending == "stall",
    }
    return tuple(name for name, needed in needs.items() if needed)


def _pauses(response: WireResponse) -> Iterable[float]:
    return (response.before_head_s, *(chunk.pause_s for chunk in response.chunks))


def _patience(response: WireResponse) -> float:
    least = STALL_S if response.ending == "stall" else PATIENCE_S
    return max(least, 2 * max(_pauses(response)))


def _duration(response: WireResponse) -> float:
    return sum(_pauses(response)) + (_patience(response) if response.ending == "stall" else 0.0)
