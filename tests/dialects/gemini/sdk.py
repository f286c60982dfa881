"""The vendor's own SDK as a reader and a writer: what it makes of a body, and what it sends."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pytest

genai = pytest.importorskip("google.genai")


@dataclass
class Reading:
    """What the SDK's chunks amount to, for the first candidate."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    finish: str | None = None
    usage: dict[str, int] = field(default_factory=dict)


class _Server(httpx.BaseTransport):
    """Answers every request with `body`, and keeps the last request."""

    status = 200
    body: bytes | Iterator[bytes] = b""
    request: httpx.Request | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(self.status, headers={"content-type": "text/event-stream"}, content=self.body)


SERVER = _Server()


@cache
def _client() -> Any:
    options = genai.types.HttpOptions(base_url="http://vendor", httpx_client=httpx.Client(transport=SERVER))
    return genai.Client(api_key="key", http_options=options)


def stream(body: bytes | Iterator[bytes], **call: Any) -> Iterator[Any]:
    """The chunks that the SDK gives of a body; `call` is what it is asked."""
    SERVER.body = body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # enum values that are newer or older than the SDK
        yield from _client().models.generate_content_stream(**({"model": "m", "contents": "x"} | call))


def answer(body: bytes) -> Any:
    """What the SDK makes of a whole answer."""
    SERVER.body = body
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _client().models.generate_content(model="m", contents="x")


def sent(**call: Any) -> httpx.Request:
    """The request that the SDK sends."""
    list(stream(b"", **call))
    assert SERVER.request is not None
    return SERVER.request


def read(body: bytes) -> Reading:
    """What the SDK makes of an SSE body or of a JSON array, which it cannot ask for itself."""
    if body.lstrip()[:1] == b"[":
        body = b"".join(b"data: " + json.dumps(payload).encode() + b"\n\n" for payload in json.loads(body))
    reading = Reading()
    for chunk in stream(body):
        for candidate in chunk.candidates or []:
            if not candidate.index:
                _take(candidate, reading)
        if usage := chunk.usage_metadata:
            counts = {
                "input_tokens": usage.prompt_token_count,
                "output_tokens": usage.candidates_token_count,
                "reasoning_tokens": usage.thoughts_token_count,
                "cache_read_tokens": usage.cached_content_token_count,
            }
            reading.usage |= {name: count for name, count in counts.items() if count}
    return reading


def _take(candidate: Any, reading: Reading) -> None:
    for part in (candidate.content and candidate.content.parts) or []:
        if part.text and part.thought:
            reading.reasoning += part.text
        elif part.text:
            reading.text += part.text
        if part.function_call:
            reading.calls.append((part.function_call.name, part.function_call.args or {}))
    if candidate.finish_reason:
        reading.finish = candidate.finish_reason.name
