"""The SSE events of dialects whose `event:` line repeats the `type` of the payload."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from harness.wire import sse

_to_json = msgspec.json.Encoder().encode


def named_event(payload: dict[str, Any]) -> bytes:
    """One whole frame; `payload` has a `type`. Half a surrogate pair goes out as its escape, as vendors send it."""
    try:
        data = _to_json(payload)
    except (UnicodeEncodeError, OverflowError):
        data = json.dumps(payload, separators=(",", ":")).encode()
    return sse.frame(data, payload["type"])
