"""Ollama's errors, read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.ollama.errors import error_in_record, read_error, write_error
from harness.events import ERROR_KINDS, ErrorInfo, ErrorKind

from ..recorded import recordings


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b'{"error":"model \'x\' not found"}', "not_found"),
        (400, b'{"error":"invalid think value: 3"}', "invalid_request"),
        (401, b'{"error":"unauthorized"}', "auth"),
        (503, b'{"error":"server busy, please try again. maximum pending requests exceeded"}', "overloaded"),
        (500, b'{"error":"llama runner process has terminated: exit status 2"}', "server"),
        (429, b'{"error":"too many requests"}', "rate_limit"),
        (400, b'{"error":"the input length exceeds the context length"}', "context_overflow"),
        (400, b'{"error":{"message":"words","type":"invalid_request_error"}}', "invalid_request"),
        (502, b"<html>Bad Gateway</html>", "server"),
        (500, b"", "server"),
    ],
)
def test_every_error_has_its_kind(status: int, body: bytes, kind: ErrorKind) -> None:
    info = read_error(status, {}, body)
    assert (info.kind, info.status) == (kind, status)
    assert info.message


def test_the_message_is_the_vendors_own() -> None:
    assert read_error(404, {}, b'{"error":"model not found"}').message == "model not found"


def test_the_header_says_when_to_come_back() -> None:
    assert read_error(503, {"retry-after": "2"}, b'{"error":"busy"}').retry_after_s == 2.0


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["retry-after", "x"]), st.text()),
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "code", "type"]), inner),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_is_read_without_raising(status: int, headers: dict[str, str], body: bytes) -> None:
    assert read_error(status, headers, body).status == status


def test_every_recorded_error_is_judged() -> None:
    kinds = {error.status: read_error(error.status, {}, error.body) for error in recordings("ollama-chat", "error")}
    assert {status: info.kind for status, info in kinds.items()} == {404: "not_found", 500: "server"}


MESSAGES: dict[ErrorKind, str] = {
    "rate_limit": "too many requests",
    "quota": "you've reached your monthly usage limit",
    "context_overflow": "the prompt is too long; context length exceeded",
    "content_filter": "blocked by the content filter",
}


@pytest.mark.parametrize("kind", [kind for kind in ERROR_KINDS if kind not in ("connection", "protocol", "unknown")])
def test_what_is_written_is_read_as_what_it_was(kind: ErrorKind) -> None:
    written = write_error(ErrorInfo(kind, MESSAGES.get(kind, "words"), retry_after_s=1.5))
    read = read_error(written.status, written.headers, written.body)
    assert (read.kind, read.retry_after_s) == (kind, 1.5)


def test_the_written_form_is_the_vendors() -> None:
    written = write_error(ErrorInfo("not_found", "model 'x' not found", 404))
    assert (written.status, json.loads(written.body)) == (404, {"error": "model 'x' not found"})
    assert json.loads(write_error(ErrorInfo("rate_limit", "")).body) == {"error": "rate limit"}


@pytest.mark.parametrize(
    ("record", "status", "message"),
    [
        ({"error": "boom"}, None, "boom"),
        ({"error": "boom", "status_code": 503}, 503, "boom"),
        ({"error": {"message": "boom"}}, None, "boom"),
        ({"error": 3}, None, "3"),
    ],
)
def test_an_error_in_a_stream(record: dict[str, Any], status: int | None, message: str) -> None:
    info = error_in_record(record)
    assert (info.status, info.message) == (status, message)
