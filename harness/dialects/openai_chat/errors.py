"""Errors of OpenAI chat and of those who speak it: in a stream, in an HTTP response, and written in OpenAI's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.dialects.base import HttpError
from harness.dialects.classify import classify
from harness.dialects.decoding import as_count, as_dict, as_list, as_str, compact_json, read_json
from harness.dialects.retry_after import header_seconds, parse_retry_after
from harness.events import ErrorInfo, ErrorKind

_SHOWN = 2000  # characters of a body that is not JSON

_FORMS: Mapping[ErrorKind, tuple[int, str, str | None]] = {  # kind -> status, type, code
    "rate_limit": (429, "requests", "rate_limit_exceeded"),
    "overloaded": (503, "overloaded_error", "server_overloaded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "context_overflow": (400, "invalid_request_error", "context_length_exceeded"),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "invalid_request": (400, "invalid_request_error", None),
    "content_filter": (400, "invalid_request_error", "content_filter"),
    "server": (500, "server_error", None),
    "timeout": (504, "timeout_error", "timeout"),
    "connection": (502, "connection_error", "connection_error"),
    "protocol": (502, "protocol_error", "protocol_error"),
    "unknown": (500, "unknown_error", None),
}


def error_in_stream(payload: dict[str, Any], event: str | None) -> ErrorInfo | None:
    """The error that a payload of a stream holds, None where it is none.

    An error is an `error` field, one of Groq's `x_groq`, anything under the event name `error`, and an object that
    calls itself an error.
    """
    error = payload.get("error") or as_dict(payload.get("x_groq")).get("error")
    calls_itself = payload.get("object") == "error" or payload.get("type") == "error"
    coded = not payload.get("choices") and payload.get("code") and type(payload.get("message")) is str
    if not (error or event == "error" or calls_itself or coded):
        return None
    return _read(error or payload, None, None)


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    """What an HTTP error response says; `headers` have lower-case names. Never raises."""
    seconds = parse_retry_after(headers).seconds
    value = read_json(body)
    if type(value) is list and value:  # Google's endpoint wraps its errors so
        value = value[0]
    if type(value) is not dict:
        text = value if type(value) is str else body[:_SHOWN].decode("utf-8", "replace").strip()
        return classify(status, message=text, retry_after_s=seconds)
    error = value.get("error") or _filter_verdict(value) or (as_list(value.get("errors")) or [value])[0]
    if type(error) is str and error == value.get("error"):  # in words, with what else is known beside it
        error = value
    return _read(error, status, seconds)


def write_error(info: ErrorInfo) -> HttpError:
    """The error as OpenAI would answer it: its own status where it is one, else the usual one of its kind."""
    usual, _, _ = _FORMS[info.kind]
    status = info.status if info.status and 400 <= info.status <= 599 else usual
    headers = {"content-type": "application/json"}
    if info.retry_after_s is not None:
        headers["retry-after"] = header_seconds(info.retry_after_s)
    return HttpError(status, headers, compact_json(error_body(info)).encode())


def error_body(info: ErrorInfo) -> dict[str, Any]:
    """The JSON body of an error, which is also its frame in a stream."""
    _, type_, code = _FORMS[info.kind]
    return {"error": {"message": info.message, "type": type_, "param": None, "code": code or info.code}}


def _read(error: Any, status: int | None, seconds: float | None) -> ErrorInfo:
    """The error that `error` describes, an object or a text; a status of its own stands where there is none."""
    if type(error) is not dict:
        return classify(status, message=error if type(error) is str else "", retry_after_s=seconds)
    metadata = as_dict(error.get("metadata"))
    if seconds is None:  # a router gives the headers of whom it asked here
        headers = {str(name).lower(): str(value) for name, value in as_dict(metadata.get("headers")).items()}
        seconds = parse_retry_after(headers).seconds
    if status is None:
        status = next((number for name in ("status_code", "status") if (number := as_count(error.get(name)))), None)
    return classify(
        status if status and 400 <= status <= 599 else None,
        code=_word(error.get("code")) or _word(error.get("error_code")),
        type=_word(error.get("type")) or _word(metadata.get("error_type")) or _word(error.get("error_type")),
        message=_message(error, metadata),
        retry_after_s=seconds,
    )


def _word(value: Any) -> str:
    return value if type(value) is str else str(value) if type(value) is int else ""


def _message(error: dict[str, Any], metadata: dict[str, Any]) -> str:
    """The error's words, with those of the upstream error that a router wraps."""
    message = next((text for name in ("message", "msg", "detail", "error") if (text := _text(error.get(name)))), "")
    raw = as_str(metadata.get("raw"))
    inner = read_json(raw.encode("utf-8", "replace")) if raw else None
    if type(inner) is dict:
        raw = _text(as_dict(inner.get("error")).get("message")) or _text(inner.get("message")) or raw
    return f"{message}: {raw}" if message and raw else message or raw


def _text(value: Any) -> str:
    """A message, or the messages in a list of them, as validation errors come."""
    if type(value) is list:
        return "; ".join(text for item in value if (text := _text(item)))
    if type(value) is dict:
        return as_str(value.get("msg")) or as_str(value.get("message"))
    return as_str(value)


def _filter_verdict(body: dict[str, Any]) -> Any:
    """Azure answers 400 with a completion whose choice holds the content filter's error."""
    choice = as_dict(next(iter(as_list(body.get("choices"))), None))
    verdict = as_dict(choice.get("content_filter_results")).get("error")
    if verdict or choice.get("finish_reason") != "content_filter":
        return verdict
    return {"code": "content_filter", "message": "the content filter stopped the answer"}
