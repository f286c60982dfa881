"""Chunks as JSON that readers take: what JavaScript would mistake for a prototype is refused by them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from harness.wire import sse

RENDERED: dict[str, dict[str, type]] = {
    "source-url": {"sourceId": str, "url": str},
    "source-document": {"sourceId": str, "mediaType": str, "title": str},
    "file": {"url": str, "mediaType": str},
    "tool-output-available": {"toolCallId": str, "output": object},
    "tool-output-error": {"toolCallId": str, "errorText": str},
    "tool-output-denied": {"toolCallId": str},
}
"""Evidence that goes out as a chunk of its own: its type, and the fields without which readers refuse it."""

_to_json = msgspec.json.Encoder().encode


def spelled(arguments: str, value: dict[str, Any]) -> Any:
    """The object as the model spelled it, numbers and all; the parsed one where that is no Unicode."""
    try:
        return msgspec.Raw(arguments.encode())
    except UnicodeEncodeError:
        return value


def is_refused(value: Any) -> bool:
    """Whether readers would refuse a chunk that holds `value`: a JavaScript object's prototype must not be named."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            inner = one.get("constructor")
            if "__proto__" in one or (type(inner) is dict and "prototype" in inner):
                return True
            waiting.extend(one.values())
        elif type(one) is list:
            waiting.extend(one)
    return False


def chunk_frame(chunk: dict[str, Any]) -> bytes:
    """One chunk as it goes over the wire."""
    try:
        data = _to_json(chunk)
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair goes out as its escape
        data = json.dumps(chunk, separators=(",", ":")).encode()
    return sse.frame(data)
