"""Errors: OpenAI's envelope, in HTTP answers and in the events of a stream."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dialects.openai_responses.errors import error_object, failure_of, read_error, write_error
from harness.events import ErrorInfo

from ..recorded import recordings
from .sdk import error_of


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"type": "error", "code": "server_error", "message": "x"}, ("server", "server_error", "x")),
        ({"type": "error", "message": "x"}, ("unknown", None, "x")),
        ({"error": {"type": "server_error", "message": "x"}}, ("server", "server_error", "x")),
        ({"error": "out of memory"}, ("unknown", None, "out of memory")),
        ({"error": None}, ("unknown", None, "the response failed without saying why")),
    ],
)
def test_failures_in_a_stream(payload: dict[str, Any], expected: tuple[str, str | None, str]) -> None:
    info = failure_of(payload)
    assert (info.kind, info.code, info.message) == expected


def test_the_object_of_an_event_has_all_its_fields() -> None:
    assert error_object(ErrorInfo("context_overflow", "Too long.")) == {
        "message": "Too long.",
        "type": "invalid_request_error",
        "param": None,
        "code": "context_length_exceeded",
    }


def test_the_sdk_reads_what_is_written() -> None:
    response = write_error(ErrorInfo("rate_limit", "Slow down.", retry_after_s=3))
    error = error_of(response.status, response.headers, response.body)
    assert (error.status_code, error.code, error.response.headers["retry-after"]) == (429, "rate_limit_exceeded", "3")
    assert read_error(response.status, response.headers, response.body).retry_after_s == 3


def test_recorded_errors_have_the_kind_that_their_status_or_words_say() -> None:
    expected = {400: {"invalid_request", "context_overflow", "not_found"}, 401: {"auth"}, 500: {"server"},
                503: {"overloaded", "connection"}}  # fmt: skip
    for recording in recordings("openai-responses", "error"):
        info = read_error(recording.status, recording.headers, recording.body)
        assert info.kind in expected[recording.status] and info.message, recording.id
