"""What adapters of plain SSE parsers share: the requests of three dialects, and what their callers make of an event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from harness_kit import Case, Event, Failed, chat, messages, responses

DIALECTS = ["openai-chat", "openai-responses", "anthropic-messages"]

_PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
}
_VENDORS: dict[str, Any] = {"openai-chat": chat, "openai-responses": responses, "anthropic-messages": messages}


def call(case: Case) -> dict[str, Any]:
    """The keyword arguments of a POST, as httpx and requests both have them."""
    key = {"x-api-key": case.api_key, "anthropic-version": "2023-06-01"}
    headers = key if case.dialect == "anthropic-messages" else {"authorization": f"Bearer {case.api_key}"}
    return {
        "url": case.base_url + _PATHS[case.dialect],
        "headers": headers,
        "json": _VENDORS[case.dialect].parameters(case.request),
    }


def reader(case: Case) -> Callable[[str], Iterator[Event]]:
    """Turns the data of one event after another into events; nothing comes of what follows an end marker."""
    vendor = _VENDORS[case.dialect].Reader()
    ended = False

    def read(data: str) -> Iterator[Event]:
        nonlocal ended
        ended = ended or data == "[DONE]"
        if ended or not data:
            return
        value = json.loads(data)
        if isinstance(value, dict) and (error := value.get("error")):
            raise Failed("unknown", str(error.get("message") if isinstance(error, dict) else error))
        yield from vendor.read(value)

    return read
