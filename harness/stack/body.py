"""Reads the body of a 2xx answer: a stream in the dialect, or something that is none and says why. Sans-I/O.

Every body is given to the decoder, whatever its content type, which many servers get wrong. One of which the decoder
makes nothing is looked at once more: an error object becomes that error; a JSON document, a page of HTML or whatever
does not claim to be a stream is a failure of the kind `protocol` that shows the body's beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from harness.dialects.base import Dialect
from harness.dialects.decoding import read_json
from harness.dialects.retry_after import parse_retry_after
from harness.events import AnyEvent, End, ErrorInfo, Failure, Warning
from harness.stack.think_tags import ThinkTags
from harness.wire.frame import FRAME_LIMIT

DOCUMENT_LIMIT: Final = FRAME_LIMIT
"""Bytes that may come without one event; no more of such a body is read."""

BLANK: Final = b"\xef\xbb\xbf \t\r\n"
"""What may stand before a JSON document."""

CUT_OFF: Final = ErrorInfo("connection", "the response ended before the model had finished", retryable=True)
"""Why an answer that is not whole is none, where nothing else explains it."""

_SHOWN = 200  # bytes of a body that is no stream, in the message about it
_NO_STREAM = Warning("stream-missing", "one JSON document came, though a stream was asked for")
_STREAM_TYPES = ("event-stream", "ndjson", "jsonl", "json-seq", "stream+json")


class BodyReader:
    """`feed(data)` for each read, then `close()` at the body's end or `lost(error)` where the connection broke.

    The last event is always End. A truncated stream comes with a Failure that says how it ended. `asked_for` only names
    what was asked for, in what is said of the body.
    """

    def __init__(
        self,
        dialect: Dialect,
        headers: Mapping[str, str],
        tags: ThinkTags | None = None,
        asked_for: Literal["stream", "answer"] = "stream",
    ) -> None:
        self._dialect = dialect
        self._headers = headers
        self._tags = tags
        self._asked_for = asked_for
        self._decoder = dialect.decoder()
        self._unread = bytearray()  # the body, until the decoder first made an event of it
        self._is_stream = False
        self._first = b""  # the first byte of the body

    @property
    def ended(self) -> bool:
        """Whether the stream has said that it is over: nothing that follows can count."""
        return bool(getattr(self._decoder, "ended", False))

    @property
    def refused(self) -> bool:
        """Whether so much has come of a body that is no stream that no more of it is worth reading."""
        return len(self._unread) >= DOCUMENT_LIMIT

    def feed(self, data: bytes) -> list[AnyEvent]:
        """The events that `data` completes."""
        events = self._decoder.feed(data)
        self._first = self._first or data[:1]
        if not self._is_stream:
            self._unread += data
            self._is_stream = any(type(event) is not Warning for event in events)
            if self._is_stream:
                self._unread.clear()
                events = [self._informed(event) if type(event) is Failure else event for event in events]
        return self._tags.feed(events) if self._tags else events

    def _informed(self, failure: Failure) -> Failure:
        """An error that is all there is of the body, with the time to wait that its header names."""
        error = failure.error
        if error.retry_after_s is not None or (seconds := parse_retry_after(self._headers).seconds) is None:
            return failure
        return Failure(msgspec.structs.replace(error, retry_after_s=seconds))

    def close(self) -> list[AnyEvent]:
        """The last events, when the body ended as HTTP says it should."""
        return self._closed(None)

    def lost(self, error: ErrorInfo) -> list[AnyEvent]:
        """The last events, when the connection broke or fell silent."""
        return self._closed(error)

    def _closed(self, error: ErrorInfo | None) -> list[AnyEvent]:
        """What the decoder makes of an end here, and the failure that explains it where the stream was cut."""
        *events, end = self._decoder.close()
        status = end.status if isinstance(end, End) else "truncated"
        if not self._is_stream and status != "completed" and (found := self._found_instead(whole=error is None)):
            return [Failure(found), End("failed")]
        if self._tags:
            events = [*self._tags.feed(events), *self._tags.close()]
        if status == "completed" and self._asked_for == "stream" and self._is_document():
            events.append(_NO_STREAM)
        if status == "completed" and error:
            events.append(lost_after_end(error))
        if status == "truncated":
            events.append(Failure(error or CUT_OFF))
        return [*events, End(status)]

    def _is_document(self) -> bool:
        """Whether the body is JSON where the dialect streams in another framing."""
        return self._first == b"{" and self._dialect.facts.get("framing") == "sse"

    def _found_instead(self, *, whole: bool) -> ErrorInfo | None:
        """What a body amounts to of which no stream could be made: an error object, or something else altogether."""
        body = bytes(self._unread).lstrip(BLANK)
        if not body:
            return None
        document = read_json(body) if body[:1] in (b"{", b"[") else None
        if _is_error(document):
            return self._error_in(document)
        content_type = self._headers.get("content-type", "")
        claims_otherwise = content_type and not any(kind in content_type for kind in _STREAM_TYPES)
        if whole and (document is not None or body[:1] == b"<" or claims_otherwise):
            return self._not_a_stream()
        return None

    def _error_in(self, document: Any) -> ErrorInfo:
        status = _status_in(document)
        error = self._dialect.read_error(status or 200, self._headers, bytes(self._unread))
        return msgspec.structs.replace(error, status=status)

    def _not_a_stream(self) -> ErrorInfo:
        content_type = self._headers.get("content-type") or "no content type"
        shown = self._unread.lstrip(BLANK)[:_SHOWN].decode("utf-8", "replace")
        what = f"the answer is no {self._dialect.name} {self._asked_for} ({content_type}); it begins with {shown!r}"
        return ErrorInfo("protocol", what)


def lost_after_end(error: ErrorInfo) -> Warning:
    """What is to be said of a connection that broke when nothing was missing any more."""
    return Warning("connection-lost-after-end", f"the answer was whole, but: {error.message}")


def _is_error(document: Any) -> bool:
    """Whether a JSON document is some vendor's or server's error object."""
    match document:
        case [first, *_]:
            return _is_error(first) and not isinstance(first, list)
        case {"error": error} if error:
            return True
        case {"type": "error"} | {"object": "error"}:
            return True
        case {"code": _, "message": _}:
            return True
    return False


def _status_in(document: Any) -> int | None:
    """The HTTP status that an error object names as its code."""
    match document:
        case [first, *_]:
            return _status_in(first)
        case {"error": {"code": int(code)}} | {"error": {"status": int(code)}} | {"code": int(code)}:
            return code if 400 <= code <= 599 else None
    return None
