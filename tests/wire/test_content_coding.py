"""Content codings, read back by decoders that are not ours; those of Brotli and Zstandard by literal bytes as well."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.content_coding import CODINGS, Coding, accepts, encoded

PIECES = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


def _inflated(window: int) -> Callable[[list[bytes]], list[bytes]]:
    def read(packed: list[bytes]) -> list[bytes]:
        unpacker = zlib.decompressobj(window)
        plain = [unpacker.decompress(piece) for piece in packed]
        assert unpacker.eof and not unpacker.unused_data
        return plain

    return read


READERS = [
    ("gzip", "flushed", _inflated(31)),
    ("deflate", "flushed", _inflated(15)),
    ("deflate", "raw", _inflated(-15)),
]


@pytest.mark.parametrize(("coding", "form", "read"), READERS, ids=["gzip", "deflate", "raw deflate"])
@given(pieces=PIECES)
def test_each_piece_can_be_unpacked_as_soon_as_it_has_come(
    coding: Coding, form: str, read: Callable[[list[bytes]], list[bytes]], pieces: list[bytes]
) -> None:
    assert read(encoded(pieces, coding, form)) == (pieces or [b""])  # type: ignore[arg-type]


@given(pieces=PIECES)
def test_each_member_is_a_whole_of_its_own(pieces: list[bytes]) -> None:
    assert [zlib.decompress(member, 31) for member in encoded(pieces, "gzip", "members")] == pieces


@pytest.mark.parametrize(
    ("coding", "written"),
    [
        ("br", [bytes.fromhex("200010") + b"one", bytes.fromhex("100008") + b"two" + b"\x03"]),
        ("zstd", [bytes.fromhex("28b52ffd0038180000") + b"one", bytes.fromhex("180000") + b"two" + b"\x01\0\0"]),
    ],
)
def test_stored_blocks_are_written_as_their_rfc_says(coding: Coding, written: list[bytes]) -> None:
    assert encoded([b"one", b"two"], coding) == written


@pytest.mark.parametrize("coding", CODINGS)
def test_a_long_piece_is_whole(coding: Coding) -> None:
    piece = bytes(range(256)) * 1000
    (packed,) = encoded([piece], coding)
    if coding in ("br", "zstd"):
        assert sum(packed.count(bytes(range(at, at + 100))) for at in range(0, 100, 100)) >= 990
    else:
        assert zlib.decompress(packed, 47) == piece


def test_nothing_is_a_whole_body_too() -> None:
    assert zlib.decompress(b"".join(encoded([], "gzip")), 31) == b""
    assert encoded([], "br") == [b"\x06"]
    assert encoded([], "zstd") == [bytes.fromhex("28b52ffd0038010000")]


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (None, ""),
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("GZIP , deflate;q=0.5", "gzip deflate"),
        ("gzip;q=0, *", "deflate br zstd"),
        ("br;q=1.0, gzip; q=0.8, *;q=0.1", "gzip deflate br zstd"),
        ("gzip;q=none", ""),
        ("gzip;level=9", "gzip"),
    ],
)
def test_a_request_takes_the_codings_that_it_names(header: str | None, taken: str) -> None:
    assert [coding for coding in CODINGS if accepts(header, coding)] == taken.split()
