"""The body without its coding, whatever it is cut into."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stack.unpacking import GzipMembers, unpacked


def read(body: bytes, coding: str, size: int = 5) -> bytes:
    """What comes of a body in reads of `size` bytes."""

    async def pieces() -> object:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    async def main() -> bytes:
        response = httpx.Response(200, headers={"content-encoding": coding} if coding else {}, content=pieces())
        response.request = httpx.Request("POST", "http://127.0.0.1")
        return b"".join([piece async for piece in unpacked(response)])

    return asyncio.run(main())


@pytest.mark.parametrize("coding", ["", "identity", "deflate", "gzip", "x-gzip", "GZIP"])
def test_each_coding_is_undone(coding: str) -> None:
    pack = {"": bytes, "identity": bytes, "deflate": zlib.compress}.get(coding, gzip.compress)
    assert read(pack(b"Hello, " * 9), coding) == b"Hello, " * 9


def test_what_is_not_packed_as_it_claims_is_an_error() -> None:
    with pytest.raises(httpx.DecodingError):
        read(b"data: Hello\n\n", "gzip")


def test_a_body_that_breaks_off_gives_what_there_is() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"Hel") + packer.flush(zlib.Z_SYNC_FLUSH) + packer.compress(b"lo")
    assert read(packed, "gzip") == b"Hel"


def test_padding_behind_the_last_member_is_no_content() -> None:
    assert read(gzip.compress(b"Hello") + bytes(20), "gzip") == b"Hello"


@given(members=st.lists(st.binary(max_size=40), min_size=1, max_size=4), size=st.integers(1, 40))
def test_members_are_unpacked_however_they_are_cut(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    reader = GzipMembers()
    cuts = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert b"".join(map(reader.feed, cuts)) == b"".join(members)
