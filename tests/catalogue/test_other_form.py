"""A recorded answer in the other form, for gateways that ask their upstream for that."""

from __future__ import annotations

import json

from harness import decode
from harness.catalogue.other_form import in_other_form
from harness.dialects import dialect
from harness.wire.response import Chunk, WireResponse

CHAT = dialect("openai-chat")
STREAM = (
    b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}\n\n'
    b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{"content":"lo","x":null},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
DOCUMENT = {
    "id": "r",
    "model": "m",
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
}
TYPE = (("content-type", "text/event-stream"), ("x-request-id", "1"))


def played(body: bytes, status: int = 200, headers: tuple[tuple[str, str], ...] = TYPE) -> WireResponse:
    return WireResponse(status, headers, (Chunk(body),))


def test_a_stream_becomes_one_document() -> None:
    [other] = in_other_form([played(STREAM)], CHAT)
    assert json.loads(other.body)["choices"][0]["message"]["content"] == "Hello"
    assert other.headers == (("content-type", "application/json"), ("x-request-id", "1"))
    assert other.transfer == "length"


def test_a_document_becomes_a_stream() -> None:
    [other] = in_other_form([played(json.dumps(DOCUMENT).encode())], CHAT)
    found = decode("openai-chat", other.body)
    assert (found.text, found.status, found.warnings) == ("Hello", "completed", ())
    assert other.headers[0] == ("content-type", "text/event-stream")


def test_a_refusal_has_one_form() -> None:
    refused = played(b'{"error": {"message": "no"}}', 401, ())
    assert in_other_form([refused], CHAT) == (refused,)


def test_what_broke_off_or_is_packed_has_no_other_form() -> None:
    cut = WireResponse(200, TYPE, (Chunk(STREAM[:60]),), "reset")
    half = played(STREAM[:60])
    packed = played(b"\x1f\x8b", headers=(("content-encoding", "gzip"),))
    for response in (cut, half, packed):
        assert in_other_form([played(STREAM), response], CHAT) == ()
