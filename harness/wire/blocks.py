"""The one place of a framing that sees where reads end: reads of any size become blocks that end where a unit may end.

Everything behind it sees only blocks, so that a stream is cut for it in few places, however it was cut on its way.
"""

from __future__ import annotations


class Blocks:
    """Holds back what comes after the last byte of `ends`; whatever was given and what is held are what was fed."""

    __slots__ = ("_end", "_other_ends", "rest")

    def __init__(self, ends: bytes) -> None:
        self._end, *others = ends
        self._other_ends = tuple(others)
        self.rest = bytearray()
        """What has come since the last block. It has no byte of `ends`."""

    def feed(self, data: bytes) -> bytes:
        """All that has come since the last block, up to the last byte of `ends`; empty where `data` has none."""
        end = data.rfind(self._end)
        for byte in self._other_ends:  # a loop, since this is done for every read
            if (other := data.rfind(byte)) > end:
                end = other
        end += 1
        if not end:
            self.rest += data
            return b""
        block = bytes(self.rest) + data[:end] if self.rest else data[:end]
        self.rest[:] = data[end:]
        return block
