"""Writes content codings (RFC 9110, section 8.4.1) so that a reader can unpack each piece as soon as it has come.

gzip and deflate are compressed and flushed after each piece. Brotli (RFC 7932) and Zstandard (RFC 8878) are written in
blocks that store their bytes as they are, which every decoder reads, and which need no compressor.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

Coding: TypeAlias = Literal["gzip", "deflate", "br", "zstd"]
CODINGS: tuple[Coding, ...] = get_args(Coding)
CodingForm: TypeAlias = Literal["flushed", "members", "raw"]
"""`flushed` after each piece; `members`: each piece is a gzip member of its own; `raw`: deflate without zlib's wrapper,
as some servers have it."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_BLOCK = 65_536
"""Bytes that a stored block holds: the most that Brotli's shortest length field can say."""
_ZSTD_HEAD = bytes.fromhex("28b52ffd 00 38")  # no checksum, no content size, a window of 128 KiB
_ZSTD_END = b"\x01\x00\x00"  # the last block, and nothing in it
_BROTLI_END = b"\x03"  # the last meta-block, and nothing in it


def encoded(pieces: Sequence[bytes], coding: Coding, form: CodingForm = "flushed") -> list[bytes]:
    """As many pieces, in the coding; the last one also ends it. No piece may be empty."""
    if coding in _STORED:
        return _STORED[coding](pieces)
    if form == "members":
        return [b"".join(_deflated([piece], _GZIP)) for piece in pieces]
    return _deflated(pieces, {"gzip": _GZIP, "deflate": _RAW if form == "raw" else _ZLIB}[coding])


def _deflated(pieces: Sequence[bytes], window: int) -> list[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    packed = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in pieces]
    return [*packed[:-1], packed[-1] + packer.flush()] if packed else [packer.flush()]


def _brotli(pieces: Sequence[bytes]) -> list[bytes]:
    written = [b"".join(_brotli_block(block) for block in _blocks(piece)) for piece in pieces]
    # The first bit of the stream says how large the window is, and moves the first block's head by one bit.
    if written and written[0]:
        written[0] = _moved(written[0][:3]) + written[0][3:]
        return [*written[:-1], written[-1] + _BROTLI_END]
    return [*written[:-1], b"\x06"]


def _brotli_block(block: bytes) -> bytes:
    """Bits, lowest first: not the last (1), sixteen bits of length (2), the length less one (16), stored (1)."""
    return ((len(block) - 1) << 3 | 1 << 19).to_bytes(3, "little") + block


def _moved(head: bytes) -> bytes:
    return (int.from_bytes(head, "little") << 1).to_bytes(3, "little")


def _zstd(pieces: Sequence[bytes]) -> list[bytes]:
    written = [b"".join(_zstd_block(block) for block in _blocks(piece)) for piece in pieces] or [b""]
    written[0] = _ZSTD_HEAD + written[0]
    return [*written[:-1], written[-1] + _ZSTD_END]


def _zstd_block(block: bytes) -> bytes:
    return (len(block) << 3).to_bytes(3, "little") + block


def _blocks(piece: bytes) -> Iterator[bytes]:
    return (piece[start : start + _BLOCK] for start in range(0, len(piece), _BLOCK))


_STORED: Mapping[Coding, Callable[[Sequence[bytes]], list[bytes]]] = {"br": _brotli, "zstd": _zstd}


def accepts(accept_encoding: str | None, coding: str) -> bool:
    """Whether a request with that Accept-Encoding takes a coding (RFC 9110, section 12.5.3).

    None: the header is missing. That would allow any coding, but no server takes it so, and neither do we.
    """
    weights = {}
    for entry in (accept_encoding or "").split(","):
        name, _, parameters = entry.partition(";")
        weights[name.strip().lower()] = _weight(parameters)
    return weights.get(coding, weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
