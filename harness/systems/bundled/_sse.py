"""What adapters of plain SSE parsers share: the requests of three dialects, and what their callers make of an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness_kit import Case, End, Event, Failed, Finish, chat, messages, responses

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


class Caller:
    """What a caller makes of the events' data: an answer, which is whole once it has given its stop reason."""

    def __init__(self, case: Case) -> None:
        self._vendor = _VENDORS[case.dialect].Reader()
        self._done = False
        self._finished = False

    def read(self, data: str) -> Iterator[Event]:
        """The events of one event's data; nothing comes of what follows an end marker."""
        self._done = self._done or data == "[DONE]"
        if self._done or not data:
            return
        try:
            value = json.loads(data)
        except ValueError as error:
            raise Failed("protocol", f"the data of an event is no JSON: {error}") from None
        if isinstance(value, dict) and (error := value.get("error")):
            raise Failed("unknown", str(error.get("message") if isinstance(error, dict) else error))
        for event in self._vendor.read(value):
            self._finished = self._finished or isinstance(event, Finish)
            yield event

    def end(self) -> End:
        """What the caller knows when nothing more comes: without a stop reason the answer was cut off."""
        return End("completed" if self._finished else "truncated")
