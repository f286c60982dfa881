"""Bodies are unpacked read by read, and cut again where the reads ended."""

from __future__ import annotations

import gzip
import zlib

import pytest

from harness.recording.secrets.bodies import Unsearchable, chunks_of, codings, unpacked_body, without_codings
from harness.wire.response import Chunk

HEADERS = (("content-type", "x"), ("Content-Encoding", "GZip"))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello, world", mtime=0)),
        ("x-gzip", gzip.compress(b"hello, world", mtime=0)),
        ("gzip", gzip.compress(b"hello, ", mtime=0) + gzip.compress(b"world", mtime=0)),
        ("deflate", zlib.compress(b"hello, world")),
        ("deflate", raw_deflate(b"hello, world")),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello, world"), mtime=0)),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_packed_body_is_unpacked_however_it_came(coding: str, packed: bytes, size: int) -> None:
    reads = [packed[at : at + size] for at in range(0, len(packed), size)]
    body = unpacked_body(reads, (("content-encoding", coding),))
    assert (body.data, body.was_packed, len(body.reads)) == (b"hello, world", True, len(reads))


def test_a_packed_body_that_breaks_off_is_unpacked_as_far_as_it_goes() -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    body = unpacked_body([packed[:200]], HEADERS)
    assert 0 < len(body.data) < 256 * 40
    assert body.data.startswith(bytes(range(100)))


def test_a_body_that_is_not_packed_though_its_headers_say_so_is_given_as_it_is() -> None:
    body = unpacked_body([b"data: {}", b"\n\n"], HEADERS)
    assert (body.reads, body.was_packed) == ((b"data: {}", b"\n\n"), False)


def test_what_cannot_be_unpacked_is_named() -> None:
    with pytest.raises(Unsearchable, match=r"^zstd$"):
        unpacked_body([b"x"], (("content-encoding", "zstd"),))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.recording.secrets.bodies.UNPACKED_LIMIT", 1000)
    with pytest.raises(Unsearchable, match="more than 1000 bytes"):
        unpacked_body([gzip.compress(bytes(5000))], HEADERS)


def test_the_headers_of_an_unpacked_body_do_not_speak_of_codings() -> None:
    assert codings((("content-encoding", "gzip, identity"), ("Content-Encoding", "Deflate"))) == ["gzip", "deflate"]
    assert without_codings(HEADERS) == (("content-type", "x"),)


def test_other_bytes_are_cut_where_the_reads_ended() -> None:
    body = unpacked_body([b"abc", b"", b"de"], ())
    assert body.cut(b"12345") == (b"123", b"", b"45")


def test_a_read_that_unpacks_to_nothing_gives_its_pause_to_the_next() -> None:
    chunks = chunks_of([b"", b"ab", b""], [Chunk(b"x", 0.5), Chunk(b"y", 0.25), Chunk(b"", 1.0)])
    assert chunks == (Chunk(b"ab", 0.75), Chunk(b"", 1.0))
