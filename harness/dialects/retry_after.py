"""How long a server asks to be left alone, read from the headers of its answer.

`retry-after-ms` (milliseconds) stands above `Retry-After` (RFC 9110: seconds or an HTTP date; fractions of a second
are met in practice). What cannot be read, or is negative, counts as absent and is named: a number never reaches the
date parser, where some would be years.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{0,18})?")
_DATE = re.compile(r"[A-Za-z]{3,9},? .*\d")
_DURATION = re.compile(r"([0-9]{1,40}(?:\.[0-9]{0,18})?)s")


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Seconds to wait, None where nothing usable was said; `problem` says in words what could not be used."""

    seconds: float | None = None
    problem: str | None = None


def parse_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> RetryAfter:
    """What the lower-case `headers` ask for; a date is read relative to `now` (default: the clock), and one that is
    past means 0. Never raises."""
    problem = None
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        seconds = _number(value, scale)
        if seconds is None and scale == 1.0:
            seconds = _until(value, now)
        if seconds == 0 and scale != 1.0 and headers.get("retry-after", "").strip():
            continue  # one vendor rounds its milliseconds down to none beside a whole second
        if seconds is not None:
            return RetryAfter(seconds, problem)
        problem = problem or f"{name} is {value[:60]!r}, which is no time to wait"
    return RetryAfter(None, problem)


def parse_duration(text: str) -> float | None:
    """The seconds in a protobuf duration, as Gemini's RetryInfo has it (`45.8s`); None where it is none."""
    match = _DURATION.fullmatch(text.strip())
    return float(match[1]) if match else None


def http_date(moment: datetime) -> str:
    """`moment` as an HTTP date."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def header_seconds(seconds: float) -> str:
    """`seconds` as a Retry-After header has them: to the millisecond, and whole ones without a fraction."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _number(value: str, scale: float) -> float | None:
    if not _NUMBER.fullmatch(value):
        return None
    seconds = float(value) / scale
    return seconds if math.isfinite(seconds) else None


def _until(value: str, now: datetime | None) -> float | None:
    if not _DATE.match(value):
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # the two obsolete forms are in GMT as well
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
