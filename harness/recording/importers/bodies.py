"""Bodies that were saved without the request that they answer: which dialect they are, and an exchange around them.

The request is made up: the smallest one that its dialect has, sent to a host that cannot exist. The exchange's note
says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from harness.dialects import dialect, dialect_names
from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.importers.imported import NO_REQUEST, ONE_CHUNK, Imported, Source, Wishes, Wrong
from harness.request import Message, Request, TextPart
from harness.transcript import fold
from harness.wire import aws_event_stream, json_array, ndjson, sse
from harness.wire.frame import Frame, Framer
from harness.wire.response import Chunk, Ending, WireResponse

UNKNOWN_BASE_URL = "https://unknown.invalid"
"""Where a request went of which nothing was recorded; RFC 2606 keeps the name from ever existing."""
LOOKED_AT = 50
"""Frames of a body that are looked at for its dialect."""

_UNKNOWN_MODEL = "unknown"
_ANTHROPIC_STEPS = ("message_", "content_block_")
_SSE_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":", b"\n", b"\r")


def import_body(source: Source, wishes: Wishes) -> Imported:
    """A file that is one response's body as it came."""
    body = source.raw
    name = dialect_of_body(body, wishes.dialect)
    exchange = exchange_of(name, (Chunk(body),) if body else (), wishes, notes=(ONE_CHUNK,))
    return Imported(f"body in {name}", (exchange,))


def dialect_of_body(body: bytes, wished: str | None) -> str:
    """The dialect that was wished, else the one that the body's frames are of; raises Wrong where they do not say."""
    if wished is not None:
        return wished
    found = next((name for frame in islice(frames_of(body), LOOKED_AT) if (name := dialect_of_frame(frame))), None)
    if found is None:
        known = ", ".join(dialect_names())
        raise Wrong("its frames do not say which dialect they are", f"say it with --dialect: {known}")
    return found


def frames_of(body: bytes) -> Iterator[Frame]:
    """The frames of a body by what it begins with: AWS messages, a JSON array or document, lines of JSON, or SSE."""
    framer = _framer(body)
    for start in range(0, len(body), 65_536):
        yield from framer.feed(body[start : start + 65_536])
    yield from framer.close()


def _framer(body: bytes) -> Framer:
    first = body.lstrip()[:1]
    if body[:1] == aws_event_stream.FIRST_BYTE:
        return aws_event_stream.Framer()
    if first == b"[":
        return json_array.Framer()
    if first == b"{":
        return ndjson.Framer() if payload_of(body.lstrip().partition(b"\n")[0]) is not None else json_array.Framer()
    return sse.Framer()


def looks_like_sse(body: bytes) -> bool:
    """Whether a body begins as an event stream does."""
    return body.removeprefix(b"\xef\xbb\xbf").startswith(_SSE_STARTS)


def payload_of(data: bytes | str) -> dict[str, Any] | None:
    """The JSON object that a frame holds; None where it holds none."""
    try:
        payload = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def dialect_of_frame(frame: Frame) -> str | None:
    """The dialect whose frame this must be; None where several have such frames."""
    payload = payload_of(frame.data)
    return dialect_of_payload(payload) if payload is not None else None


def dialect_of_payload(payload: dict[str, Any]) -> str | None:
    """The dialect in which such an object is a frame, or a whole answer; None where that is not plain."""
    match payload:
        case {"type": str(kind)} if (kind.startswith("response.") and "sequence_number" in payload) or _is_response(
            payload
        ):
            return "openai-responses"
        case {"type": str(kind)} if kind.startswith(_ANTHROPIC_STEPS) or (kind == "message" and "content" in payload):
            return "anthropic-messages"
        case {"object": "text_completion"}:
            return None
        case {"choices": list()} | {"object": "chat.completion" | "chat.completion.chunk"}:
            return "openai-chat"
        case {"candidates": list()} | {"promptFeedback": dict()} | {"usageMetadata": dict(), "modelVersion": str()}:
            return "gemini"
        case {"done": bool(), "message": dict()}:
            return "ollama"
        case {"object": "response"}:
            return "openai-responses"
    return None


def _is_response(payload: dict[str, Any]) -> bool:
    return str(payload["type"]).startswith("response.") and isinstance(payload.get("response"), dict)


def made_up_request(name: str, body: bytes) -> RecordedRequest:
    """The smallest request of a dialect that a response with this body can be the answer to."""
    is_document = _is_document(body)
    question = Message("user", [TextPart("(the request was not recorded)")])
    asked = Request(model=_model_of(name, body), messages=[question], stream=not is_document)
    made = dialect(name).build_request(asked, None)
    path = made.path
    if body.lstrip()[:1] == b"[":
        path = path.replace("?alt=sse", "")  # Gemini answers with an array where nobody asks for events
    return RecordedRequest(made.method, UNKNOWN_BASE_URL + path, tuple(made.headers.items()), made.body)


def _model_of(name: str, body: bytes) -> str:
    if _is_document(body):
        payload = payload_of(body) or {}
        named = payload.get("model") or payload.get("modelVersion")
        return named if isinstance(named, str) else _UNKNOWN_MODEL
    decoder = dialect(name).decoder()
    return fold(name, [*decoder.feed(body), *decoder.close()]).model or _UNKNOWN_MODEL


def _is_document(body: bytes) -> bool:
    """Whether the body is one JSON object over several lines or alone, and no frame of a stream."""
    payload = payload_of(body)
    return (payload is not None and not isinstance(payload.get("done"), bool)) or body.lstrip()[:2] in (b"{\n", b"{\r")


def content_type_of(name: str, body: bytes) -> str:
    """The content type with which a body in that dialect comes."""
    if body[:1] == aws_event_stream.FIRST_BYTE:
        return "application/vnd.amazon.eventstream"
    if body.lstrip()[:1] == b"[" or _is_document(body):
        return "application/json"
    return dialect(name).content_type


def exchange_of(
    name: str,
    chunks: Sequence[Chunk],
    wishes: Wishes,
    *,
    notes: Sequence[str],
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    ending: Ending = "clean",
    request: RecordedRequest | None = None,
) -> Exchange:
    """The exchange of a body in that dialect, with a request of our own where none was recorded."""
    body = b"".join(chunk.data for chunk in chunks)
    said = "; ".join([*notes, *([] if request else [NO_REQUEST])])
    response = WireResponse(
        status, headers or (("content-type", content_type_of(name, body)),), tuple(chunks), ending=ending
    )
    return Exchange(request or made_up_request(name, body), response, provider=wishes.provider, note=said or None)
