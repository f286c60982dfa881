"""How much of a body in a content coding can be unpacked of its first so many bytes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
PLAIN = (None, "", "identity")
UNPACKABLE = frozenset(_WINDOWS)
"""The codings that can be looked into here."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The plain bytes, and for each number of coded bytes how many of them have come; of no coding, as many."""

    plain: bytes
    lengths: tuple[int, ...] | None = None

    def come(self, coded: int) -> int:
        """How many plain bytes the first so many coded ones amount to."""
        return coded if self.lengths is None else self.lengths[coded]


def unpacked(coding: str | None, body: bytes) -> Unpacked:
    """The body without its coding. Of a coding that is not known here, and of a broken body, nothing is known."""
    if coding in PLAIN:
        return Unpacked(body)
    pieces, lengths = list[bytes](), [0]
    try:
        unpacker = zlib.decompressobj(_WINDOWS.get(coding or "", zlib.MAX_WBITS))
        for byte in body:
            if unpacker.eof:  # another member
                unpacker = zlib.decompressobj(_WINDOWS[coding or ""])
            pieces.append(unpacker.decompress(bytes([byte])))
            lengths.append(lengths[-1] + len(pieces[-1]))
    except (zlib.error, KeyError):
        return Unpacked(b"", (0,) * (len(body) + 1))
    return Unpacked(b"".join(pieces), tuple(lengths))
