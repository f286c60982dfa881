"""Anthropic's errors: `{"type": "error", "error": {"type", "message"}, "request_id"}`, in a response or a stream.

There are no codes: the type tells kinds apart, except that a context overflow is an `invalid_request_error` like any
other and shows in its words alone. `x-should-retry` is the server's own verdict and overrules ours, save that what
can never succeed is not retried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import HttpError
from harness.dialects.classify import classify
from harness.dialects.decoding import as_str, read_json
from harness.dialects.retry_after import header_seconds, parse_retry_after
from harness.events import ErrorInfo, ErrorKind

_SHOWN = 500  # characters of a body that is no JSON error

_STATUSES: Mapping[ErrorKind, int] = {
    "rate_limit": 429,
    "overloaded": 529,
    "quota": 402,
    "context_overflow": 400,
    "auth": 401,
    "not_found": 404,
    "invalid_request": 400,
    "content_filter": 400,
    "server": 500,
    "timeout": 504,
    "connection": 502,
    "protocol": 500,
    "unknown": 500,
}
_TYPES: Mapping[ErrorKind, str] = {
    "rate_limit": "rate_limit_error",
    "overloaded": "overloaded_error",
    "quota": "billing_error",
    "context_overflow": "invalid_request_error",
    "auth": "authentication_error",
    "not_found": "not_found_error",
    "invalid_request": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "server": "api_error",
    "timeout": "timeout_error",
    "connection": "api_error",
    "protocol": "api_error",
    "unknown": "api_error",
}
_TYPES_OF_STATUS: Mapping[int, str] = {403: "permission_error", 413: "request_too_large"}
_WORDS: Mapping[ErrorKind, str] = {
    "context_overflow": "prompt is too long: 200016 tokens > 200000 maximum",
    "content_filter": "Output blocked by content filtering policy",
}
"""What only the message can say."""
_HOPELESS: tuple[ErrorKind, ...] = ("quota", "context_overflow")
_REFUSED = (400, 401, 402, 403, 404, 413, 422)


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    """What an HTTP error response says; never raises."""
    payload = read_json(body)
    kind, code, message = "", "", ""
    match payload:
        case {"error": dict(error)}:
            kind, code, message = (as_str(error.get(name)) for name in ("type", "code", "message"))
        case {"error": str(message)} | {"message": str(message)}:
            pass
        case _:
            message = body[:_SHOWN].decode("utf-8", "replace").strip()
    info = classify(
        status=status,
        code=code or None,
        type=kind or None,
        message=message,
        retry_after_s=parse_retry_after(headers).seconds,
    )
    match headers.get("x-should-retry", "").strip().lower():
        case "false":
            return msgspec.structs.replace(info, retryable=False)
        case "true":
            return msgspec.structs.replace(info, retryable=info.kind not in _HOPELESS and status not in _REFUSED)
    return info


def write_error(info: ErrorInfo) -> HttpError:
    """The error as Anthropic's own HTTP response."""
    headers = {
        "content-type": "application/json",
        "request-id": "req_harness",
        "x-should-retry": "true" if info.retryable else "false",
    }
    if info.retry_after_s is not None:
        headers["retry-after"] = header_seconds(float(info.retry_after_s))
    body = {**error_body(info), "request_id": "req_harness"}
    return HttpError(info.status or _STATUSES[info.kind], headers, msgspec.json.encode(body))


def error_body(info: ErrorInfo) -> dict[str, Any]:
    """The error as JSON, as it stands in an HTTP response and in a stream's `error` event."""
    kind = info.code if info.code in _TYPES.values() else _TYPES_OF_STATUS.get(info.status or 0, _TYPES[info.kind])
    message = info.message.encode("utf-8", "replace").decode()
    words = _WORDS.get(info.kind)
    if words and classify(status=400, type=kind, message=message).kind != info.kind:
        message = f"{words}. {message}"
    return {"type": "error", "error": {"type": kind, "message": message}}
