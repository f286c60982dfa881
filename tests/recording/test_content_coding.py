from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording import content_coding
from harness.recording.content_coding import UnpackedTooLarge, unpacked


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


@given(st.binary(max_size=200))
def test_what_was_packed_comes_back(data: bytes) -> None:
    assert unpacked(gzip.compress(data), "gzip") == data
    assert unpacked(zlib.compress(data), "deflate") == data
    assert unpacked(raw_deflate(data), "deflate") == data
    assert unpacked(gzip.compress(zlib.compress(data)), "deflate, gzip") == data


@given(st.text(max_size=60).map(str.encode), st.sampled_from(["", "identity", " , "]))
def test_no_coding_changes_nothing(data: bytes, codings: str) -> None:
    assert unpacked(data, codings) == data


@pytest.mark.parametrize("codings", ["br", "zstd", "gzip, br", "x"])
def test_an_unknown_coding_is_ours_to_leave(codings: str) -> None:
    assert unpacked(b"anything", codings) is None


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_not_packed_is_left_alone(coding: str) -> None:
    for body in (b"data: {}\n\n", b"ok", b"busy", b"e"):
        assert unpacked(body, coding) == body


@pytest.mark.parametrize("pack", [zlib.compress, raw_deflate])
def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    monkeypatch.setattr(content_coding, "UNPACKED_LIMIT", 1000)
    assert callable(pack)
    with pytest.raises(UnpackedTooLarge, match="1000 bytes"):
        unpacked(pack(bytes(10_000)), "deflate")
