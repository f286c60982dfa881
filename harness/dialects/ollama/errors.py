"""Ollama's errors: `{"error": "words"}`, in an HTTP response or as a line of a stream; the status says the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.dialects.base import HttpError
from harness.dialects.classify import classify
from harness.dialects.decoding import as_count, as_dict, as_str, compact_json, read_json
from harness.dialects.retry_after import header_seconds, parse_retry_after
from harness.events import ErrorInfo, ErrorKind

_SHOWN = 500  # characters of a body that is no JSON error
_STATUS_OF_KIND: Mapping[ErrorKind, int] = {
    "rate_limit": 429,
    "quota": 429,
    "overloaded": 503,
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


_WORDS: Mapping[ErrorKind, str] = {
    "rate_limit": "too many requests",
    "quota": "you have reached your weekly usage limit",
    "overloaded": "server overloaded",
    "context_overflow": "the input length exceeds the context length",
    "server": "internal server error",
}
"""What only the message can say, in a stream above all."""


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    """What an HTTP error response says; never raises."""
    asked = parse_retry_after(headers).seconds
    payload = as_dict(read_json(body))
    if not payload.get("error"):
        payload = {"error": body[:_SHOWN].decode("utf-8", "replace").strip() or f"HTTP status {status}"}
    return _info(payload, status, asked)


def error_in_record(record: Mapping[str, Any]) -> ErrorInfo:
    """What a record of a stream that has an `error` says."""
    return _info(record, as_count(record.get("status_code")), None)


def _info(record: Mapping[str, Any], status: int | None, asked_s: float | None) -> ErrorInfo:
    """A string is the vendor's own form; gateways in front of it put an object there."""
    error = record["error"]
    fields = as_dict(error)
    code = fields.get("code")
    return classify(
        status=status,
        code=code if type(code) in (str, int) else None,
        type=as_str(fields.get("type")) or None,
        message=as_str(error) or as_str(fields.get("message")) or compact_json(error),
        retry_after_s=asked_s,
    )


def write_error(info: ErrorInfo) -> HttpError:
    """The error as Ollama's own HTTP response."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if info.retry_after_s is not None:
        headers["retry-after"] = header_seconds(float(info.retry_after_s))
    body = compact_json(error_body(info)).encode("utf-8", "replace")
    return HttpError(info.status or _STATUS_OF_KIND[info.kind], headers, body)


def error_body(info: ErrorInfo) -> dict[str, Any]:
    """The error as JSON, as it stands in an HTTP response and in a stream."""
    message = info.message or info.kind.replace("_", " ")
    words = _WORDS.get(info.kind)
    return {"error": f"{words}: {message}" if words and classify(message=message).kind != info.kind else message}
