"""What stands in the chunks of a body that went over the wire in a content coding, so that a report can show it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence

from harness.stack.unpacking import GzipMembers


def unpacked_chunks(chunks: Sequence[bytes], coding: str) -> list[bytes] | None:
    """What each chunk unpacks to as it comes; None for a coding that we cannot read. Broken bytes unpack to nothing."""
    match coding.strip().lower():
        case "" | "identity":
            return list(chunks)
        case "gzip":
            return list(_read(chunks, GzipMembers().feed))
        case "deflate":
            wrapped = b"".join(chunks[:1])[:1] == b"\x78"
            return list(_read(chunks, zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS).decompress))
    return None


def _read(chunks: Sequence[bytes], feed: Callable[[bytes], bytes]) -> Iterator[bytes]:
    broken = False
    for chunk in chunks:
        try:
            yield b"" if broken else feed(chunk)
        except zlib.error:
            broken = True
            yield b""
