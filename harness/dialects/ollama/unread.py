"""What of a request to /api/chat is read; everything else is named."""

from __future__ import annotations

from collections.abc import Mapping

from harness.dialects.base import Loss
from harness.dialects.decoding import read_json
from harness.dialects.unread import READ, Each, Grammar, unread_of

_CALL: Grammar = {"id": READ, "type": READ, "function": {"name": READ, "arguments": READ, "index": READ}}
_MESSAGE: Grammar = {
    **dict.fromkeys(("role", "content", "thinking", "images", "tool_name", "tool_call_id", "name"), READ),
    "tool_calls": Each(_CALL),
}
_OPTIONS: Grammar = dict.fromkeys(
    ("num_predict", "temperature", "top_p", "stop", "top_k", "seed", "presence_penalty", "frequency_penalty"), READ
)
_BODY: Grammar = {
    **dict.fromkeys(("model", "stream", "format", "think"), READ),
    "messages": Each(_MESSAGE),
    "tools": Each({"type": READ, "function": {"name": READ, "description": READ, "parameters": READ}}),
    "options": _OPTIONS,
}


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of the request the canonical request has no word for."""
    return unread_of(read_json(body), _BODY)
