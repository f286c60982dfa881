"""Streams that tests of the fuzz room are about."""

from __future__ import annotations

from harness.fuzz.stream import Stream, body_stream


def stream_of(body: bytes, dialect: str = "openai-chat", *lengths: int) -> Stream:
    """A stream of that body, in reads of those lengths."""
    return body_stream(body, dialect, lengths)
