"""Server-sent events: framing as the WHATWG HTML standard's event-stream interpretation has it, over bytes.

Lines end in LF, CR or CRLF and nothing else. An event is given as soon as its blank line is there; a CR that ends a
block may be the first half of a CRLF, so an LF that comes next belongs to it. One byte order mark at the very start is
dropped. UTF-8 is never decoded here, except in names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from harness.wire.blocks import Blocks
from harness.wire.frame import FRAME_LIMIT, Frame, cut_at_frames

_BOM = b"\xef\xbb\xbf"
_RETRY_DIGITS = 12  # thirty years in milliseconds
_NAME_LINE = 80  # bytes of a line whose event name is worth keeping
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Framer:
    """Bytes to SSE frames. Only events with at least one data line are frames; comments are skipped.

    `last_event_id` and `retry_ms` are what the stream's `id` and `retry` fields said last.
    """

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._limit = limit
        self._blocks = Blocks(b"\r\n")  # of whole lines
        self._offset = 0  # of the next line
        self._start: int | None = None  # where the event began; None between events
        self._event: str | None = None
        self._values: list[bytes] = []  # of the data lines so far
        self._held = 0  # bytes of those
        self._at_start = True
        self._after_cr = False
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; after one that is too long, none."""
        frames: list[Frame] = []
        if self._dead:
            return frames
        if block := self._blocks.feed(data):
            self._block(block, frames)
        if self._held + len(self._blocks.rest) > self._limit:
            self._look_at_rest(frames)
        return frames

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""
        return len(self._blocks.rest)

    def close(self) -> list[Frame]:
        """The event whose blank line never came, where it has data."""
        frames: list[Frame] = []
        if not self._dead:
            self._lines([self._without_leading(bytes(self._blocks.rest)), b""], 0, frames)
        self._blocks.rest.clear()
        self._dead = True
        for frame in frames:
            frame.complete = False
        return frames

    def _block(self, block: bytes, frames: list[Frame]) -> None:
        """Take lines, the last of which has its end, or the first half of it."""
        if self._at_start or self._after_cr:
            block = self._without_leading(block)
        if b"\r" in block:
            self._cut_mixed(block, frames)
        elif block:
            self._cut(block, b"\n", frames)

    def _look_at_rest(self, frames: list[Frame]) -> None:
        """The line that has not ended is longer than a frame may be, unless a byte order mark makes it so."""
        rest = self._blocks.rest
        rest[:] = self._without_leading(bytes(rest))
        if self._held + len(rest) > self._limit:
            self._too_long(frames)

    def _without_leading(self, data: bytes) -> bytes:
        """`data` without the byte order mark that begins a body, and without the second half of a CRLF."""
        if self._at_start:
            self._at_start = False
            if data.startswith(_BOM):
                data = data[len(_BOM) :]
                self._offset = len(_BOM)
        if self._after_cr:
            self._after_cr = False
            if data.startswith(b"\n"):
                data = data[1:]
                self._offset += 1
        return data

    def _cut(self, data: bytes, end: bytes, frames: list[Frame]) -> None:
        """Take the lines of `data`, which all end in `end`."""
        lines = data.split(end)
        lines.pop()
        if self._held + len(data) > self._limit:
            self._lines_within_limit(lines, len(end), frames)
        else:
            self._lines(lines, len(end), frames)

    def _cut_mixed(self, data: bytes, frames: list[Frame]) -> None:
        """The same for lines that end in CR, CRLF or LF. A CR ends its line at once; an LF may still follow."""
        if data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n"):
            self._cut(data, b"\r\n", frames)
            return
        start = 0
        for end in _LINE_END.finditer(data):
            self._lines_within_limit([data[start : end.start()]], end.end() - end.start(), frames)
            start = end.end()
        self._after_cr = data.endswith(b"\r")

    def _lines_within_limit(self, lines: list[bytes], gap: int, frames: list[Frame]) -> None:
        """Take lines one by one, up to one that makes its event too long."""
        for line in lines:
            if self._dead:
                return
            if self._held + len(line) > self._limit:
                self._too_long(frames)
                return
            self._lines([line], gap, frames)

    def _lines(self, lines: list[bytes], gap: int, frames: list[Frame]) -> None:
        """Take whole lines, each with `gap` bytes of line end after it."""
        offset, start, values = self._offset, self._start, self._values
        counted = len(values)  # of these, `_held` has the bytes
        for line in lines:
            if line:
                if start is None:
                    start = offset
                if line[:6] == b"data: ":
                    values.append(line[6:])
                elif line[:7] == b"event: " and len(line) <= _NAME_LINE:
                    self._event = _event_name(line)
                else:
                    self._field(line)
            else:
                if values:
                    data = values[0] if len(values) == 1 else b"\n".join(values)
                    frames.append(Frame(data, start or 0, self._event))
                    values.clear()
                    counted = self._held = 0
                start = self._event = None
            offset += len(line) + gap
        self._offset, self._start = offset, start
        if len(values) > counted:
            self._held += sum(len(value) + 1 for value in values[counted:])

    def _field(self, line: bytes) -> None:
        """Take a line that is not in one of the usual forms."""
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._values.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace") or None
        elif name == b"id" and b"\0" not in value:
            self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _RETRY_DIGITS:
            self.retry_ms = int(value)

    def _too_long(self, frames: list[Frame]) -> None:
        frames.append(Frame(b"", self._offset if self._start is None else self._start, too_long=True))
        self._dead = True
        self._held = 0
        self._blocks.rest.clear()
        self._values.clear()


@lru_cache(maxsize=256)
def _event_name(line: bytes) -> str | None:
    """The name that a line of the usual form gives: the same few come again and again."""
    return line[7:].decode("utf-8", "replace") or None


def frame(data: bytes, event: str | None = None) -> bytes:
    """One event as it goes over the wire; each line of `data` gets a data line of its own."""
    name = b"event: " + event.encode() + b"\n" if event else b""
    if b"\n" not in data and b"\r" not in data:
        return name + b"data: " + data + b"\n\n"
    return name + b"".join(b"data: " + line + b"\n" for line in _LINE_END.split(data)) + b"\n"


def comment(text: str) -> bytes:
    """A comment, which readers skip: servers send it to keep a connection open."""
    return b": " + text.encode() + b"\n\n"


def split(body: bytes) -> list[bytes]:
    """The body cut where its frames begin; joined, the pieces are the body."""
    return cut_at_frames(Framer(), body)
