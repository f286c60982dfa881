"""Golden transcripts: what a recorded exchange amounts to now, beside what it amounted to when it was reviewed.

The transcript of an exchange is what the reference stack reads in its bytes, with what it makes of the way the
connection ended. It depends on nothing but the recording: a Retry-After that names a date is read as of the moment
of the recording, and connections that broke are told in words of our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from harness.dialects import dialect as dialect_record
from harness.dialects.base import Dialect
from harness.dialects.retry_after import header_seconds, parse_retry_after
from harness.events import AnyEvent, End, ErrorInfo, Failure, Warning
from harness.recording.cassette import Exchange
from harness.recording.content_coding import UnpackedTooLarge, unpacked
from harness.recording.likeness import NOTHING, compare
from harness.recording.play import dialect_of, target_of
from harness.request import Request
from harness.stack.answer import AnswerReader
from harness.stack.body import CUT_OFF, BodyReader
from harness.transcript import Transcript, fold
from harness.wire.response import Ending, WireResponse

SHOWN = 60
"""Characters of a value that a difference shows, around the first place where it differs."""

_LOST: dict[Ending, ErrorInfo] = {
    "no_last_chunk": ErrorInfo("connection", "the connection was closed before the last chunk", retryable=True),
    "short_length": ErrorInfo("connection", "fewer bytes came than Content-Length promised", retryable=True),
    "reset": ErrorInfo("connection", "the connection was reset", retryable=True),
    "stall": ErrorInfo("timeout", "nothing more came", retryable=True),
    "timeout": ErrorInfo("timeout", "nothing more came", retryable=True),
}
_LONG_PAST = datetime(1970, 1, 1, tzinfo=UTC)
"""As of this moment a date is read that nothing says when it was sent: always to the same number of seconds."""
_NO_HEAD = ErrorInfo("connection", "the connection was closed before any answer", retryable=True)


@dataclass(frozen=True, slots=True)
class Undecoded:
    """Why an exchange has no transcript."""

    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which the decode of today is not the golden transcript; values as they are shown."""

    field: str
    golden: str
    now: str

    def __str__(self) -> str:
        return f"{self.field}: golden {self.golden}, now {self.now}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a recorded exchange asked, and in which dialect."""

    dialect: Dialect
    path: str
    """Below the recorded server, with its prefix and its query."""
    headers: Mapping[str, str]
    request: Request


def asked_in(exchange: Exchange) -> Asked | None:
    """What the exchange asked; None where its address is that of no dialect."""
    recorded = exchange.request
    path = target_of(exchange)
    name = dialect_of(recorded.method, path)
    if name is None:
        return None
    dialect, headers = dialect_record(name), {key.lower(): value for key, value in recorded.headers}
    return Asked(dialect, path, headers, dialect.read_request(path, headers, recorded.body))


def decoded(exchange: Exchange) -> Transcript | Undecoded:
    """What the exchange amounts to. Never raises for what the recording holds."""
    asked = asked_in(exchange)
    if asked is None:
        return Undecoded(f"{exchange.request.method} {target_of(exchange)} is the address of no known dialect")
    response = exchange.response
    codings = ",".join(value for name, value in response.headers if name.lower() == "content-encoding")
    try:
        body = unpacked(response.body, codings)
    except UnpackedTooLarge as error:
        return Undecoded(str(error))
    if body is None:
        return Undecoded(f"its body is packed as {codings!r}, which is not unpacked here")
    return fold(asked.dialect.name, _events(asked, response, _headers(exchange), body))


def _headers(exchange: Exchange) -> dict[str, str]:
    """The response's headers by their names in small letters, a date to wait for in seconds."""
    headers = {name.lower(): value for name, value in reversed(exchange.response.headers)}
    moment = _moment(headers.get("date"), exchange.recorded_at) or _LONG_PAST
    seconds = parse_retry_after({"retry-after": headers.get("retry-after", "")}, moment).seconds
    return headers if seconds is None else {**headers, "retry-after": header_seconds(seconds)}


def _moment(date: str | None, recorded_at: str | None) -> datetime | None:
    """When the answer was given, by its own clock or else by ours."""
    for text, read in ((date, parsedate_to_datetime), (recorded_at, datetime.fromisoformat)):
        try:
            moment = read(text) if text else None
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if moment is not None:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _events(asked: Asked, response: WireResponse, headers: Mapping[str, str], body: bytes) -> list[AnyEvent]:
    if not response.head:
        if response.ending == "cancelled":
            return [End("cancelled")]
        return [Failure(_LOST.get(response.ending, _NO_HEAD)), End("failed")]
    if not 200 <= response.status < 300:
        return _refused(asked.dialect, response.status, headers, body)
    reader = (BodyReader if asked.request.stream else AnswerReader)(asked.dialect, headers)
    events = reader.feed(body)
    lost = _LOST.get(response.ending)
    events += reader.close() if lost is None else reader.lost(lost)
    return _left(events) if response.ending == "cancelled" else events


def _refused(dialect: Dialect, status: int, headers: Mapping[str, str], body: bytes) -> list[AnyEvent]:
    if status < 400:
        told = ErrorInfo("protocol", f"the server redirects to {headers.get('location')!r}", status=status)
        return [Failure(told), End("failed")]
    problem = parse_retry_after(headers).problem
    warnings: list[AnyEvent] = [Warning("retry-after-unreadable", problem)] if problem else []
    return [*warnings, Failure(dialect.read_error(status, headers, body)), End("failed")]


def _left(events: list[AnyEvent]) -> list[AnyEvent]:
    """The events of an answer that its caller left: it is whole if all of it had come by then, and else cancelled."""
    if events[-1] != End("truncated"):
        return events
    return [*(event for event in events[:-1] if event != Failure(CUT_OFF)), End("cancelled")]


def golden_differences(golden: Mapping[str, Any], now: Transcript) -> Iterator[Difference]:
    """Every field in which the decode of today is another than the golden transcript."""
    for field, was, now_is in compare(dict(golden), now.to_dict(), ""):
        yield Difference(field or "transcript", *_shown(was, now_is))


def _shown(was: Any, now: Any) -> tuple[str, str]:
    """Both values, long texts around the first place where they differ."""
    if not (isinstance(was, str) and isinstance(now, str)):
        return _in_words(was), _in_words(now)
    at = next((place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other), None)
    if at is None:
        at = min(len(was), len(now))
    return _around(was, at), _around(now, at)


def _in_words(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    return _around(value, 0) if isinstance(value, str) else _cut(msgspec.json.encode(value).decode())


def _around(text: str, at: int) -> str:
    start = max(0, at - SHOWN // 3) if len(text) > SHOWN else 0
    return ("…" if start else "") + _cut(repr(text[start : start + 2 * SHOWN]))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
