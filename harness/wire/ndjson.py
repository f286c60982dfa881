"""Newline-delimited JSON: one value on a line. Only LF ends a line; a CR before it is white space, and blank lines
are skipped."""

from __future__ import annotations

from harness.wire.blocks import Blocks
from harness.wire.frame import FRAME_LIMIT, Frame, cut_at_frames

_WHITE_SPACE = b" \t\r\n"


class Framer:
    """Bytes to lines that are not blank, without the white space around them."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._blocks = Blocks(b"\n")  # of whole lines
        self._offset = 0  # of the next line
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; after one that is too long, none."""
        frames: list[Frame] = []
        if self._dead:
            return frames
        if block := self._blocks.feed(data):
            self._block(block, frames)
        if len(self._blocks.rest) > self._limit:
            self._too_long(frames)
        return frames

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""
        return len(self._blocks.rest)

    def close(self) -> list[Frame]:
        """The last line, where it has no LF."""
        text = bytes(self._blocks.rest).strip(_WHITE_SPACE)
        self._blocks.rest.clear()
        self._dead = True
        return [Frame(text, self._offset, complete=False)] if text else []

    def _block(self, block: bytes, frames: list[Frame]) -> None:
        """Take whole lines, up to one that is too long."""
        lines = block.split(b"\n")
        lines.pop()
        for line in lines:
            if len(line) > self._limit:
                self._too_long(frames)
                return
            if text := line.strip(_WHITE_SPACE):
                frames.append(Frame(text, self._offset))
            self._offset += len(line) + 1

    def _too_long(self, frames: list[Frame]) -> None:
        self._dead = True
        self._blocks.rest.clear()
        frames.append(Frame(b"", self._offset, too_long=True))


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
