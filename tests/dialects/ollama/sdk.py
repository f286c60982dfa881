"""The vendor's own SDK as a reader and a writer: what it makes of a body, and what it sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pytest

ollama = pytest.importorskip("ollama")


@dataclass
class Reading:
    """What the SDK's parts amount to."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    finish: str | None = None
    usage: dict[str, int] = field(default_factory=dict)


class _Server(httpx.BaseTransport):
    """Answers every request with `body`, and keeps the last request."""

    status = 200
    body: bytes | Iterator[bytes] = b""
    request: httpx.Request | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(self.status, headers={"content-type": "application/x-ndjson"}, content=self.body)


SERVER = _Server()


@cache
def _client() -> Any:
    return ollama.Client(host="http://vendor", transport=SERVER)


def stream(body: bytes | Iterator[bytes], **call: Any) -> Iterator[Any]:
    """The parts that the SDK gives of a body; `call` is what it is asked."""
    SERVER.body = body
    yield from _client().chat(**({"model": "m", "messages": [{"role": "user", "content": "x"}]} | call), stream=True)


def answer(body: bytes) -> Any:
    """What the SDK makes of a whole answer."""
    SERVER.body = body
    return _client().chat(model="m", messages=[{"role": "user", "content": "x"}])


def sent(**call: Any) -> httpx.Request:
    """The request that the SDK sends."""
    list(stream(b"", **call))
    assert SERVER.request is not None
    return SERVER.request


def read(body: bytes) -> Reading:
    """What the SDK makes of a body."""
    reading = Reading()
    for part in stream(body):
        reading.text += part.message.content or ""
        reading.reasoning += part.message.thinking or ""
        reading.calls += [(call.function.name, call.function.arguments) for call in part.message.tool_calls or []]
        reading.finish = part.done_reason or reading.finish
        counts = {"input_tokens": part.prompt_eval_count, "output_tokens": part.eval_count}
        reading.usage |= {name: count for name, count in counts.items() if count}
    return reading
