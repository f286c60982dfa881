"""Real streams: the same however they are cut, and the same as the vendor's SDK reads them."""

from __future__ import annotations

import pytest

from harness.dialects import dialect
from harness.events import Usage
from harness.transcript import Transcript

from ..decoded import single_bytes, transcript
from ..recorded import Recording, recordings
from .sdk import Reading, read

UNREADABLE = "the SDK cannot read enums as numbers"
STREAMED_ARGUMENTS = "the SDK leaves it to its caller to put streamed arguments together"
BLOCKED = "the SDK gives no finish reason for a blocked prompt"


def excused(recording: Recording) -> str | None:
    """Why the SDK's reading may differ from ours."""
    if "numeric-enum" in recording.features:
        return UNREADABLE
    if b'"partialArgs"' in recording.body:
        return STREAMED_ARGUMENTS
    return BLOCKED if "prompt-blocked" in recording.features else None


def reading_of(result: Transcript) -> Reading:
    usage = {name: count for name in Usage.__struct_fields__ if (count := getattr(result.usage, name))}
    calls = [(call.name, call.input or {}) for call in result.tool_calls]
    return Reading(result.text, result.reasoning, calls, result.finish_raw, usage)


def test_every_recording_is_read_as_the_sdk_reads_it() -> None:
    streams = recordings("gemini", "stream")
    compared = [recording for recording in streams if excused(recording) is None]
    for recording in compared:
        assert reading_of(transcript("gemini", recording.body)) == read(recording.body), recording.id
    assert len(compared) > 300


def test_what_the_sdk_reads_otherwise_differs_in_the_excused_way() -> None:
    for recording in recordings("gemini", "stream"):
        reason = excused(recording)
        ours = reading_of(transcript("gemini", recording.body))
        if reason == UNREADABLE:
            with pytest.raises(AttributeError):
                read(recording.body)
            assert ours.finish == "1"
        elif reason == STREAMED_ARGUMENTS:
            assert [name for name, _ in ours.calls] == [name for name, _ in read(recording.body).calls if name]
        elif reason == BLOCKED:
            assert (read(recording.body).finish, ours.finish) == (None, "SAFETY")


def test_every_recording_is_the_same_however_it_is_cut() -> None:
    for number, recording in enumerate(recordings("gemini", "stream")):
        whole = transcript("gemini", recording.body)
        assert transcript("gemini", recording.chunks) == whole, recording.id
        if number % 5 == 0 and len(recording.body) < 50_000:
            assert transcript("gemini", single_bytes(recording.body)) == whole, recording.id
        assert b"".join(dialect("gemini").split_frames(recording.body)) == recording.body


def test_every_recording_completes_unless_its_end_is_missing() -> None:
    for recording in recordings("gemini", "stream"):
        ended = "no-terminal-event" not in recording.features or "prompt-blocked" in recording.features
        result = transcript("gemini", recording.body)
        assert (result.status == "completed") == ended, recording.id
        assert ("tool-call" in recording.features) == bool(result.tool_calls), recording.id
        assert all(call.input is not None for call in result.tool_calls), recording.id
