"""Real streams: the same however they are cut, and the same as the vendor's SDK reads them."""

from __future__ import annotations

from harness.dialects import dialect
from harness.events import Usage
from harness.transcript import Transcript

from ..decoded import single_bytes, transcript
from ..recorded import recordings
from .sdk import Reading, read


def reading_of(result: Transcript) -> Reading:
    usage = {name: count for name in Usage.__struct_fields__ if (count := getattr(result.usage, name))}
    calls = [(call.name, call.input or {}) for call in result.tool_calls]
    return Reading(result.text, result.reasoning, calls, result.finish_raw, usage)


def test_every_recording_is_read_as_the_sdk_reads_it() -> None:
    streams = recordings("ollama-chat", "stream")
    for recording in streams:
        assert reading_of(transcript("ollama", recording.body)) == read(recording.body), recording.id
    assert len(streams) > 50


def test_every_recording_is_the_same_however_it_is_cut() -> None:
    for number, recording in enumerate(recordings("ollama-chat", "stream")):
        whole = transcript("ollama", recording.body)
        assert transcript("ollama", recording.chunks) == whole, recording.id
        if number % 3 == 0 and len(recording.body) < 50_000:
            assert transcript("ollama", single_bytes(recording.body)) == whole, recording.id
        assert b"".join(dialect("ollama").split_frames(recording.body)) == recording.body


def test_every_recording_completes_without_a_warning() -> None:
    for recording in recordings("ollama-chat", "stream"):
        result = transcript("ollama", recording.body)
        assert (result.status, result.warnings) == ("completed", ()), recording.id
        assert (result.finish == "tool_calls") == ("tool-call" in recording.features), recording.id
