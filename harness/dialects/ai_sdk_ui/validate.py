"""Why a request of a chat front end is none: what the AI SDK's own reading of UI messages would not accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import read_json

_ROLES = ("system", "user", "assistant")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "reasoning": ("text",),
    "file": ("mediaType", "url"),
    "dynamic-tool": ("toolName", "toolCallId", "state"),
}


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the request would be refused."""
    value = read_json(body)
    if type(value) is not dict:
        return [RequestFault("body-not-json", "", "the body is not a JSON object")]
    messages = value.get("messages")
    if type(messages) is not list or not messages:
        return [RequestFault("messages-missing", "messages", "messages must be a list with at least one message")]
    return [fault for place, message in enumerate(messages) for fault in _message(message, f"messages[{place}]")]


def _message(message: Any, where: str) -> Iterator[RequestFault]:
    if type(message) is not dict or message.get("role") not in _ROLES:
        yield RequestFault("role-unknown", f"{where}.role", f"a message has one of the roles {', '.join(_ROLES)}")
        return
    parts = message.get("parts")
    if type(parts) is not list:
        yield RequestFault("parts-type", f"{where}.parts", "a message has a list of parts")
        return
    for place, part in enumerate(parts):
        yield from _part(part, f"{where}.parts[{place}]")


def _part(part: Any, where: str) -> Iterator[RequestFault]:
    kind = part.get("type") if type(part) is dict else None
    if type(kind) is not str or not kind:
        yield RequestFault("part-type", f"{where}.type", "a part says its type")
        return
    wanted = ("toolCallId", "state") if kind.startswith("tool-") else _FIELDS.get(kind, ())
    for name in wanted:
        if type(part.get(name)) is not str:
            yield RequestFault("part-field", f"{where}.{name}", f"a part of type {kind} has {name} as a string")
