"""Errors for chat front ends: `error` chunks hold words alone, so what else is known goes before them as data.

`useChat` shows the whole body of an HTTP error to its user; ours is JSON that a front end may take apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from harness.dialects.base import HttpError
from harness.dialects.classify import classify
from harness.dialects.decoding import as_dict, as_str, compact_json, read_json
from harness.dialects.retry_after import header_seconds, parse_retry_after
from harness.events import ErrorInfo, ErrorKind

_SHOWN = 2000  # characters of a body that is not JSON
_KINDS: Mapping[str, ErrorKind] = {kind: kind for kind in get_args(ErrorKind)}
_STATUSES: Mapping[ErrorKind, int] = {
    "rate_limit": 429,
    "overloaded": 503,
    "quota": 402,
    "context_overflow": 400,
    "auth": 401,
    "not_found": 404,
    "invalid_request": 400,
    "content_filter": 400,
    "server": 500,
    "timeout": 504,
    "connection": 502,
    "protocol": 502,
    "unknown": 500,
}


class _Known(msgspec.Struct):
    """What is known of an error besides its words, as a `data-error` chunk has it."""

    kind: ErrorKind
    status: int | None = None
    code: str | None = None
    retryable: bool = False
    retry_after_s: float | None = None


def error_chunks(info: ErrorInfo) -> list[dict[str, Any]]:
    """The chunks of an error in a stream; the last is the error."""
    known = {name: value for name, value in msgspec.to_builtins(info).items() if name != "message"}
    return [
        {"type": "data-error", "data": known, "transient": True},
        {"type": "error", "errorText": info.message},
    ]


def kept_error(data: dict[str, Any], text: str) -> ErrorInfo | None:
    """The error with those words of which a `data-error` chunk told; None where it told nothing that can be read."""
    try:
        known = msgspec.convert(data, _Known)
    except (msgspec.ValidationError, OverflowError):
        return None
    return ErrorInfo(known.kind, text, known.status, known.code, known.retryable, known.retry_after_s)


def read_error_text(text: str) -> ErrorInfo:
    """What an error of words alone says; the words may be a vendor's JSON."""
    return _read(None, text, None)


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    """What an HTTP error response says; `headers` have lower-case names. Never raises."""
    text = body.decode("utf-8", "replace").strip()
    return _read(status, text, parse_retry_after(headers).seconds)


def _read(status: int | None, text: str, seconds: float | None) -> ErrorInfo:
    body = as_dict(read_json(text.encode("utf-8", "replace")) if text.startswith("{") else None)
    error = as_dict(body.get("error")) or {"message": body.get("error") or body.get("message")}
    kind = _KINDS.get(as_str(error.get("type")))
    info = classify(
        status,
        code=as_str(error.get("code")) or None,
        type=as_str(error.get("type")) or None,
        message=as_str(error.get("message")) or text[:_SHOWN],
        retry_after_s=seconds,
    )
    return msgspec.structs.replace(info, kind=kind, code=as_str(error.get("code")) or None) if kind else info


def write_error(info: ErrorInfo) -> HttpError:
    """An error before the stream: its own status where it is one, else the usual one of its kind."""
    status = info.status if info.status and 400 <= info.status <= 599 else _STATUSES[info.kind]
    headers = {"content-type": "application/json"}
    if info.retry_after_s is not None:
        headers["retry-after"] = header_seconds(info.retry_after_s)
    body = {"error": {"message": info.message, "type": info.kind, "code": info.code}}
    return HttpError(status, headers, compact_json(body).encode())
