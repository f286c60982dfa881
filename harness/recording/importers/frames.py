"""Lists of frames or of chunks: JSON arrays, or one JSON value a line.

A list of *frames* holds payloads (objects, or their JSON as strings), events (`{"event": …, "data": …}`), or the text
of server-sent events; the body is put together from them as the dialect frames it, and nothing that is missing, such
as an end marker, is made up. A list of *chunks* holds network reads in base64, as strings or as objects that may say
when each came; it can also stand under `chunks` in an object with `status`, `headers`, `url` and `truncated`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from harness.dialects import dialect
from harness.recording.cassette import RecordedRequest
from harness.recording.importers.bodies import dialect_of_body, exchange_of, looks_like_sse, payload_of
from harness.recording.importers.imported import ONE_CHUNK, Imported, Source, Wishes, Wrong, read_json
from harness.recording.importers.whole import endpoint_of
from harness.wire import json_array, ndjson, sse
from harness.wire.response import Chunk

MEND = "see `harness import --help` for the forms that are read"
CHUNK_KEYS = ("base64", "b64", "data_base64", "data_b64", "chunk_base64", "chunk_b64", "bytes_base64", "bytes_b64")
"""Under which an object of a chunk list may have its bytes."""
ARRIVAL_KEYS: Mapping[str, float] = {"at_us": 1e-6, "at_ms": 1e-3, "at_s": 1.0, "t_us": 1e-6, "t_ms": 1e-3, "t_s": 1.0}
"""Under which it may say when they came, after the request was sent, and the unit in seconds."""
PAUSE_KEYS: Mapping[str, float] = {"delay_us": 1e-6, "delay_ms": 1e-3, "delay_s": 1.0}
"""Under which it may say how long after the chunk before, likewise."""
_EVENT_KEYS = frozenset({"event", "data", "id", "retry"})
_BASE64 = re.compile(r"(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BODY_STARTS = (b"{", b"[", b"\0")
_BLANK_LINE = re.compile(r"\r?\n\r?\n|\r\r")


@dataclass(frozen=True, slots=True)
class _Item:
    """One item: its value, its JSON as it stands in the file, and the line it begins on (0: not known)."""

    value: Any
    raw: bytes
    number: int
    line: int | None


def import_list(source: Source, wishes: Wishes) -> Imported:
    """A list of either kind; raises Wrong."""
    items = _items(source)
    if not items:
        raise Wrong("the list is empty", MEND)
    if (pieces := _pieces(items)) is not None:
        return _of_chunks(pieces, wishes, {})
    return _of_frames(items, wishes)


def import_chunk_document(source: Source, wishes: Wishes) -> Imported:
    """One object with its chunk list under `chunks`; raises Wrong."""
    data = read_json(source.text, mend=MEND)
    match data:
        case {"chunks": list(chunks)}:
            items = [_Item(value, b"", number, None) for number, value in enumerate(chunks)]
        case _:
            raise Wrong("an object with a chunk list has it under `chunks`", MEND)
    pieces = _pieces(items)
    if pieces is None:
        raise Wrong("the chunks are base64, as strings or under one of " + ", ".join(CHUNK_KEYS), MEND, ("chunks",))
    return _of_chunks(pieces, wishes, data)


def _items(source: Source) -> list[_Item]:
    text = source.text
    if text.lstrip()[:1] != "[":
        lines = enumerate(text.split("\n"), 1)
        return [
            _Item(read_json(line, mend=MEND, line=number), line.strip().encode(), number - 1, number)
            for number, line in lines
            if line.strip()
        ]
    values = read_json(text, mend=MEND)
    framer = json_array.Framer()
    frames = framer.feed(text.encode("utf-8", "surrogatepass")) + framer.close()
    if len(frames) != len(values):
        raise Wrong("the array cannot be cut into its elements", MEND)
    return [
        _Item(value, frame.data, number, None) for number, (value, frame) in enumerate(zip(values, frames, strict=True))
    ]


# Chunks


@dataclass(frozen=True, slots=True)
class _Piece:
    data: bytes
    at_s: float | None = None
    pause_s: float | None = None


def _pieces(items: Sequence[_Item]) -> list[_Piece] | None:
    """The items as chunks; None where they are none. Raises Wrong where some are and one is not."""
    if all(isinstance(item.value, str) for item in items):
        return _string_pieces([item.value for item in items])
    if not any(isinstance(item.value, dict) and _chunk_key(item.value) for item in items):
        return None
    return [_object_piece(item) for item in items]


def _string_pieces(values: Sequence[str]) -> list[_Piece] | None:
    """Strings of base64 that together are a body; None where they are not."""
    if not all(_BASE64.fullmatch(value) for value in values):
        return None
    pieces = [_Piece(base64.b64decode(value)) for value in values]
    body = b"".join(piece.data for piece in pieces)
    return pieces if looks_like_sse(body) or body.startswith(_BODY_STARTS) else None


def _chunk_key(value: Mapping[str, Any]) -> str | None:
    return next((key for key in CHUNK_KEYS if isinstance(value.get(key), str)), None)


def _object_piece(item: _Item) -> _Piece:
    place = (item.number,)
    key = _chunk_key(item.value) if isinstance(item.value, dict) else None
    if key is None:
        raise Wrong("among chunks in base64 there is one without", MEND, place, item.line)
    try:
        data = base64.b64decode(item.value[key], validate=True)
    except ValueError:
        raise Wrong(f"`{key}` is no base64", MEND, place, item.line) from None
    return _Piece(data, _seconds(item, ARRIVAL_KEYS), _seconds(item, PAUSE_KEYS))


def _seconds(item: _Item, units: Mapping[str, float]) -> float | None:
    for key, unit in units.items():
        match item.value.get(key):
            case None:
                continue
            case int() | float() as number if 0 <= number * unit < 1e6:
                return number * unit
            case other:
                raise Wrong(f"`{key}` is {other!r}, and a time is wanted", MEND, (item.number,), item.line)
    return None


def _of_chunks(pieces: Sequence[_Piece], wishes: Wishes, data: Mapping[str, Any]) -> Imported:
    has_times = any(piece.at_s is not None or piece.pause_s is not None for piece in pieces)
    chunks, then = [], 0.0
    for piece in pieces:
        pause = piece.pause_s if piece.at_s is None else piece.at_s - then
        then = piece.at_s if piece.at_s is not None else then + (pause or 0.0)
        chunks.append(Chunk(piece.data, max(0.0, pause or 0.0)))
    body = b"".join(chunk.data for chunk in chunks)
    request = _request(data)
    exchange = exchange_of(
        dialect_of_body(body, wishes.dialect or (endpoint_of(request) if request else None)),
        chunks,
        wishes,
        notes=() if has_times else ("times were not recorded",),
        status=_status(data),
        headers=_headers(data),
        ending="no_last_chunk" if data.get("truncated") is True else "clean",
        request=request,
    )
    return Imported(f"list of {len(chunks)} chunks", (exchange,))


def _status(data: Mapping[str, Any]) -> int:
    match data.get("status", 200):
        case int(status) if 200 <= status <= 999 and status is not True:
            return status
        case other:
            raise Wrong(f"{other!r} is no status of a final response", MEND, ("status",))


def _headers(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    match data.get("headers"):
        case None:
            return ()
        case dict(headers) if all(isinstance(value, str) for value in headers.values()):
            return tuple((name.lower(), value) for name, value in headers.items())
    raise Wrong("headers are a mapping of names to text", MEND, ("headers",))


def _request(data: Mapping[str, Any]) -> RecordedRequest | None:
    """The request, where the address is there; its body as JSON or text."""
    url, asked = data.get("url"), data.get("request")
    if not isinstance(url, str):
        return None
    body = asked.encode() if isinstance(asked, str) else b"" if asked is None else msgspec.json.encode(asked)
    method = data.get("method")
    return RecordedRequest(method.upper() if isinstance(method, str) else "POST", url, (), body)


# Frames


def _of_frames(items: Sequence[_Item], wishes: Wishes) -> Imported:
    texts = [item.value for item in items if isinstance(item.value, str)]
    if len(texts) == len(items) and looks_like_sse("".join(texts).lstrip().encode("utf-8", "surrogatepass")):
        body, note = _joined(texts)
        name = dialect_of_body(body, wishes.dialect)
    else:
        name, body = _framed(items, wishes)
        note = "the body is put together from its payloads: white space and comments between them are lost"
    notes = (note, ONE_CHUNK)
    return Imported(f"list of {len(items)} frames in {name}", (exchange_of(name, (Chunk(body),), wishes, notes=notes),))


def _joined(texts: Sequence[str]) -> tuple[bytes, str]:
    """The text of server-sent events, whether it was cut anywhere, into lines, or into events."""
    if any(_BLANK_LINE.search(text) for text in texts):
        return _bytes("".join(texts)), "the body is put together from pieces of its text"
    bare = [text.rstrip("\r\n") for text in texts]
    if any(not text or (text.startswith("event:") and "\n" not in text) for text in bare):
        end = "\n" if not bare[-1] else "\n\n"
        return _bytes("\n".join(bare) + end), "the body is put together from its lines: their ends are lost"
    return _bytes("".join(f"{text}\n\n" for text in bare)), "the body is put together from its events"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _framed(items: Sequence[_Item], wishes: Wishes) -> tuple[str, bytes]:
    """The dialect, and a body of frames around these payloads."""
    parted = [_event(item) for item in items]
    name = dialect_of_body(b"".join(ndjson.frame(data) for _, data in parted), wishes.dialect)
    if dialect(name).facts.get("framing") == "ndjson":
        return name, b"".join(ndjson.frame(data) for _, data in parted)
    return name, b"".join(sse.frame(data, event or _event_name(data)) for event, data in parted)


def _event(item: _Item) -> tuple[str | None, bytes]:
    """An item's event name, where it is given, and its payload."""
    match item.value:
        case str(text):
            return None, _bytes(text.strip("\r\n"))
        case {"data": str(text), **others} if set(others) <= _EVENT_KEYS:
            return _name(others), _bytes(text)
        case {"data": dict(payload), **others} if set(others) <= _EVENT_KEYS:
            return _name(others), msgspec.json.encode(payload)
        case dict():
            return None, item.raw
    raise Wrong("a frame is an object or a string", MEND, (item.number,), item.line)


def _name(others: Mapping[Any, Any]) -> str | None:
    name = others.get("event")
    return name if isinstance(name, str) and name.isprintable() else None


def _event_name(data: bytes) -> str | None:
    """The name that dialects give an event whose payload says its type."""
    kind = (payload_of(data) or {}).get("type")
    return kind if isinstance(kind, str) and kind.isprintable() else None
