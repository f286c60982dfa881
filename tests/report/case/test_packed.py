"""Packed bodies are read for the report, as far as they can be."""

from __future__ import annotations

import gzip
import zlib

import pytest

from harness.report.case.packed import unpacked_chunks
from harness.wire.content_coding import encoded


@pytest.mark.parametrize(
    "chunks",
    [encoded([b"one", b"two"], "gzip"), [gzip.compress(b"one"), gzip.compress(b"two")]],
    ids=["flushed", "members"],
)
def test_each_chunk_is_read_as_it_came(chunks: list[bytes]) -> None:
    assert unpacked_chunks(chunks, "GZIP") == [b"one", b"two"]


@pytest.mark.parametrize("form", ["flushed", "raw"])
def test_deflate_is_read_with_and_without_its_wrapper(form: str) -> None:
    assert unpacked_chunks(encoded([b"one", b"two"], "deflate", form), "deflate") == [b"one", b"two"]  # type: ignore[arg-type]


def test_what_is_not_packed_is_given_as_it_is() -> None:
    assert unpacked_chunks([b"one"], "") == unpacked_chunks([b"one"], "identity") == [b"one"]


def test_what_cannot_be_read_is_not_guessed() -> None:
    assert unpacked_chunks([b"one"], "br") is None
    assert unpacked_chunks([b"one", zlib.compress(b"two")], "gzip") == [b"", b""]
