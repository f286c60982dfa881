"""Newline-delimited JSON: one value on a line. Only LF ends a line; a CR before it is white space, and blank lines
are skipped."""

from __future__ import annotations

from harness.wire.frame import FRAME_LIMIT, Frame, cut_at_frames

_WHITE_SPACE = b" \t\r\n"


class Framer:
    """Bytes to lines that are not blank, without the white space around them."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._pending = bytearray()  # never holds an LF
        self._offset = 0  # of the first pending byte
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; after one that is too long, none."""
        if self._dead:
            return []
        if b"\n" not in data:
            self._pending += data
            return self._too_long(self._offset) if len(self._pending) > self._limit else []
        lines = (bytes(self._pending) + data).split(b"\n")
        self._pending = bytearray(lines.pop())
        frames: list[Frame] = []
        for line in lines:
            if len(line) > self._limit:
                return frames + self._too_long(self._offset)
            if text := line.strip(_WHITE_SPACE):
                frames.append(Frame(text, self._offset))
            self._offset += len(line) + 1
        return frames + self._too_long(self._offset) if len(self._pending) > self._limit else frames

    def close(self) -> list[Frame]:
        """The last line, where it has no LF."""
        text = bytes(self._pending).strip(_WHITE_SPACE)
        self._pending.clear()
        self._dead = True
        return [Frame(text, self._offset, complete=False)] if text else []

    def _too_long(self, offset: int) -> list[Frame]:
        self._dead = True
        self._pending.clear()
        return [Frame(b"", offset, too_long=True)]


def frame(data: bytes) -> bytes:
    """One line as it goes over the wire; `data` is JSON, in which a line break can only be white space."""
    return data.replace(b"\n", b" ") + b"\n"


_TEXT_BREAKS = ((b"\xc2\x85", b"\\u0085"), (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def unbroken(line: bytes) -> bytes:
    """The line with U+0085, U+2028 and U+2029 as escapes: readers that split text into lines would cut it there."""
    for raw, escaped in _TEXT_BREAKS:
        line = line.replace(raw, escaped)
    return line


def split(body: bytes) -> list[bytes]:
    """The body cut where its frames begin; joined, the pieces are the body."""
    return cut_at_frames(Framer(), body)
