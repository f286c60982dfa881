"""The bytes of an answer without its content coding, piece by piece as they come.

httpx unpacks what it accepts, save that it stops after the first member of a gzip body: what follows it is lost without
a word. gzip (RFC 1952, section 2.2) is therefore unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_MEMBER = b"\x1f\x8b"


def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body's bytes. Reading raises what httpx raises, DecodingError for one that is not in the coding it claims."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if not coding and isinstance(response.stream, httpx.AsyncByteStream):
        return aiter(response.stream)  # httpx would only pass it on, at some cost for every read
    return _members(response) if coding in ("gzip", "x-gzip") else response.aiter_bytes()


async def _members(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes of a gzip body, member by member."""
    members = GzipMembers()
    async for data in response.aiter_raw():
        try:
            plain = members.feed(data)
        except zlib.error as error:
            raise httpx.DecodingError(str(error), request=response.request) from error
        if plain:
            yield plain


class GzipMembers:
    """Unpacks gzip members one behind the other, however they are cut. What follows the last of them is padding."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._between = b""  # what follows a member and may be the beginning of the next one

    def feed(self, data: bytes) -> bytes:
        """What `data` unpacks to. Raises zlib.error."""
        plain = b""
        while data:
            if self._member.eof:
                self._between += data
                if not self._between.startswith(_MEMBER):
                    return plain
                data, self._between = self._between, b""
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            plain += self._member.decompress(data)
            data = self._member.unused_data
        return plain
