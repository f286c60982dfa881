"""Reads the body of a 2xx answer: a stream in the dialect, or something that is none and says why. Sans-I/O.

What is no stream is told by the first byte of the body rather than by the content type, which many servers get wrong:
a JSON document where the dialect has SSE, or a page of HTML. An error object in it becomes that error; anything else is
a failure of the kind `protocol` that shows the body's beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from harness.dialects.base import Dialect
from harness.dialects.decoding import read_json
from harness.events import AnyEvent, End, ErrorInfo, Failure, Status, Warning
from harness.stack.think_tags import ThinkTags

DOCUMENT_LIMIT: Final = 1024 * 1024
"""Bytes of a body that is no stream; what follows is not read."""

_SHOWN = 200  # bytes of a body that is no stream, in the message about it
_BLANK = b"\xef\xbb\xbf \t\r\n"
_STREAM_TYPES = ("event-stream", "ndjson", "jsonl", "json-seq", "stream+json")


class BodyReader:
    """`feed(data)` for each read, then `close()` at the body's end or `lost(error)` where the connection broke.

    The last event is always End. A truncated stream comes with a Failure that says how it ended.
    """

    def __init__(self, dialect: Dialect, headers: Mapping[str, str], tags: ThinkTags | None = None) -> None:
        self._dialect = dialect
        self._headers = headers
        self._tags = tags
        self._decoder = dialect.decoder()
        self._state: Literal["blank", "stream", "document"] = "blank"
        self._beginning = b""  # of a stream; all of a document
        self._told_anything = False

    @property
    def ended(self) -> bool:
        """Whether the stream has said that it is over: nothing that follows can count."""
        return bool(getattr(self._decoder, "ended", False)) or self.refused

    @property
    def refused(self) -> bool:
        """Whether so much has come of a body that is no stream that no more of it is worth reading."""
        return self._state == "document" and len(self._beginning) >= DOCUMENT_LIMIT

    def feed(self, data: bytes) -> list[AnyEvent]:
        """The events that `data` completes."""
        if self._state == "stream":
            return self._decoded(data)
        self._beginning += data
        if self._state == "document":
            return []
        first = self._beginning.lstrip(_BLANK)[:1]
        if not first:
            return []
        if self._begins_document(first):
            self._state = "document"
            return []
        return self._as_stream()

    def close(self) -> list[AnyEvent]:
        """The last events, when the body ended as HTTP says it should."""
        if self._state == "document":
            return self._judged_document()
        return self._closed(None)

    def lost(self, error: ErrorInfo) -> list[AnyEvent]:
        """The last events, when the connection broke or fell silent."""
        if self._state == "document":
            error_object = self._error_in(read_json(self._beginning))
            return _failed(error_object, "failed") if error_object else _failed(error, "truncated")
        return self._closed(error)

    def _begins_document(self, first: bytes) -> bool:
        """No SSE line begins with a brace, and no line of any dialect with an angle bracket."""
        return first == b"<" or (first == b"{" and "event-stream" in self._dialect.content_type)

    def _as_stream(self) -> list[AnyEvent]:
        self._state = "stream"
        body, self._beginning = self._beginning, self._beginning.lstrip(_BLANK)[:_SHOWN]
        return self._decoded(body)

    def _decoded(self, data: bytes) -> list[AnyEvent]:
        events = self._decoder.feed(data)
        if not self._told_anything:
            self._told_anything = any(type(event) is not Warning for event in events)
        return self._tags.feed(events) if self._tags else events

    def _closed(self, error: ErrorInfo | None) -> list[AnyEvent]:
        """What the decoder makes of an end here, and the failure that explains it where the stream was cut."""
        *events, end = self._decoder.close()
        if self._tags:
            events = [*self._tags.feed(events), *self._tags.close()]
        status = end.status if isinstance(end, End) else "truncated"
        if status == "completed" and error:
            events.append(Warning("connection-lost-after-end", f"the stream was whole, but: {error.message}"))
        elif status == "truncated" and not error and self._is_no_stream():
            return [*events, *_failed(self._not_a_stream(), "failed")]
        elif status == "truncated":
            return [*events, *_failed(error or _CUT_OFF, "truncated")]
        return [*events, End(status)]

    def _is_no_stream(self) -> bool:
        """Whether nothing could be made of a body that does not even claim to be a stream."""
        content_type = self._headers.get("content-type", "")
        return bool(self._beginning and content_type) and not (
            self._told_anything or any(kind in content_type for kind in _STREAM_TYPES)
        )

    def _judged_document(self) -> list[AnyEvent]:
        document = read_json(self._beginning)
        if error := self._error_in(document):
            return _failed(error, "failed")
        if document is None and not self.refused and self._beginning.lstrip(_BLANK)[:1] != b"<":
            return [*self._as_stream(), *self._closed(None)]
        return _failed(self._not_a_stream(), "failed")

    def _error_in(self, document: Any) -> ErrorInfo | None:
        if not _is_error(document):
            return None
        status = _status_in(document)
        error = self._dialect.read_error(status or 200, self._headers, self._beginning)
        return msgspec.structs.replace(error, status=status)

    def _not_a_stream(self) -> ErrorInfo:
        content_type = self._headers.get("content-type") or "no content type"
        shown = self._beginning.lstrip(_BLANK)[:_SHOWN].decode("utf-8", "replace")
        return ErrorInfo(
            "protocol", f"the answer is no {self._dialect.name} stream ({content_type}); it begins with {shown!r}"
        )


_CUT_OFF = ErrorInfo("connection", "the response ended before the model had finished", retryable=True)


def _failed(error: ErrorInfo, status: Status) -> list[AnyEvent]:
    return [Failure(error), End(status)]


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
