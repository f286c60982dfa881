"""The bodies of an exchange as they are searched: in one piece, unpacked, and cut again where the reads ended."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TypeAlias

from harness.wire.response import Chunk

UNPACKED_LIMIT = 64 * 1024 * 1024
"""Bytes that a body may unpack to."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
_CODING = "content-encoding"


class Unsearchable(ValueError):
    """The body is packed in a way that cannot be undone here; the message says which."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body without its content codings, as reads of the network; `was_packed` says whether it had any."""

    reads: tuple[bytes, ...]
    was_packed: bool = False

    @property
    def data(self) -> bytes:
        """All of it."""
        return b"".join(self.reads)

    def cut(self, data: bytes) -> tuple[bytes, ...]:
        """Other bytes of the same length, cut where the reads of this body end."""
        ends = accumulate(map(len, self.reads), initial=0)
        return tuple(data[start:end] for start, end in pairwise(ends))


def codings(headers: Headers) -> list[str]:
    """The content codings of a body in the order in which they were put on, in lower case."""
    values = ",".join(value for name, value in headers if name.lower() == _CODING)
    return [coding for one in values.split(",") if (coding := one.strip().lower()) not in ("", "identity")]


def without_codings(headers: Headers) -> Headers:
    """The headers of the body once it is unpacked."""
    return tuple(header for header in headers if header[0].lower() != _CODING)


def unpacked_body(reads: Sequence[bytes], headers: Headers) -> Body:
    """The body without its codings, each read unpacked for itself; raises Unsearchable. A body that is not packed
    although its headers say so is given as it is, one that breaks off as far as it goes."""
    body = Body(tuple(reads))
    for coding in reversed(codings(headers)):
        if coding not in _UNPACKERS:
            raise Unsearchable(coding)
        plain = _UNPACKERS[coding](body.reads)
        body = body if plain is None else Body(plain, was_packed=True)
    return body


def chunks_of(reads: Sequence[bytes], chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """The chunks with other bytes. A read that unpacks to nothing is none: its pause goes to the next one."""
    kept: list[Chunk] = []
    waited = 0.0
    for data, chunk in zip(reads, chunks, strict=True):
        waited += chunk.pause_s
        if data or not chunk.data:
            kept.append(replace(chunk, data=data, pause_s=waited))
            waited = 0.0
    return tuple(kept)


def _inflated(reads: Sequence[bytes], window: int) -> tuple[bytes, ...] | None:
    """The reads unpacked; None where they are not packed in this way. What comes behind an end is unpacked too where
    it begins like another one (as some servers pack each piece for itself), and else kept as it is."""
    inflater = zlib.decompressobj(window)
    plain: list[bytes] = []
    left, broken = UNPACKED_LIMIT, False
    for read in reads:
        out, rest = b"", read
        while rest:
            if broken or (inflater.eof and not _begins(rest, window)):
                out, broken, rest = out + rest, True, b""
                continue
            if inflater.eof:
                inflater = zlib.decompressobj(window)
            try:
                out += inflater.decompress(rest, left)
            except zlib.error:
                if not any((*plain, out)):
                    return None
                out, broken = out + rest, True
            if len(out) >= left or inflater.unconsumed_tail:
                raise Unsearchable(f"more than {UNPACKED_LIMIT} bytes")
            rest = b"" if broken else inflater.unused_data
        left -= len(out)
        plain.append(out)
    has_no_mark = window < 0  # without a wrapper, only an orderly end tells packed bytes from others
    return None if (has_no_mark and not inflater.eof) or not any(plain) else tuple(plain)


def _begins(data: bytes, window: int) -> bool:
    """Whether packed bytes may begin here: of gzip's two first letters a read may bring one alone."""
    return b"\x1f\x8b".startswith(data[:2]) if window > zlib.MAX_WBITS else window > 0 and data.startswith(b"\x78")


def _gunzipped(reads: Sequence[bytes]) -> tuple[bytes, ...] | None:
    return _inflated(reads, 16 + zlib.MAX_WBITS)


def _undeflated(reads: Sequence[bytes]) -> tuple[bytes, ...] | None:
    """With zlib's wrapper, as it should be, or without it, as some servers have it."""
    return _inflated(reads, zlib.MAX_WBITS) or _inflated(reads, -zlib.MAX_WBITS)


_UNPACKERS: Mapping[str, Callable[[Sequence[bytes]], tuple[bytes, ...] | None]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
}
