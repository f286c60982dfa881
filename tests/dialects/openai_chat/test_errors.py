"""Errors of chat completions, read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.openai_chat.errors import error_body, error_in_stream, read_error, write_error
from harness.events import ERROR_KINDS, ErrorInfo, ErrorKind

from .sdk import error_of


def read(status: int, body: Any, headers: dict[str, str] | None = None) -> ErrorInfo:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_error(status, headers or {}, data)


def test_the_vendors_own_form() -> None:
    error = {"message": "Slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    assert read(429, {"error": error}, {"retry-after": "2"}) == ErrorInfo(
        "rate_limit", "Slow down", 429, "rate_limit_exceeded", True, 2.0
    )


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, {"error": "prompt is too long"}, "context_overflow", "prompt is too long"),
        (401, {"detail": "Unauthorized"}, "auth", "Unauthorized"),
        (401, {"message": "No key", "request_id": "r"}, "auth", "No key"),
        (422, {"detail": [{"loc": ["body"], "msg": "Field required"}, {"msg": "Too short"}]}, "invalid_request",
         "Field required; Too short"),
        (429, [{"error": {"code": 429, "message": "Slow", "status": "RESOURCE_EXHAUSTED"}}], "rate_limit", "Slow"),
        (400, {"object": "error", "message": "m", "type": "BadRequestError", "code": 400}, "invalid_request", "m"),
        (500, {"errors": [{"message": "boom", "code": 1000}]}, "server", "boom"),
        (400, {"error_code": "BAD_REQUEST", "message": "m"}, "invalid_request", "m"),
        (503, b"upstream connect error", "overloaded", "upstream connect error"),
        (502, b"<html>Bad gateway</html>", "server", "<html>Bad gateway</html>"),
        (400, b"", "invalid_request", ""),
        (500, b"null", "server", "null"),
        (404, {"error": {"message": None, "code": "model_not_found"}}, "not_found", ""),
    ],
)  # fmt: skip
def test_other_forms(status: int, body: Any, kind: ErrorKind, message: str) -> None:
    error = read(status, body)
    assert (error.kind, error.message, error.status) == (kind, message, status)


def test_the_error_that_a_router_wraps_is_read_too() -> None:
    inner = json.dumps({"error": {"message": "Input length 9 exceeds the maximum allowed input length of 8 tokens."}})
    wrapped = {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": inner}}}
    error = read(400, wrapped)
    assert error.kind == "context_overflow"
    assert (
        error.message == "Provider returned error: Input length 9 exceeds the maximum allowed input length of 8 tokens."
    )
    assert (
        read(429, {"error": {"message": "Wrapped", "metadata": {"raw": "plain words"}}}).message
        == "Wrapped: plain words"
    )


def test_a_completion_that_was_filtered_is_an_error() -> None:
    verdict = {"error": {"code": "content_filter", "message": "blocked by label"}}
    body = {
        "choices": [{"message": {"content": ""}, "finish_reason": "content_filter", "content_filter_results": verdict}]
    }
    assert read(400, body).kind == "content_filter"
    assert read(400, body).message == "blocked by label"
    del body["choices"][0]["content_filter_results"]
    assert read(400, body).kind == "content_filter"


def test_an_error_in_a_stream_may_have_a_status_of_its_own() -> None:
    error = {"message": "Failed to call a function", "type": "invalid_request_error", "code": "tool_use_failed"}
    assert error_in_stream({"error": {**error, "status_code": 400}}, "error") == ErrorInfo(
        "invalid_request", "Failed to call a function", 400, "tool_use_failed", False
    )


@pytest.mark.parametrize("status", [0, 200, 7000, "404", None])
def test_a_number_that_is_no_error_status_is_none(status: Any) -> None:
    error = error_in_stream({"error": {"message": "m", "status": status}}, None)
    assert error is not None
    assert error.status is None


@pytest.mark.parametrize(
    ("payload", "event", "kind"),
    [
        ({"error": {"code": 502, "message": "Upstream error"}}, None, "server"),
        ({"error": "overloaded"}, None, "overloaded"),
        ({"x_groq": {"error": "over capacity"}}, None, "overloaded"),
        ({"object": "error", "message": "no"}, None, "unknown"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, None, "overloaded"),
        ({"code": "Throttling.AllocationQuota", "message": "Allocated quota exceeded"}, None, "rate_limit"),
        ({"message": "no"}, "error", "unknown"),
    ],
)
def test_what_is_an_error_in_a_stream(payload: dict[str, Any], event: str | None, kind: ErrorKind) -> None:
    error = error_in_stream(payload, event)
    assert error is not None
    assert error.kind == kind


@pytest.mark.parametrize("payload", [{}, {"error": None}, {"error": {}}, {"choices": [{}], "code": 1, "message": "m"}])
def test_what_is_none(payload: dict[str, Any]) -> None:
    assert error_in_stream(payload, None) is None


KINDS = [kind for kind in ERROR_KINDS if kind != "unknown"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_written_error_is_read_back_as_its_kind(kind: ErrorKind) -> None:
    written = write_error(ErrorInfo(kind, "what happened", retry_after_s=1.5))
    error = read_error(written.status, written.headers, written.body)
    assert (error.kind, error.message, error.retry_after_s) == (kind, "what happened", 1.5)
    in_stream = error_in_stream(error_body(ErrorInfo(kind, "what happened")), None)
    assert in_stream is not None
    assert in_stream.kind == kind


def test_the_code_beside_an_error_in_words_is_kept() -> None:
    assert read(400, {"code": "Client specified an invalid argument", "error": "No such parameter"}) == ErrorInfo(
        "invalid_request", "No such parameter", 400, "Client specified an invalid argument"
    )
    busy = read(429, {"error": "Model too busy", "error_type": "overloaded"})
    assert (busy.kind, busy.code) == ("overloaded", "overloaded")


def test_a_router_gives_the_upstream_headers_in_the_body() -> None:
    error = {"code": 429, "message": "Slow down", "metadata": {"headers": {"Retry-After": "12", "X-Count": 0}}}
    assert read(429, {"error": error}).retry_after_s == 12.0
    assert read(429, {"error": error}, {"retry-after": "3"}).retry_after_s == 3.0
    assert read(429, {"error": {**error, "metadata": {"headers": ["12"]}}}).retry_after_s is None


def test_the_status_of_an_error_is_kept_where_it_is_one() -> None:
    assert write_error(ErrorInfo("server", "m", 502)).status == 502
    assert write_error(ErrorInfo("server", "m", 200)).status == 500
    assert write_error(ErrorInfo("quota", "m")).status == 429


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("rate_limit", "RateLimitError"),
        ("auth", "AuthenticationError"),
        ("not_found", "NotFoundError"),
        ("context_overflow", "BadRequestError"),
        ("server", "InternalServerError"),
    ],
)
def test_the_vendors_sdk_reads_a_written_error(kind: ErrorKind, name: str) -> None:
    written = write_error(ErrorInfo(kind, "what happened"))
    raised = error_of(written.status, written.headers, written.body)
    assert type(raised).__name__ == name
    assert "what happened" in str(raised)


def test_half_characters_in_a_message_can_be_written() -> None:
    assert b"\\ud83d" in write_error(ErrorInfo("server", "\ud83d")).body


@given(st.integers(400, 599), st.binary(max_size=40) | st.sampled_from([b'{"error": [1]}', b"[[]]", b'{"error": 5}']))
def test_any_body_is_read_without_raising(status: int, body: bytes) -> None:
    assert read_error(status, {}, body).status == status


@given(st.dictionaries(st.sampled_from(["error", "message", "code", "choices", "metadata", "detail", "errors"]),
                       st.recursive(st.none() | st.integers() | st.text(max_size=5),
                                    lambda x: st.lists(x, max_size=2) | st.dictionaries(
                                        st.sampled_from(["message", "code", "metadata", "raw", "type"]), x, max_size=3),
                                    max_leaves=5)))  # fmt: skip
def test_an_object_of_any_shape_is_read_without_raising(body: dict[str, Any]) -> None:
    told = (read(400, body), error_in_stream(body, "error"))
    assert [error and (error.kind in ERROR_KINDS, type(error.message)) for error in told] == [(True, str)] * 2
