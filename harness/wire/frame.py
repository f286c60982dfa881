"""What every framing gives: frames, cut out of a body incrementally."""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import msgspec

FRAME_LIMIT = 16 * 1024 * 1024
"""Bytes that one frame may have. Past it the framer gives one frame with `too_long` and then nothing more."""


class Frame(msgspec.Struct, gc=False):
    """One unit of a dialect's framing: an SSE event, an NDJSON line, an element of a JSON array.

    `data` is the payload (of SSE: the data lines, joined by LF), `event` the SSE event name (None: not given), `offset`
    the place of the frame's first byte in the body. `complete` is False for a last frame whose end never came.
    """

    data: bytes
    offset: int
    event: str | None = None
    complete: bool = True
    too_long: bool = False


class Framer(Protocol):
    """Incremental, and indifferent to where the bytes are cut. Never raises."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""

    @property
    def waiting(self) -> int:
        """Bytes that wait for more; a read that comes then is taken as if they came with it."""

    def close(self) -> list[Frame]:
        """What is left when the body ends: at most one frame, with `complete` False."""


def cut_at_frames(framer: Framer, body: bytes) -> list[bytes]:
    """`body` cut where its frames begin, by a fresh `framer`; joined, the pieces are the body.

    What comes before the first frame belongs to its piece, and what lies between two frames (comments, separators)
    to the piece before it. A body without a frame is one piece; an empty one is none.
    """
    offsets = [frame.offset for frame in framer.feed(body) + framer.close()]
    edges = [0, *offsets[1:], len(body)]
    return [body[start:end] for start, end in pairwise(edges)] if body else []
