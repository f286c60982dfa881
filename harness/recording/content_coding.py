"""Undoes the content codings of a recorded body (RFC 9110, section 8.4.1), without trusting what it unpacks to."""

from __future__ import annotations

import zlib

UNPACKED_LIMIT = 64 * 1024 * 1024
"""Bytes that a body may unpack to."""

_GZIP = (16 + zlib.MAX_WBITS,)
_DEFLATE = (zlib.MAX_WBITS, -zlib.MAX_WBITS)  # the second without zlib's wrapper, as some servers have it
_WINDOW_BITS = {"": (), "identity": (), "gzip": _GZIP, "x-gzip": _GZIP, "deflate": _DEFLATE}


class UnpackedTooLarge(ValueError):
    """The body unpacks to more than the limit."""


def unpacked(body: bytes, codings: str) -> bytes | None:
    """The body without its codings (a Content-Encoding value); None where one of them is unknown to us.

    A body that is not packed was unpacked by its recorder, which kept the header: it is given as it is. A body that
    breaks off is unpacked as far as it goes. Raises UnpackedTooLarge.
    """
    names = [name.strip().lower() for name in codings.split(",")]
    if not all(name in _WINDOW_BITS for name in names):
        return None
    for name in reversed(names):
        body = next((plain for bits in _WINDOW_BITS[name] if (plain := _inflated(body, bits)) is not None), body)
    return body


def _inflated(body: bytes, bits: int) -> bytes | None:
    """The body unpacked, None where it is not packed in this way."""
    inflater = zlib.decompressobj(bits)
    try:
        plain = inflater.decompress(body, UNPACKED_LIMIT)
    except zlib.error:
        return None
    if inflater.unconsumed_tail:
        raise UnpackedTooLarge(f"the body unpacks to more than {UNPACKED_LIMIT} bytes")
    has_no_mark = bits < 0  # without a wrapper, only an orderly end tells packed bytes from others
    return None if not inflater.eof and (has_no_mark or not plain) else plain
