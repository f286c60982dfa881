"""A body as its frames, to be put together again after some were dropped, repeated, swapped, bent or added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.fuzz.damage.frames import WireFrame
from harness.wire.response import Chunk, WireResponse

_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class Sheet:
    """The frames of a body as bytes, and what stands around them. Each frame is a chunk of what is built of them."""

    def __init__(self, body: bytes, frames: Sequence[WireFrame]) -> None:
        self.is_array = bool(frames) and body[: frames[0].data_start].strip(b"\xef\xbb\xbf \t\r\n") == b"["
        self._head = b"[" if self.is_array else body[: frames[0].start] if frames else body
        self._tail = b"]\n" if self.is_array else body[frames[-1].end :] if frames else b""
        self.frames = [frame.data if self.is_array else body[frame.start : frame.end] for frame in frames]

    def ended(self, number: int) -> bool:
        """Whether a frame has its delimiter, so that others can come behind it."""
        return self.is_array or self.frames[number].endswith((*_BLANK_LINES, b"}\n", b"}\r\n", b"} \n"))

    def built(self, response: WireResponse, frames: Sequence[bytes]) -> WireResponse:
        """The response with these frames as its body."""
        pieces = list(frames)
        if self.is_array:
            pieces = [piece if not number else b",\r\n" + piece for number, piece in enumerate(pieces)]
        pieces = [self._head, *pieces, self._tail]
        chunks = tuple(Chunk(piece) for piece in pieces if piece)
        return replace(response, chunks=chunks, ending="clean", missing_bytes=0, codings=())

    def cut_off(self, response: WireResponse, frames: Sequence[bytes]) -> WireResponse:
        """The response with these frames, and nothing of what stood behind the last."""
        built = self.built(response, frames)
        return replace(built, chunks=built.chunks[: len(built.chunks) - bool(self._tail)])
