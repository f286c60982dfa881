"""The vendor's own SDK as a reader and a writer: what it makes of a body, and what it sends."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest

openai = pytest.importorskip("openai")
httpx2 = pytest.importorskip("httpx2")


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
    return openai.OpenAI(api_key="key", base_url="http://vendor/v1", http_client=http_client, max_retries=0)


@dataclass
class Reading:
    """What the SDK gives of a response: its final object, or the events that make it up."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    ended: str | None = None
    usage: dict[str, int] = field(default_factory=dict)


def read(body: bytes) -> Reading:
    """The final response and the items that were done, as the SDK's plain iterator gives them.

    The items are the SDK's advice: some servers leave them out of the final response.
    """
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, body
    items: dict[int, Any] = {}
    final = None
    for event in client().responses.create(model="m", input="x", stream=True):
        if event.type == "response.output_item.done":
            items[event.output_index] = event.item
        elif event.type in ("response.completed", "response.incomplete"):
            final = event.response
            break
    assert final is not None
    reading = _items(final.output or [items[index] for index in sorted(items)])
    details = final.incomplete_details
    reading.ended = details.reason if details else final.status
    reading.usage = _usage(final.usage)
    return reading


def accumulated(body: bytes) -> Reading:
    """What the SDK's stream helper accumulates, which demands every event in its place."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, body
    with client().responses.stream(model="m", input="x") as stream:
        final = stream.get_final_response()
    reading = _items(final.output)
    reading.ended, reading.usage = final.status, _usage(final.usage)
    return reading


def _items(items: list[Any]) -> Reading:
    reading = Reading()
    for item in items:
        match item.type:
            case "message":
                for part in item.content:
                    reading.text += part.text if part.type == "output_text" else ""
                    reading.refusal += part.refusal if part.type == "refusal" else ""
            case "reasoning":
                reading.reasoning += "".join(part.text for part in [*item.summary, *(item.content or [])])
            case "function_call":
                reading.calls.append((item.call_id, item.name, item.arguments))
            case "custom_tool_call":
                reading.calls.append((item.call_id, item.name, item.input))
    return reading


def _usage(usage: Any) -> dict[str, int]:
    if usage is None:
        return {}
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": getattr(usage.output_tokens_details, "reasoning_tokens", None),
        "cache_read_tokens": getattr(usage.input_tokens_details, "cached_tokens", None),
        "cache_write_tokens": getattr(usage.input_tokens_details, "cache_write_tokens", None),
    }
    return {name: count for name, count in counts.items() if count}


def event_types(body: bytes) -> list[str]:
    """The types of a body's events, each checked against the SDK's own type for it."""
    payloads = [json.loads(line[6:]) for line in body.splitlines() if line.startswith(b"data: ")]
    return [_event_type(payload) for payload in payloads]


def _event_type(payload: dict[str, Any]) -> str:
    if payload["type"] == "error":  # the vendor sends it in another shape than its own types say
        return "error"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        event = _event_adapter().validate_python(payload)
    return str(event.type)


@cache
def _event_adapter() -> Any:
    from openai.types.responses import ResponseStreamEvent
    from pydantic import TypeAdapter

    return TypeAdapter(ResponseStreamEvent)


def sent(**changes: Any) -> Any:
    """The request that the SDK sends."""
    SERVER.status, SERVER.headers, SERVER.body = 200, {}, b""
    list(client().responses.create(**{"model": "m", "input": "x", "stream": True, **changes}))
    return SERVER.request


def error_of(status: int, headers: Any, body: bytes) -> Any:
    """The exception that the SDK raises for an error response."""
    SERVER.status, SERVER.headers, SERVER.body = status, dict(headers), body
    with pytest.raises(openai.APIStatusError) as caught:
        client().responses.create(model="m", input="x", stream=True)
    return caught.value
