"""The one place of a framing that sees where reads end: reads of any size become blocks that end where a unit may end.

Everything behind it sees only blocks, so that a stream is cut for it in few places, however it was cut on its way.
"""

from __future__ import annotations


class Blocks:
    """Holds back what comes after the last byte of `ends`; whatever was given and what is held are what was fed."""

    __slots__ = ("_ends", "rest")

    def __init__(self, ends: bytes) -> None:
        self._ends = ends
        self.rest = bytearray()
        """What has come since the last block. It has no byte of `ends`."""

    def feed(self, data: bytes) -> bytes:
        """All that has come since the last block, up to the last byte of `ends`; empty where `data` has none."""
        end = 1 + max([data.rfind(byte) for byte in self._ends])
        if not end:
            self.rest += data
            return b""
        block = bytes(self.rest) + data[:end] if self.rest else data[:end]
        self.rest[:] = data[end:]
        return block
