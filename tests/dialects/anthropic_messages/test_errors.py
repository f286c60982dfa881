"""Errors: the vendor's envelope read and written, and read as the vendor's SDK reads it."""

from __future__ import annotations

import json

import pytest

from harness.dialects.anthropic_messages.errors import read_error, write_error
from harness.events import ERROR_KINDS, ErrorInfo, ErrorKind

from ..recorded import recordings
from .sdk import error_of


def body(kind: str, message: str) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "kind", "message", "expected"),
    [
        (529, "overloaded_error", "Overloaded", "overloaded"),
        (429, "rate_limit_error", "This would exceed your rate limit of 450,000 input tokens per minute", "rate_limit"),
        (400, "invalid_request_error", "prompt is too long: 200016 tokens > 200000 maximum", "context_overflow"),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API", "quota"),
        (400, "invalid_request_error", "messages: text content blocks must be non-empty", "invalid_request"),
        (401, "authentication_error", "invalid x-api-key", "auth"),
        (403, "permission_error", "Your API key does not have permission", "auth"),
        (404, "not_found_error", "model: x", "not_found"),
        (500, "api_error", "Internal server error", "server"),
        (504, "timeout_error", "Timed out", "timeout"),
    ],
)  # fmt: skip
def test_kinds(status: int, kind: str, message: str, expected: str) -> None:
    info = read_error(status, {}, body(kind, message))
    assert (info.kind, info.status, info.code, info.message) == (expected, status, kind, message)


@pytest.mark.parametrize(
    ("status", "asked", "retryable"),
    [(429, None, True), (429, "false", False), (529, "false", False), (500, "true", True), (400, "true", False)],
)
def test_the_server_says_whether_to_try_again(status: int, asked: str | None, retryable: bool) -> None:
    headers = {} if asked is None else {"x-should-retry": asked}
    assert read_error(status, headers, body("x", "y")).retryable is retryable


def test_retry_after() -> None:
    assert read_error(429, {"retry-after": "7"}, b"{}").retry_after_s == 7
    assert read_error(429, {"retry-after": "soon"}, b"{}").retry_after_s is None


@pytest.mark.parametrize(
    "text", [b"", b"<html>", b"[]", b'{"error": []}', b'{"error": "x"}', b'{"message": "x"}', b"\xff"]
)
def test_other_bodies_are_judged_by_their_status(text: bytes) -> None:
    assert read_error(503, {}, text).kind == "overloaded"


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_what_is_written_is_read_back(kind: ErrorKind) -> None:
    response = write_error(ErrorInfo(kind, "The request failed.", retry_after_s=3))
    info = read_error(response.status, response.headers, response.body)
    expected = {"connection": "server", "protocol": "server", "unknown": "server"}.get(kind, kind)
    assert (info.kind, info.retry_after_s) == (expected, 3)
    assert "The request failed." in info.message


def test_a_status_that_is_given_stands() -> None:
    response = write_error(ErrorInfo("auth", "No.", status=403))
    assert (response.status, json.loads(response.body)["error"]["type"]) == (403, "permission_error")


def test_the_sdk_reads_what_is_written() -> None:
    response = write_error(ErrorInfo("overloaded", "Overloaded", retryable=True))
    error = error_of(response.status, response.headers, response.body)
    assert (error.status_code, error.body["error"]) == (529, {"type": "overloaded_error", "message": "Overloaded"})
    assert response.headers["x-should-retry"] == "true"


def test_recorded_errors_have_the_kind_that_their_status_or_words_say() -> None:
    expected = {400: {"invalid_request", "context_overflow"}, 401: {"auth"}, 404: {"not_found"}, 429: {"rate_limit"},
                422: {"invalid_request", "not_found"}, 503: {"overloaded", "rate_limit"}}  # fmt: skip
    seen = []
    for recording in recordings("anthropic-messages", "error"):
        info = read_error(recording.status, recording.headers, recording.body)
        assert info.kind in expected[recording.status] and info.message, recording.id
        assert not (info.retryable and recording.headers.get("x-should-retry") == "false"), recording.id
        seen.append(info.kind)
    assert seen.count("context_overflow") == 3
