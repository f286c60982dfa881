"""Gemini's errors: `{"error": {"code", "message", "status", "details"}}`, in an HTTP response or in a stream.

The retry time is in the body (google.rpc.RetryInfo), and only the quota ids of google.rpc.QuotaFailure tell a limit
per minute from one per day: message, status and code are the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import HttpError
from harness.dialects.classify import classify
from harness.dialects.decoding import as_count, as_dict, as_list, as_str, compact_json, read_json
from harness.dialects.retry_after import header_seconds, parse_duration, parse_retry_after
from harness.events import ErrorInfo, ErrorKind

_TYPE = "type.googleapis.com/google.rpc."
_SHOWN = 500  # characters of a body that is no JSON error
_ASKED_IN_WORDS = re.compile(r"retry in (\d{1,12}(?:\.\d{1,9})?)s")

_STATUS_OF_KIND: Mapping[ErrorKind, int] = {
    "rate_limit": 429,
    "quota": 429,
    "overloaded": 503,
    "context_overflow": 400,
    "auth": 400,
    "not_found": 404,
    "invalid_request": 400,
    "content_filter": 400,
    "server": 500,
    "timeout": 504,
    "connection": 503,
    "protocol": 500,
    "unknown": 500,
}
_NAME_OF_STATUS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_OVERFLOW = "The input token count exceeds the maximum number of tokens allowed"
_QUOTA_IDS: Mapping[ErrorKind, str] = {
    "rate_limit": "GenerateRequestsPerMinutePerProjectPerModel",
    "quota": "GenerateRequestsPerDayPerProjectPerModel",
}


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    """What an HTTP error response says; never raises."""
    error = _error_object(read_json(body))
    if error is None:
        error = {"message": body[:_SHOWN].decode("utf-8", "replace").strip()}
    asked = parse_retry_after(headers).seconds
    return _info(error, status, asked)


def error_in_stream(error: Any) -> ErrorInfo:
    """What the `error` of a payload says."""
    return _info(_error_object({"error": error}) or {}, None, None)


def _error_object(payload: Any) -> dict[str, Any] | None:
    """The error in a body, which may be wrapped in an array as the elements of a stream are; None where none is."""
    match payload:
        case [first, *_]:
            return _error_object(first)
        case {"error": dict(error)}:
            return error
        case {"error": str(message)}:
            return {"message": message}
    return None


def _info(error: dict[str, Any], status: int | None, asked_s: float | None) -> ErrorInfo:
    message = as_str(error.get("message"))
    name = as_str(error.get("status"))
    details = [as_dict(detail) for detail in as_list(error.get("details"))]
    delay_s = _retry_delay(details, message)
    # The quota ids and the delay take part in the judgement, since the message of a limit per minute and of one per
    # day is the same.
    words = " ".join([message, *_quota_ids(details), *([f"retry in {delay_s}s"] if delay_s is not None else [])])
    seconds = [asked for asked in (delay_s, asked_s) if asked is not None]
    info = classify(
        status=status if status is not None else as_count(error.get("code")),
        code=name or None,
        type=_reason(details) or None,
        message=words,
        retry_after_s=max(seconds, default=None),
    )
    return msgspec.structs.replace(info, message=message or name or "an error without a message")


def _reason(details: list[dict[str, Any]]) -> str:
    """The reason of google.rpc.ErrorInfo, for example API_KEY_INVALID."""
    return next((reason for detail in details if (reason := as_str(detail.get("reason")))), "")


def _quota_ids(details: list[dict[str, Any]]) -> list[str]:
    violations = (as_dict(one) for detail in details for one in as_list(detail.get("violations")))
    return [quota_id for violation in violations if (quota_id := as_str(violation.get("quotaId")))]


def _retry_delay(details: list[dict[str, Any]], message: str) -> float | None:
    """Seconds that RetryInfo or the words ask for; the longer, since RetryInfo drops the fraction of a second."""
    asked = [seconds for detail in details if (seconds := _duration(detail.get("retryDelay"))) is not None]
    words = _ASKED_IN_WORDS.search(message)
    return max([*asked, *([float(words[1])] if words else [])], default=None)


def _duration(value: Any) -> float | None:
    """The seconds of a protobuf duration, as JSON has it (`"45.8s"`) or as an object."""
    match value:
        case str(text):
            return parse_duration(text)
        case {"seconds": count, **rest} if (whole := _whole(count)) is not None:
            return whole + (_whole(rest.get("nanos")) or 0) / 1e9
    return None


def _whole(value: Any) -> int | None:
    return int(value) if type(value) is str and value.isdecimal() and len(value) < 13 else as_count(value)


def write_error(info: ErrorInfo) -> HttpError:
    """The error as Gemini's own HTTP response."""
    status = info.status or _STATUS_OF_KIND[info.kind]
    headers = {"content-type": "application/json; charset=UTF-8"}
    if info.retry_after_s is not None:
        headers["retry-after"] = header_seconds(float(info.retry_after_s))
    return HttpError(status, headers, compact_json(error_body(info)).encode("utf-8", "replace"))


def error_body(info: ErrorInfo) -> dict[str, Any]:
    """The error as JSON, as it stands in an HTTP response and in a stream."""
    status = info.status or _STATUS_OF_KIND[info.kind]
    name = info.code if info.code in _NAME_OF_STATUS.values() else _NAME_OF_STATUS.get(status, "UNKNOWN")
    message = info.message
    if info.kind == "context_overflow" and classify(message=message).kind != info.kind:
        message = f"{_OVERFLOW}: {message}"  # nothing but the words can say so
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if details := _details(info):
        error["details"] = details
    return {"error": error}


def _details(info: ErrorInfo) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = []
    if info.kind == "auth":
        details.append({"@type": f"{_TYPE}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})
    if quota_id := _QUOTA_IDS.get(info.kind):
        details.append({"@type": f"{_TYPE}QuotaFailure", "violations": [{"quotaId": quota_id}]})
    if info.retry_after_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{header_seconds(float(info.retry_after_s))}s"})
    return details
