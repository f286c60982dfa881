"""Server-sent events: framing as the WHATWG HTML standard's event-stream interpretation has it, over bytes.

Lines end in LF, CR or CRLF and nothing else. An event is given as soon as its blank line is there; a CR that ends a
read may be the first half of a CRLF, so an LF that comes next belongs to it. One byte order mark at the very start is
dropped. UTF-8 is never decoded here, except in names.
"""

from __future__ import annotations

import re

from harness.wire.frame import FRAME_LIMIT, Frame, cut_at_frames

_BOM = b"\xef\xbb\xbf"
_RETRY_DIGITS = 12  # thirty years in milliseconds
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Atomic groups: a CRLF must not be taken for a CR and an LF, which would be a blank line.
_BLANK_LINE = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")


class Framer:
    """Bytes to SSE frames. Only events with at least one data line are frames; comments are skipped.

    `last_event_id` and `retry_ms` are what the stream's `id` and `retry` fields said last.
    """

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._limit = limit
        self._pending = bytearray()  # never holds a blank line
        self._offset = 0  # of the first pending byte
        self._at_start = True
        self._after_cr = False
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; after one that is too long, none."""
        if self._at_start or self._after_cr:
            data = self._without_leading(data)
        if not data or self._dead:
            return []
        pending = self._pending
        if pending:
            # Searching only the new bytes, and the line end before them, keeps tiny reads of a huge line linear.
            if not _BLANK_LINE.search(bytes(pending[-2:]) + data):
                pending += data
                return self._too_long(self._offset) if self._is_too_long(pending) else []
            data = bytes(pending) + data
            pending.clear()
        return self._cut(data)

    def close(self) -> list[Frame]:
        """The event whose blank line never came, where it has data."""
        frame = None if self._dead else self._read(bytes(self._pending), None, self._offset)
        self._pending.clear()
        self._dead = True
        if frame is None:
            return []
        frame.complete = False
        return [frame]

    def _without_leading(self, data: bytes) -> bytes:
        """`data` without the byte order mark that begins a body, and without the second half of a CRLF."""
        if self._at_start:
            data = bytes(self._pending) + data
            self._pending.clear()
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._pending += data
                return b""
            self._at_start = False
            if data.startswith(_BOM):
                data = data[len(_BOM) :]
                self._offset = len(_BOM)
        if self._after_cr and data:
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
                self._offset += 1
        return data

    def _cut(self, data: bytes) -> list[Frame]:
        """The frames in `data`; what follows its last blank line is kept."""
        frames: list[Frame] = []
        end = _only_line_end(data)
        if end is None:
            return self._cut_mixed(data)
        blocks = data.split(end + end)
        rest = blocks.pop()
        offset, limit, gap = self._offset, self._limit, 2 * len(end)
        for block in blocks:
            size = len(block)
            if size > limit:
                return frames + self._too_long(offset)
            if block[:6] == b"data: " and end not in block:
                frames.append(Frame(block[6:], offset))
            elif block and (frame := self._read(block, end, offset)):
                frames.append(frame)
            offset += size + gap
        return self._keep(rest, offset, frames)

    def _cut_mixed(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        start, base = 0, self._offset
        for blank in _BLANK_LINE.finditer(data):
            if blank.start() - start > self._limit:
                return frames + self._too_long(base + start)
            if frame := self._read(data[start : blank.start()], None, base + start):
                frames.append(frame)
            start = blank.end()
        self._after_cr = start == len(data) and data.endswith(b"\r")
        return self._keep(data[start:], base + start, frames)

    def _keep(self, rest: bytes, offset: int, frames: list[Frame]) -> list[Frame]:
        self._offset = offset
        self._pending += rest
        return frames + self._too_long(offset) if self._is_too_long(self._pending) else frames

    def _is_too_long(self, block: bytearray) -> bool:
        """Whether the block is over the limit, whatever of its closing line end has come."""
        return len(block) > self._limit and len(block.rstrip(b"\r\n")) > self._limit

    def _too_long(self, offset: int) -> list[Frame]:
        self._dead = True
        self._pending.clear()
        return [Frame(b"", offset, too_long=True)]

    def _read(self, block: bytes, end: bytes | None, offset: int) -> Frame | None:
        """The event in `block`, whose lines end in `end` (None: in any way); None where it holds no data."""
        event: str | None = None
        payload: list[bytes] = []
        lines = block.lstrip(b"\r\n")  # a blank line more than needed, before the event
        offset += len(block) - len(lines)
        for line in lines.split(end) if end else _LINE_END.split(lines):
            name, _, value = line.partition(b":")
            if value[:1] == b" ":
                value = value[1:]
            if name == b"data":
                payload.append(value)
            elif name == b"event":
                event = value.decode("utf-8", "replace") or None
            elif name == b"id" and b"\0" not in value:
                self.last_event_id = value.decode("utf-8", "replace")
            elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
                self.retry_ms = int(value)
        return Frame(b"\n".join(payload), offset, event) if payload else None


def _only_line_end(data: bytes) -> bytes | None:
    """The one kind of line end in `data`, None where kinds are mixed."""
    if b"\r" not in data:
        return b"\n"
    pairs = data.count(b"\r\n")
    return b"\r\n" if pairs == data.count(b"\r") == data.count(b"\n") else None


def frame(data: bytes, event: str | None = None) -> bytes:
    """One event as it goes over the wire; each line of `data` gets a data line of its own."""
    name = b"event: " + event.encode() + b"\n" if event else b""
    return name + b"".join(b"data: " + line + b"\n" for line in _LINE_END.split(data)) + b"\n"


def comment(text: str) -> bytes:
    """A comment, which readers skip: servers send it to keep a connection open."""
    return b": " + text.encode() + b"\n\n"


def split(body: bytes) -> list[bytes]:
    """The body cut where its frames begin; joined, the pieces are the body."""
    return cut_at_frames(Framer(), body)
