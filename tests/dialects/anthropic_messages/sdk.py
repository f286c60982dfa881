"""The vendor's own SDK as a reader and a writer: what it makes of a body, and what it sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest

anthropic = pytest.importorskip("anthropic")
httpx2 = pytest.importorskip("httpx2")

ASKED: dict[str, Any] = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "x"}]}


class _Server(httpx2.BaseTransport):
    """Answers every request with `body`, and keeps the last request."""

    status = 200
    headers: Mapping[str, str] = MappingProxyType({})
    body: Any = b""
    request: Any = None

    def handle_request(self, request: Any) -> Any:
        self.request = request
        headers = {"content-type": "text/event-stream", **self.headers}
        return httpx2.Response(self.status, headers=headers, content=self.body)


SERVER = _Server()


@cache
def client() -> Any:
    http_client = httpx2.Client(transport=SERVER)
    return anthropic.Anthropic(api_key="key", base_url="http://vendor", http_client=http_client, max_retries=0)


@dataclass
class Reading:
    """What the SDK's accumulated message amounts to."""

    text: str = ""
    reasoning: str = ""
    signatures: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    stop_reason: str | None = None
    usage: dict[str, int] = field(default_factory=dict)


def read(body: bytes) -> Reading:
    """What the SDK's message stream accumulates from a body."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, body
    with client().messages.stream(**ASKED) as stream:
        message = stream.get_final_message()
    reading = Reading(stop_reason=message.stop_reason)
    for block in message.content:
        match block.type:
            case "text":
                reading.text += block.text
            case "thinking":
                reading.reasoning += block.thinking
                reading.signatures += [block.signature] if block.signature else []
            case "tool_use":
                reading.calls.append((block.id, block.name, block.input))
    usage = message.usage
    details = usage.output_tokens_details
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": details.thinking_tokens if details else None,
        "cache_read_tokens": usage.cache_read_input_tokens,
        "cache_write_tokens": usage.cache_creation_input_tokens,
    }
    reading.usage = {name: count for name, count in counts.items() if count}
    return reading


def event_types(body: bytes) -> list[str]:
    """The types of a body's events, each checked against the SDK's own type for it."""
    adapter = _event_adapter()
    payloads = [json.loads(line[6:]) for line in body.splitlines() if line.startswith(b"data: ")]
    return [adapter.validate_python(payload).type for payload in payloads]


@cache
def _event_adapter() -> Any:
    from anthropic.types import RawMessageStreamEvent
    from pydantic import TypeAdapter

    return TypeAdapter(RawMessageStreamEvent)


def sent(**changes: Any) -> Any:
    """The request that the SDK sends."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, b""
    list(client().messages.create(**{**ASKED, "stream": True, **changes}))
    return SERVER.request


def error_of(status: int, headers: Any, body: bytes) -> Any:
    """The exception that the SDK raises for an error response."""
    SERVER.status, SERVER.headers, SERVER.body = status, dict(headers), body
    with pytest.raises(anthropic.APIStatusError) as caught:
        client().messages.create(**ASKED, stream=True)
    return caught.value
