"""Streams that tests of the fuzz room are about."""

from __future__ import annotations

from harness.fuzz.stream import Stream, recorded_case
from harness.runner.recordings import RecordedStream


def stream_of(body: bytes, dialect: str = "openai-chat", *lengths: int) -> Stream:
    """A stream of that body, in reads of those lengths."""
    planned = recorded_case(RecordedStream("rec-1", dialect, dialect, "openai", "tests", body, lengths, None))
    return Stream("rec-1", dialect, planned.rendered.responses[0], planned)
