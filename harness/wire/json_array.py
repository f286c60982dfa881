"""The elements of one top-level JSON array, streamed: how Gemini answers when it is not asked for SSE.

An element that is an object or an array is given at its closing bracket, any other at the comma or bracket after it.
Where the body is no array, its top-level values are the elements. Nothing is parsed here; only strings, brackets and
top-level commas are told apart, so that white space and line breaks never matter.
"""

from __future__ import annotations

import re

from harness.wire.blocks import Blocks
from harness.wire.frame import FRAME_LIMIT, Frame, cut_at_frames

_SPACE = b" \t\r\n"
_OPENING = b"[{"
_ENDS = b"]},\n"
"""What an element may end in, and what a server sends to keep a connection open; in strings they end nothing."""
# Each matches up to the next byte that matters, possibly nothing, and never goes back over what it has matched.
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_IN_ELEMENT = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_BETWEEN_ELEMENTS = re.compile(rb'[^"\[\]{},]*+')


class Framer:
    """Bytes to the raw elements of the array, without the white space around them."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._blocks = Blocks(_ENDS)
        self._pending = bytearray()  # the element so far
        self._pending_at = 0
        self._offset = 0  # of the next block
        self._depth = 0  # of brackets within the element
        self._array: bool | None = None  # whether the top-level array is open; None: it may still begin
        self._in_string = False
        self._dead = False

    def feed(self, data: bytes) -> list[Frame]:
        """The elements that `data` completes; after one that is too long, none."""
        frames: list[Frame] = []
        if self._dead:
            return frames
        if block := self._blocks.feed(data):
            self._block(block, frames)
        if len(self._pending) + len(self._blocks.rest) > self._limit:
            self._look_into_rest(frames)
        return frames

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""
        return len(self._blocks.rest)

    def close(self) -> list[Frame]:
        """The element that did not end."""
        frames: list[Frame] = []
        if not self._dead:
            self._block(bytes(self._blocks.rest), frames)
            self._give(b"", 0, 0, frames)
        self._blocks.rest.clear()
        for frame in frames:
            frame.complete = False
        self._dead = True
        return frames

    def _block(self, data: bytes, frames: list[Frame]) -> None:
        """Take bytes that do not end in a backslash, save at the body's end."""
        start = at = 0  # where this block's part of the element begins, and where to look on
        while not self._dead and (at := self._skip(data, at)) < len(data):
            mark = data[at : at + 1]
            at += 1
            if mark == b'"':
                self._in_string = not self._in_string
            elif self._depth:
                self._depth += 1 if mark in _OPENING else -1
                if not self._depth:
                    start = self._give(data, start, at, frames)
            elif mark == b"[" and self._array is None and not self._pending and not data[start : at - 1].strip(_SPACE):
                self._array, start = True, at
            elif mark == b"," or (mark == b"]" and self._array):
                self._array = self._array is True and mark == b","
                self._give(data, start, at - 1, frames)
                start = at
            else:
                self._depth += mark in _OPENING
        self._keep(data, start, len(data))
        self._offset += len(data)

    def _look_into_rest(self, frames: list[Frame]) -> None:
        """More has come than an element may have: take it, in case it is blank, but for half an escape."""
        rest = self._blocks.rest
        whole = len(rest.rstrip(b"\\"))
        self._block(bytes(rest[:whole]), frames)
        del rest[:whole]
        if len(self._pending) + len(rest) > self._limit:
            self._give(bytes(rest), 0, len(rest), frames)

    def _skip(self, data: bytes, at: int) -> int:
        """The place of the next quote, bracket or top-level comma at or after `at`; the length of `data` if none."""
        if not self._in_string:
            return _end(_IN_ELEMENT if self._depth else _BETWEEN_ELEMENTS, data, at)
        at = _end(_IN_STRING, data, at)
        return len(data) if data[at : at + 1] == b"\\" else at  # the body ends in half an escape

    def _keep(self, data: bytes, start: int, end: int) -> None:
        if self._dead:
            return
        piece = data[start:end]
        if not self._pending:
            piece = piece.lstrip(_SPACE)
            self._pending_at = self._offset + end - len(piece)
        self._pending += piece

    def _give(self, data: bytes, start: int, end: int, frames: list[Frame]) -> int:
        """Give the element that ends at `end`, where there is one; the place where the next may begin."""
        self._keep(data, start, end)
        if len(self._pending) > self._limit:
            self._too_long(frames)
        elif element := bytes(self._pending).rstrip(_SPACE):
            frames.append(Frame(element, self._pending_at))
        self._pending.clear()
        return end

    def _too_long(self, frames: list[Frame]) -> None:
        self._dead = True
        frames.append(Frame(b"", self._pending_at, too_long=True))
        self._pending.clear()
        self._blocks.rest.clear()


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    match = pattern.match(data, at)
    return match.end() if match else at


def frame(data: bytes, position: int) -> bytes:
    """The element at `position` of the array as it goes over the wire, with what separates it from the one before."""
    return (b",\r\n" if position else b"[") + data


CLOSING = b"\n]\n"
"""What follows the last element."""


def split(body: bytes) -> list[bytes]:
    """The body cut where its frames begin; joined, the pieces are the body."""
    return cut_at_frames(Framer(), body)
