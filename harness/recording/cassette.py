"""Cassettes: vcrpy's files of recorded exchanges, with the wire truth that vcrpy has no place for beside them.

A cassette is YAML (or JSON) as vcrpy writes it: `version: 1` and a list of `interactions`, each a `request` and a
`response`. What we keep besides lies in each interaction under the key `x-harness`, which vcrpy ignores:

    x-harness:
      version: 1
      chunks: [[51, 120044], [17, 131870]]   # size in bytes, arrival in microseconds after the request was sent
      head_us: 118201          # when the response's head had come, likewise
      ending: clean            # how the body ended: a harness.wire.response.Ending
      transfer: chunked        # chunked, length or close
      missing_bytes: 0         # with short_length: how many bytes Content-Length promised beyond those that came
      head: true               # false: the connection ended before any status line; the vcrpy response is a stand-in
      provider: openai         # who answered; null where it is not known
      scenario: basics/text    # which scenario was recorded
      tool: harness 0.1.0      # what wrote it

Only `version` and `chunks` must be there. The body is kept as it came, so the sizes add up to it. Without the key the
whole body plays as one chunk, and a coded body is unpacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.document import Document, DocumentError, Place, read_document
from harness.wire.response import Chunk, Ending, Transfer, WireResponse

HARNESS_KEY = "x-harness"
"""The key beside each response that holds what vcrpy has no place for."""
HARNESS_KEY_VERSION = 1
TRANSFER_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Recorded headers that the player writes anew."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """The request of an exchange. Header names are lower case."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, with what is known of where they came from."""

    request: RecordedRequest
    response: WireResponse
    provider: str | None = None
    scenario: str | None = None
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Cassette:
    """A file of recorded exchanges, in the order in which they were recorded."""

    path: Path
    exchanges: tuple[Exchange, ...]


class UnreadableCassette(ValueError):
    """The file is no cassette that we can play; the message names the file, the place, and what to do."""


class HarnessKey(msgspec.Struct, frozen=True, kw_only=True):
    """What lies under `x-harness`; the module says what the fields are."""

    version: int
    chunks: list[tuple[int, int]]
    head_us: int = 0
    ending: Ending = "clean"
    transfer: Transfer = "chunked"
    missing_bytes: int = 0
    head: bool = True
    provider: str | None = None
    scenario: str | None = None
    tool: str | None = None


class _Wrong(Exception):
    """A value is not what a cassette has in this place."""

    def __init__(self, place: Place, problem: str, mend: str = "record it again, or mend it by hand") -> None:
        self.place = place
        self.problem = problem
        self.mend = mend


def load_cassette(path: Path | str) -> Cassette:
    """The cassette in a file; raises UnreadableCassette. Nothing in the file is ever executed."""
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableCassette(f"{path}: cannot be read: {problem}; give the path of a cassette file") from error
    try:
        document = read_document(raw, only_json=path.suffix == ".json")
    except DocumentError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise UnreadableCassette(f"{place}: {error}; a cassette is what vcrpy writes, YAML or JSON") from None
    return Cassette(path, _exchanges(path, document))


def _exchanges(path: Path, document: Document) -> tuple[Exchange, ...]:
    try:
        return tuple(
            _exchange(interaction, ("interactions", number))
            for number, interaction in enumerate(_interactions(document.data))
        )
    except _Wrong as wrong:
        line = document.line_of(wrong.place)
        place = f"{path}:{line}" if line else str(path)
        raise UnreadableCassette(f"{place}: {_dotted(wrong.place)}{wrong.problem}; {wrong.mend}") from None


def _dotted(place: Place) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    return f"{steps}: " if steps else ""


def _interactions(data: Any) -> list[Any]:
    match data:
        case {"version": 1, "interactions": list(interactions)}:
            return interactions
        case {"version": version, "interactions": list()} if version != 1:
            raise _Wrong(("version",), f"this is version {version!r} of the format, and we read version 1")
        case [{"request": _, "response": _}, *_]:
            raise _Wrong((), "this is a cassette of vcrpy before 1.0", "migrate it with `python -m vcr.migration`")
    raise _Wrong((), "a cassette has `version: 1` and a list of `interactions`")


def _exchange(data: Any, place: Place) -> Exchange:
    match data:
        case {"request": dict(request), "response": dict(response)}:
            key = _harness_key(data.get(HARNESS_KEY), (*place, HARNESS_KEY))
            return Exchange(
                _request(request, (*place, "request")),
                _response(response, key, (*place, "response")),
                *((key.provider, key.scenario, key.tool) if key else ()),
            )
    raise _Wrong(place, "an interaction has a `request` and a `response`")


