"""Gemini's two framings, told apart by the first byte that is not blank, and the odd frames met in practice.

A body that begins with `[` (or with a bare object, as an error may) is JSON values; any other is SSE. In an SSE body
a payload that is an array stands for its elements, and a block of bare JSON without `data:` (an error that ends a
broken stream) is a frame.
"""

from __future__ import annotations

from harness.wire import json_array, sse
from harness.wire.frame import FRAME_LIMIT, Frame
from harness.wire.frame import Framer as AnyFramer

_BLANK = b" \t\r\n"


class Framer:
    """Bytes to frames, whichever framing the body has."""

    def __init__(self, limit: int = FRAME_LIMIT) -> None:
        self._limit = limit
        self._leading = b""  # blank bytes before the first that says which framing it is
        self._inner: AnyFramer | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""
        if self._inner is None:
            data = self._leading + data
            if not (first := data.lstrip(_BLANK)[:1]) and len(data) <= self._limit:
                self._leading = data
                return []
            self._leading = b""
            self._inner = json_array.Framer(self._limit) if first in (b"[", b"{") else _SseFramer(self._limit)
        return _flat(self._inner.feed(data))

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""
        return len(self._leading) if self._inner is None else self._inner.waiting

    def close(self) -> list[Frame]:
        """What is left when the body ends."""
        return _flat(self._inner.close()) if self._inner else []


class _SseFramer(sse.Framer):
    """SSE, in which lines of bare JSON count as data, from one that opens an object or an array to the blank line."""

    _in_bare_json = False

    def _field(self, line: bytes) -> None:
        self._in_bare_json = line.lstrip(_BLANK)[:1] in (b"{", b"[") or (self._in_bare_json and bool(self._values))
        if self._in_bare_json:
            self._values.append(line)
        else:
            super()._field(line)


def _flat(frames: list[Frame]) -> list[Frame]:
    """The frames, with each that holds an array replaced by its elements."""
    if not any(frame.data[:1] == b"[" for frame in frames):
        return frames
    return [
        element for frame in frames for element in (elements(frame) if frame.data[:1] == b"[" else [frame])
    ]  # each by itself, or what comes in one read would be framed otherwise than what comes in two


def elements(frame: Frame) -> list[Frame]:
    """The JSON values that one frame holds: the elements of an array, or values glued together."""
    if frame.data[:1] not in (b"[", b"{"):
        return [frame]
    framer = json_array.Framer()
    values = framer.feed(frame.data) + framer.close()
    for value in values:
        value.offset += frame.offset
        value.complete = value.complete and frame.complete
    return values


def split(body: bytes) -> list[bytes]:
    """The body cut where its frames begin; joined, the pieces are the body."""
    return json_array.split(body) if body.lstrip(_BLANK)[:1] in (b"[", b"{") else sse.split(body)
