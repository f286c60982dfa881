"""The errors of `openai-responses`: those of OpenAI's HTTP answers, and the same object in a stream's events."""

from __future__ import annotations

from typing import Any

from harness.dialects.openai_chat.errors import error_body, error_in_stream, read_error, write_error
from harness.events import ErrorInfo

__all__ = ["error_object", "failure_of", "read_error", "write_error"]

_UNSAID = "the response failed without saying why"


def failure_of(payload: dict[str, Any]) -> ErrorInfo:
    """The error that an `error` event holds, at its top or under `error`, or a failed response under `error`."""
    flat = {name: value for name, value in payload.items() if (name, value) != ("type", "error")}
    info = error_in_stream(flat, "error")
    if info is None or not (info.message or info.code):
        return ErrorInfo("unknown", _UNSAID)
    return info


def error_object(info: ErrorInfo) -> dict[str, Any]:
    """The error as it stands in an `error` event."""
    error: dict[str, Any] = error_body(info)["error"]
    return error
