"""Reads the body of a 2xx answer to a request for no stream: one JSON document, or what came in its place. Sans-I/O.

A server that streams nevertheless is read as it streams, with a warning. Whatever is neither is judged as the body of
a stream is.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.dialects.base import Dialect
from harness.dialects.decoding import read_json
from harness.events import AnyEvent, End, ErrorInfo, Failure, Warning
from harness.stack.body import BLANK, CUT_OFF, DOCUMENT_LIMIT, BodyReader, lost_after_end
from harness.stack.gate import CONTENT
from harness.stack.think_tags import ThinkTags

_UNASKED = Warning("stream-unasked", "a stream came, though a whole answer was asked for")


class AnswerReader:
    """`feed(data)` for each read, then `close()` at the body's end or `lost(error)` where the connection broke.

    The events come at the end, unless the server streams. The last is always End. An answer that ended early comes
    with a Failure that says so.
    """

    def __init__(self, dialect: Dialect, headers: Mapping[str, str], tags: ThinkTags | None = None) -> None:
        self._dialect = dialect
        self._tags = tags
        self._body = bytearray()  # as long as it may be a document
        self._stream = BodyReader(dialect, headers, tags, asked_for="answer")
        self._streams = False
        self._warned = False

    @property
    def ended(self) -> bool:
        """Whether a stream, where one came, has said that it is over."""
        return self._stream.ended

    @property
    def refused(self) -> bool:
        """Whether so much has come that no more of it is worth reading."""
        return self._stream.refused or len(self._body) >= DOCUMENT_LIMIT

    def feed(self, data: bytes) -> list[AnyEvent]:
        """Nothing as long as the body may be a document; else the events that `data` completes."""
        if self._streams:
            return self._marked(self._stream.feed(data))
        self._body += data
        return [] if bytes(self._body.lstrip(BLANK)[:1]) in (b"", b"{", b"[") else self._as_stream()

    def close(self) -> list[AnyEvent]:
        """The events of the document, or the last ones of a stream, when the body ended as HTTP says it should."""
        return self._document(None) or [*self._as_stream(), *self._marked(self._stream.close())]

    def lost(self, error: ErrorInfo) -> list[AnyEvent]:
        """The last events, when the connection broke or fell silent: a document that was cut says nothing."""
        return self._document(error) or [*self._as_stream(), *self._marked(self._stream.lost(error))]

    def _as_stream(self) -> list[AnyEvent]:
        """The events of the body so far, which is no document."""
        self._streams = True
        body = bytes(self._body)
        self._body.clear()
        return self._marked(self._stream.feed(body)) if body else []

    def _marked(self, events: list[AnyEvent]) -> list[AnyEvent]:
        """The events of a stream, after a warning once it is sure that it is one."""
        if self._warned or not any(isinstance(event, CONTENT) for event in events):
            return events
        self._warned = True
        return [_UNASKED, *events]

    def _document(self, error: ErrorInfo | None) -> list[AnyEvent]:
        """The events of the whole document that the body is; none where it is no answer."""
        body = bytes(self._body)
        if not body or read_json(body.strip(BLANK)) is None:
            return []
        *events, end = self._dialect.read_answer(body)
        if not any(isinstance(event, CONTENT) for event in events) and end != End("completed"):
            return []
        if self._tags:
            events = [*self._tags.feed(events), *self._tags.close()]
        if end == End("truncated"):
            events.append(Failure(error or CUT_OFF))
        elif error:
            events.append(lost_after_end(error))
        return [*events, end]