def _request(data: dict[Any, Any], place: Place) -> RecordedRequest:
    match data:
        case {"method": str(method), "uri": str(url)}:
            headers = _headers(data.get("headers"), (*place, "headers"))
            return RecordedRequest(method.upper(), url, headers, _body(data.get("body"), (*place, "body")))
    raise _Wrong(place, "a request has a `method` and a `uri`, both text")


def _response(data: dict[Any, Any], key: HarnessKey | None, place: Place) -> WireResponse:
    match data:
        case {"status": {"code": int(status)}} | {"status_code": int(status)} if 200 <= status <= 999:
            pass
        case _:
            raise _Wrong((*place, "status"), "a response has a `status` with a `code`, 200 or above")
    headers = _headers(data.get("headers"), (*place, "headers"))
    source = "body" if "body" in data else "content"  # `content`: how vcrpy once wrote httpx's responses
    body = _body(data.get(source), (*place, source))
    if key is not None:
        return _as_it_came(status, headers, body, key, (*place[:-1], HARNESS_KEY))
    return _as_vcrpy_kept_it(status, headers, body, (*place, source))


def _as_it_came(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes, key: HarnessKey, place: Place
) -> WireResponse:
    sizes = [size for size, _ in key.chunks]
    if sum(sizes) != len(body) or min(sizes, default=0) < 0:
        raise _Wrong(
            (*place, "chunks"),
            f"the chunks have {sum(sizes)} bytes, and the body has {len(body)}",
            f"if the body was edited, take the key {HARNESS_KEY} out: it then plays as one chunk",
        )
    chunks: list[Chunk] = []
    start, then_us = 0, key.head_us
    for size, at_us in key.chunks:
        chunks.append(Chunk(body[start : start + size], max(0, at_us - then_us) / 1e6))
        start, then_us = start + size, at_us
    return WireResponse(
        status=status,
        headers=_without(headers, TRANSFER_HEADERS),
        chunks=tuple(chunks),
        ending=key.ending,
        transfer=key.transfer,
        missing_bytes=key.missing_bytes,
        before_head_s=key.head_us / 1e6,
        head=key.head,
    )


def _as_vcrpy_kept_it(status: int, headers: tuple[tuple[str, str], ...], body: bytes, place: Place) -> WireResponse:
    """One chunk: vcrpy keeps neither boundaries nor times, and only whole responses."""
    names = {name for name, _ in headers}
    codings = ",".join(value for name, value in headers if name == "content-encoding")
    try:
        plain = unpacked(body, codings)
    except UnpackedTooLarge as error:
        raise _Wrong(place, str(error)) from None
    if plain is not None:
        headers, body = _without(headers, frozenset({"content-encoding"})), plain
    transfer: Transfer = "length" if "content-length" in names and "transfer-encoding" not in names else "chunked"
    chunks = (Chunk(body),) if body else ()
    return WireResponse(status, _without(headers, TRANSFER_HEADERS), chunks, transfer=transfer)


def _without(headers: tuple[tuple[str, str], ...], names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(field for field in headers if field[0] not in names)


def _headers(data: Any, place: Place) -> tuple[tuple[str, str], ...]:
    if data is None:
        return ()
    if not isinstance(data, dict):
        raise _Wrong(place, "headers are a mapping of names to values")
    return tuple(
        (name.lower(), _text(value, (*place, name), "a header's value is text"))
        for name, values in data.items()
        if _text(name, place, "a header's name is text")
        for value in (values if isinstance(values, list) else [values])
    )


def _text(value: Any, place: Place, rule: str) -> str:
    match value:
        case bool() | None:
            raise _Wrong(place, rule)
        case str():
            return value
        case int() | float():  # written by hand, without quotes
            return str(value)
        case bytes():
            return value.decode("latin-1")
    raise _Wrong(place, rule)


def _body(data: Any, place: Place) -> bytes:
    match data:
        case None:
            return b""
        case str():
            return data.encode("utf-8", "surrogatepass")  # JSON can hold half a pair
        case bytes():
            return data
        case {"string": inner} if not isinstance(inner, dict):
            return _body(inner, (*place, "string"))
        case {}:
            raise _Wrong(place, "the body has no `string`", "it was written by another serializer than vcrpy's own")
    raise _Wrong(place, "a body is text, bytes, or a mapping with `string`")


def _harness_key(data: Any, place: Place) -> HarnessKey | None:
    match data:
        case None:
            return None
        case {"version": version} if version != HARNESS_KEY_VERSION:
            raise _Wrong(place, f"version {version!r} is not known here", "a newer harness wrote it: update this one")
    try:
        return msgspec.convert(data, HarnessKey)
    except msgspec.ValidationError as error:
        raise _Wrong(place, str(error)) from None
