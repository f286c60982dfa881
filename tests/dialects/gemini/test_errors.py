"""Gemini's errors, read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.gemini.errors import error_in_stream, read_error, write_error
from harness.events import ERROR_KINDS, ErrorInfo, ErrorKind

from ..recorded import recordings

CURRENT_QUOTA = "You exceeded your current quota, please check your plan and billing details."


def body(code: int, message: str, status: str, *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


def retry_info(delay: Any) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota_failure(quota_id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id}]}


def test_a_limit_per_minute_is_a_rate_limit_that_names_its_time() -> None:
    info = read_error(
        429,
        {},
        body(
            429,
            CURRENT_QUOTA,
            "RESOURCE_EXHAUSTED",
            quota_failure("GenerateContentInputTokensPerModelPerMinute-FreeTier"),
            retry_info("23s"),
        ),
    )
    assert info == ErrorInfo("rate_limit", CURRENT_QUOTA, 429, "RESOURCE_EXHAUSTED", True, 23.0)


def test_a_limit_per_day_is_a_quota_even_if_it_names_a_time() -> None:
    quota_id = quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")
    info = read_error(429, {}, body(429, CURRENT_QUOTA, "RESOURCE_EXHAUSTED", quota_id, retry_info("34s")))
    assert (info.kind, info.retryable, info.retry_after_s) == ("quota", False, 34.0)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("45.837906927s", 45.837906927),
        ("0s", 0.0),
        ({"seconds": "3", "nanos": 500_000_000}, 3.5),
        ({"seconds": 3}, 3.0),
        ("-3s", None),
        ("soon", None),
        ("3", None),
        (3, None),
        ({"seconds": -1}, None),
        (None, None),
    ],
)
def test_retry_info_is_a_protobuf_duration(delay: Any, seconds: float | None) -> None:
    assert read_error(503, {}, body(503, "busy", "UNAVAILABLE", retry_info(delay))).retry_after_s == seconds


def test_the_longest_time_of_header_body_and_words_counts() -> None:
    data = body(429, "Please retry in 7.361585788s.", "RESOURCE_EXHAUSTED", retry_info("7s"))
    assert read_error(429, {}, data).retry_after_s == 7.361585788
    assert read_error(429, {"retry-after": "9"}, data).retry_after_s == 9.0


@pytest.mark.parametrize(
    ("status", "data", "kind"),
    [
        (400, body(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"), "auth"),
        (400, body(400, "bad", "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), "auth"),
        (403, body(403, "Method doesn't allow unregistered callers", "PERMISSION_DENIED"), "auth"),
        (404, body(404, "models/x is not found for API version v1beta", "NOT_FOUND"), "not_found"),
        (
            400,
            body(
                400,
                "The input token count (1048600) exceeds the maximum number of tokens allowed (1048575).",
                "INVALID_ARGUMENT",
            ),
            "context_overflow",
        ),
        (400, body(400, "Please use a valid role: user, model.", "INVALID_ARGUMENT"), "invalid_request"),
        (429, body(429, "Resource exhausted. Please try again later.", "RESOURCE_EXHAUSTED"), "rate_limit"),
        (500, body(500, "An internal error has occurred.", "INTERNAL"), "server"),
        (503, body(503, "The model is overloaded.", "UNAVAILABLE"), "overloaded"),
        (504, body(504, "Deadline expired", "DEADLINE_EXCEEDED"), "timeout"),
        (503, b"[" + body(503, "The model is overloaded.", "UNAVAILABLE") + b"]", "overloaded"),
        (502, b"<html>Bad Gateway</html>", "server"),
        (429, b"", "rate_limit"),
        (400, b'{"error": "plain words"}', "invalid_request"),
    ],
)
def test_every_error_has_its_kind(status: int, data: bytes, kind: ErrorKind) -> None:
    info = read_error(status, {}, data)
    assert (info.kind, info.status) == (kind, status)
    assert info.message


@given(st.integers(100, 599), st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x"]), st.text()),
       st.binary() | st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) |
       st.dictionaries(st.sampled_from(["error", "details", "retryDelay", "seconds", "violations", "quotaId", "code"]),
       inner)).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_answer_is_read_without_raising(status: int, headers: dict[str, str], data: bytes) -> None:
    assert read_error(status, headers, data).status == status


def test_every_recorded_error_is_judged_and_keeps_its_message() -> None:
    for recording in recordings("gemini", "error"):
        info = read_error(recording.status, recording.headers, recording.body)
        assert info.kind != "unknown", recording.id
        assert info.message in json.loads(recording.body)["error"]["message"]
        assert info.retryable == (recording.status in (429, 500)), recording.id


@pytest.mark.parametrize("kind", [kind for kind in ERROR_KINDS if kind not in ("connection", "protocol", "unknown")])
def test_what_is_written_is_read_as_what_it_was(kind: ErrorKind) -> None:
    messages = {"context_overflow": "The input token count exceeds the maximum number of tokens allowed.",
                "content_filter": "The prompt was blocked by the content filter."}  # fmt: skip
    written = write_error(ErrorInfo(kind, messages.get(kind, "words"), retry_after_s=1.5))
    read = read_error(written.status, written.headers, written.body)
    assert (read.kind, read.retry_after_s) == (kind, 1.5)


def test_the_written_form_is_the_vendors() -> None:
    written = write_error(ErrorInfo("rate_limit", "slow down", 429, retry_after_s=30.0))
    assert (written.status, written.headers["retry-after"]) == (429, "30")
    assert json.loads(written.body) == {
        "error": {
            "code": 429,
            "message": "slow down",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                quota_failure("GenerateRequestsPerMinutePerProjectPerModel"),
                retry_info("30s"),
            ],
        }
    }


def test_a_status_that_is_given_stands() -> None:
    assert write_error(ErrorInfo("server", "x", 502)).status == 502
    assert json.loads(write_error(ErrorInfo("auth", "x", 403)).body)["error"]["status"] == "PERMISSION_DENIED"


def test_an_error_in_a_stream_has_the_status_that_its_code_says() -> None:
    info = error_in_stream({"code": 503, "message": "busy", "status": "UNAVAILABLE"})
    assert (info.kind, info.status, info.code) == ("overloaded", 503, "UNAVAILABLE")
