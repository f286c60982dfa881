"""Cassettes: vcrpy's files of recorded exchanges, with the wire truth that vcrpy has no place for beside them.

A cassette is YAML (or JSON) as vcrpy writes it: `version: 1` and a list of `interactions`, each a `request` and a
`response`. What we keep besides lies in each interaction under the key `x-harness`, which vcrpy ignores:

    x-harness:
      version: 1
      chunks: 51@120044 17@131870   # size in bytes @ arrival in microseconds after the request was sent; for other
                               # writers: [[51, 120044], [17, 131870]]
      head_us: 118201          # when the response's head had come, likewise
      ending: clean            # how the body ended: a harness.wire.response.Ending
      transfer: chunked        # chunked, length or close
      missing_bytes: 0         # with short_length: how many bytes Content-Length promised beyond those that came
      head: true               # false: the connection ended before any status line; the vcrpy response is a stand-in
      request_order: 0 1 0     # for each header the number of its name, where a name came again behind another;
                               # response_order likewise
      provider: openai         # who answered; null where it is not known
      scenario: basics/text    # which scenario was recorded
      tool: harness 0.1.0      # what wrote it
      recorded_at: '2026-11-21T12:00:00Z'
      masked: 2                # how many secrets were masked
      note: what a reader should know
      transcript: {...}        # the golden transcript, as `harness decode --json` prints it; or that JSON as text

Only `version` and `chunks` must be there. The body is kept as it came, so the sizes add up to it. Without the key the
whole body plays as one chunk, and a coded body is unpacked. `harness.recording.writer` writes cassettes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.recording.chunk_table import chunks_of
from harness.recording.content_coding import UNPACKED_LIMIT, UnpackedTooLarge, unpacked
from harness.recording.document import SIZE_LIMIT, Document, DocumentError, Place, read_document
from harness.recording.harness_key import HARNESS_KEY, TIME_LIMIT_US, HarnessKey, Wrong, read_harness_key, shown
from harness.recording.received import HeaderForm, Headers, joined, ordered, parted
from harness.wire.response import Chunk, Transfer, WireResponse

CHUNK_LIMIT = 1_000_000
"""Chunks that all bodies of a cassette may have together."""
BODY_LIMIT = 4 * UNPACKED_LIMIT
"""Bytes that all bodies of a cassette may have together, unpacked."""


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
    """What recorded it."""
    recorded_at: str | None = None
    """When, in UTC, as ISO 8601 has it."""
    transcript: Mapping[str, Any] | None = None
    """What the response decodes to, as somebody reviewed it, in the JSON form of a transcript."""
    masked: int = 0
    """How many places were masked because a secret stood there."""
    note: str | None = None
    """What a reader should know."""
    reason: str = ""
    """The words behind the status; `harness.recording.received.parted` gives the form of the headers."""
    header_form: HeaderForm = ()
    """How the response's headers came where that is not how `response` has them; no values but of transfer headers."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """A file of recorded exchanges, in the order in which they were recorded."""

    path: Path
    exchanges: tuple[Exchange, ...]


class UnreadableCassette(ValueError):
    """The file is no cassette that we can play; the message names the file, the place, and what to do."""


