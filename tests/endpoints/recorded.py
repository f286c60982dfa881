"""Hand-made recordings of a provider, for what becomes of them later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.endpoints.drift import Drift, compare
from harness.endpoints.drift_finding import Finding
from harness.endpoints.shape import Shape, shape_of
from harness.recording.cassette import Exchange, RecordedRequest
from harness.wire.response import Chunk, Ending, WireResponse

PATHS = {"openai-chat": "/v1/chat/completions", "anthropic-messages": "/v1/messages", "ollama": "/api/chat"}
SSE = (("content-type", "text/event-stream"),)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chunk of a chat completion."""
    choice = {"index": 0, "delta": {"content": "Hi"} if delta is None else delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def chat(*middle: dict[str, Any], end: Sequence[Any] = ("[DONE]",)) -> bytes:
    """A stream of chat completions: some chunks, the one with the stop reason, and the end marker."""
    payloads = [*(middle or (chunk(), chunk())), chunk({}, "stop"), *end]
    return b"".join(
        b"data: " + (each if isinstance(each, str) else json.dumps(each)).encode() + b"\n\n" for each in payloads
    )


def events(*payloads: dict[str, Any], named: bool = True) -> bytes:
    """A stream of named events."""
    return b"".join(
        (f"event: {each['type']}\n" if named else "").encode() + f"data: {json.dumps(each)}\n\n".encode()
        for each in payloads
    )


def exchange(
    body: bytes | Sequence[bytes],
    *,
    dialect: str = "openai-chat",
    probe: str | None = None,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = SSE,
    ending: Ending = "clean",
    note: str | None = None,
    pause_s: float = 0.0,
) -> Exchange:
    """One exchange; a sequence is the network reads of its body."""
    chunks = [Chunk(piece, pause_s) for piece in ([body] if isinstance(body, bytes) else body)]
    asked = RecordedRequest("POST", f"https://api.example.com{PATHS[dialect]}", (), b'{"model":"m","stream":true}')
    return Exchange(asked, WireResponse(status, headers, tuple(chunks), ending=ending), scenario=probe, note=note)


def shape(*exchanges: Exchange) -> Shape:
    """Their shape, as of one cassette."""
    return shape_of(("a", number, each) for number, each in enumerate(exchanges))


def drift(before: Sequence[Exchange], now: Sequence[Exchange]) -> Drift:
    """What changed from these to those."""
    return compare(shape(*before), shape(*now))


def found(before: Sequence[Exchange], now: Sequence[Exchange]) -> list[tuple[str, str, str]]:
    """Severity, rule and place of every finding."""
    return [(each.severity, each.rule, each.where) for each in drift(before, now).findings]


def the_finding(before: Sequence[Exchange], now: Sequence[Exchange], rule: str) -> Finding:
    """The one finding of that rule."""
    [finding] = [each for each in drift(before, now).findings if each.rule == rule]
    return finding
