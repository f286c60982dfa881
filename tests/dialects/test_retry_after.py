"""How long a server asks to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.retry_after import header_seconds, http_date, parse_duration, parse_retry_after

NOW = datetime(2026, 10, 21, 7, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("277403", 277403.0),
        ("9999999999", 9999999999.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1680.0),
        ("Wednesday, 21-Oct-26 07:28:00 GMT", 1680.0),
        ("Wed Oct 21 07:28:00 2026", 1680.0),
        ("Wed, 21 Oct 2026 06:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_read(value: str, seconds: float) -> None:
    answer = parse_retry_after({"retry-after": value}, NOW)
    assert (answer.seconds, answer.problem) == (seconds, None)


@pytest.mark.parametrize(
    "value",
    ["-3", "1000abc", "soon", "nan", "inf", "1e5", "+5", "２", "Mon 1", "Wed, 99 Oct 2026 07:28:00 GMT", "1" * 400],
)
def test_what_cannot_be_read_is_no_wait_and_is_named(value: str) -> None:
    answer = parse_retry_after({"retry-after": value}, NOW)
    assert answer.seconds is None
    assert answer.problem is not None
    assert value[:20] in answer.problem


def test_nothing_asked_is_no_problem() -> None:
    assert parse_retry_after({"retry-after": " "}).problem is None
    assert parse_retry_after({}).seconds is None


def test_milliseconds_stand_above_seconds() -> None:
    assert parse_retry_after({"retry-after-ms": "120", "retry-after": "3"}).seconds == 0.12


def test_no_milliseconds_at_all_leave_the_seconds_beside_them() -> None:
    assert parse_retry_after({"retry-after-ms": "0", "retry-after": "1"}).seconds == 1.0
    assert parse_retry_after({"retry-after-ms": "0"}).seconds == 0.0


def test_unreadable_milliseconds_leave_the_seconds_and_are_named() -> None:
    answer = parse_retry_after({"retry-after-ms": "-1", "retry-after": "3"})
    assert answer.seconds == 3.0
    assert answer.problem == "retry-after-ms is '-1', which is no time to wait"


def test_a_date_is_relative_to_the_clock_where_no_moment_is_given() -> None:
    past = parse_retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"})
    assert past.seconds == 0.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("45.837906927s", 45.837906927), ("3s", 3.0), ("-3s", None), ("3", None), ("3m", None)]
)
def test_protobuf_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_a_written_date_is_read_back() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=2))) + timedelta(seconds=30)
    assert http_date(there) == "Wed, 21 Oct 2026 07:00:30 GMT"
    assert parse_retry_after({"retry-after": http_date(there)}, NOW).seconds == 30.0


@given(st.integers(min_value=0, max_value=10**9))
def test_written_seconds_are_read_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_retry_after({"retry-after": header_seconds(seconds)}).seconds == seconds


def test_whole_seconds_are_written_without_a_fraction() -> None:
    assert [header_seconds(seconds) for seconds in (0.0, 30.0, 0.5, 0.00001)] == ["0", "30", "0.5", "0"]


@given(st.text(max_size=40))
def test_any_header_is_read_without_raising(value: str) -> None:
    answer = parse_retry_after({"retry-after": value, "retry-after-ms": value}, NOW)
    assert answer.seconds is None or answer.seconds >= 0