def load_cassette(path: Path | str) -> Cassette:
    """The cassette in a file; raises UnreadableCassette. Nothing in the file is ever executed."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)  # enough to be refused
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise UnreadableCassette(f"{path}: cannot be read: {problem}; give the path of a cassette file") from error
    try:
        document = read_document(raw, only_json=path.suffix == ".json")
    except DocumentError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise UnreadableCassette(f"{place}: {error}; a cassette is what vcrpy writes, YAML or JSON") from None
    return Cassette(path, _exchanges(path, document))


def _exchanges(path: Path, document: Document) -> tuple[Exchange, ...]:
    exchanges: list[Exchange] = []
    chunks = size = 0
    try:
        for number, interaction in enumerate(_interactions(document.data)):
            exchange = _exchange(interaction, ("interactions", number))
            chunks += len(exchange.response.chunks)
            size += sum(len(chunk.data) for chunk in exchange.response.chunks)
            if chunks > CHUNK_LIMIT or size > BODY_LIMIT:
                problem = f"up to here the bodies have {size} bytes in {chunks} chunks"
                raise Wrong(
                    ("interactions", number), problem, f"{BODY_LIMIT} and {CHUNK_LIMIT} are the limits: split the file"
                )
            exchanges.append(exchange)
        return tuple(exchanges)
    except Wrong as wrong:
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
            raise Wrong(("version",), f"this is version {shown(version)} of the format, and we read version 1")
        case [{"request": _, "response": _}, *_]:
            raise Wrong((), "this is a cassette of vcrpy before 1.0", "migrate it with `python -m vcr.migration`")
    raise Wrong((), "a cassette has `version: 1` and a list of `interactions`")


def _exchange(data: Any, place: Place) -> Exchange:
    match data:
        case {"request": dict(request), "response": dict(response)}:
            key = read_harness_key(data.get(HARNESS_KEY), (*place, HARNESS_KEY))
            if key is None:
                return _as_vcrpy_kept_it(_request(request, None, place), response, (*place, "response"))
            return _as_it_came(_request(request, key.request_order, place), response, key, place)
    raise Wrong(place, "an interaction has a `request` and a `response`")


def _request(data: dict[Any, Any], order: str | None, above: Place) -> RecordedRequest:
    place = (*above, "request")
    match data:
        case {"method": str(method), "uri": str(url)}:
            headers = _in_order(_headers(data.get("headers"), (*place, "headers")), order, above, "request_order")
            lower = tuple((name.lower(), value) for name, value in headers)
            body = _body(data.get("body"), (*place, "body"))
            return RecordedRequest(method.upper(), _checked(url, (*place, "uri")), lower, body)
    raise Wrong(place, "a request has a `method` and a `uri`, both text")


def _checked(url: str, place: Place) -> str:
    try:
        urlsplit(url).port  # noqa: B018  # it is read here so that nobody stumbles over it later
        url.encode()
    except ValueError as error:
        raise Wrong(place, f"this is no URL: {error}") from None
    return url


def _in_order(headers: Headers, order: str | None, above: Place, field: str) -> Headers:
    try:
        return headers if order is None else ordered(headers, order)
    except ValueError as error:
        raise Wrong((*above, HARNESS_KEY, field), str(error), f"take the field {field} out") from None


def _status(data: dict[Any, Any], place: Place) -> tuple[int, str]:
    match data:
        case {"status": {"code": int(status), **others}} | {"status_code": int(status), **others} if (
            200 <= status <= 999
        ):
            message = others.get("message")
            return status, message if isinstance(message, str) else ""
    raise Wrong((*place, "status"), "a response has a `status` with a `code`, 200 or above")


def _received(data: dict[Any, Any], place: Place) -> tuple[Headers, bytes, Place]:
    """The headers as they came, the body, and where the body stands."""
    headers = _headers(data.get("headers"), (*place, "headers"))
    source = "body" if "body" in data else "content"  # `content`: how vcrpy once wrote httpx's responses
    return headers, _body(data.get(source), (*place, source)), (*place, source)


def _as_it_came(request: RecordedRequest, data: dict[Any, Any], key: HarnessKey, above: Place) -> Exchange:
    place = (*above, "response")
    status, reason = _status(data, place)
    came, body, _ = _received(data, place)
    headers, form = parted(_in_order(came, key.response_order, above, "response_order"))
    response = WireResponse(
        status=status if key.head else 0,
        headers=headers if key.head else (),
        chunks=_chunks(body, key, (*above, HARNESS_KEY, "chunks")),
        ending=key.ending,
        transfer=key.transfer,
        missing_bytes=key.missing_bytes,
        before_head_s=key.head_us / 1e6,
        head=key.head,
    )
    return Exchange(
        request,
        response,
        **{name: getattr(key, name) for name in _TOLD},
        transcript=_transcript(key.transcript, (*above, HARNESS_KEY, "transcript")),
        reason=reason if key.head else "",
        header_form=form if key.head else (),
    )


_TOLD = ("provider", "scenario", "tool", "recorded_at", "masked", "note")
"""The fields that an exchange and our key have in common."""


def _chunks(body: bytes, key: HarnessKey, place: Place) -> tuple[Chunk, ...]:
    if isinstance(key.chunks, str) and key.chunks.count("@") > CHUNK_LIMIT:
        raise Wrong(place, f"these are more than {CHUNK_LIMIT} chunks")
    try:
        table = chunks_of(key.chunks, TIME_LIMIT_US) if isinstance(key.chunks, str) else key.chunks
    except ValueError as error:
        raise Wrong(place, str(error)) from None
    sizes = [size for size, _ in table]
    if sum(sizes) != len(body):
        raise Wrong(
            place,
            f"the chunks have {sum(sizes)} bytes, and the body has {len(body)}",
            f"if the body was edited, take the key {HARNESS_KEY} out: it then plays as one chunk",
        )
    chunks: list[Chunk] = []
    start, then_us = 0, key.head_us
    for size, at_us in table:
        chunks.append(Chunk(body[start : start + size], max(0, at_us - then_us) / 1e6))
        start, then_us = start + size, at_us
    return tuple(chunks)


def _transcript(data: dict[str, Any] | str | None, place: Place) -> Mapping[str, Any] | None:
    if not isinstance(data, str):
        return data
    try:
        transcript = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Wrong(place, f"this is no JSON: {error}") from None
    if not isinstance(transcript, dict):
        raise Wrong(place, "a transcript is a mapping")
    return transcript


def _as_vcrpy_kept_it(request: RecordedRequest, data: dict[Any, Any], place: Place) -> Exchange:
    """One chunk: vcrpy keeps neither boundaries nor times, and only whole responses."""
    status, reason = _status(data, place)
    came, body, source = _received(data, place)
    headers, form = parted(came)
    codings = ",".join(value for name, value in headers if name == "content-encoding")
    try:
        plain = unpacked(body, codings)
    except UnpackedTooLarge as error:
        raise Wrong(source, str(error)) from None
    if plain is not None:
        body = plain
        left = tuple(field for field in headers if field[0] != "content-encoding")
        headers, form = parted(joined(left, form, len(body)))
    names = {name.lower() for name, _ in came}
    transfer: Transfer = "length" if "content-length" in names and "transfer-encoding" not in names else "chunked"
    response = WireResponse(status, headers, (Chunk(body),) if body else (), transfer=transfer)
    return Exchange(request, response, reason=reason, header_form=form)


def _headers(data: Any, place: Place) -> tuple[tuple[str, str], ...]:
    if data is None:
        return ()
    if not isinstance(data, dict):
        raise Wrong(place, "headers are a mapping of names to values")
    return tuple(
        (known, _text(value, (*place, name), "a header's value is text"))
        for name, values in data.items()
        if (known := _text(name, place, "a header's name is text"))
        for value in (values if isinstance(values, list) else [values])
    )


def _text(value: Any, place: Place, rule: str) -> str:
    match value:
        case bool() | None:
            raise Wrong(place, rule)
        case str():
            return value
        case int() | float() if abs(value) < 2**63:  # written by hand, without quotes
            return str(value)
        case bytes():
            return value.decode("latin-1")
    raise Wrong(place, rule)


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
            raise Wrong(place, "the body has no `string`", "it was written by another serializer than vcrpy's own")
    raise Wrong(place, "a body is text, bytes, or a mapping with `string`")
