"""Real streams: the same however they are cut, and the same as the vendor's SDK reads them."""

from __future__ import annotations

import json
from functools import cache

import pytest

from harness.dialects import dialect
from harness.events import Usage
from harness.transcript import Transcript

from ..decoded import single_bytes, transcript
from ..recorded import Recording, recordings
from .sdk import Reading, read

NAME = "anthropic-messages"
PATH = "/v1/messages"
HEADERS = {"x-api-key": "key", "anthropic-version": "2023-06-01"}

NAMELESS = "the SDK ignores events without an event line"
DONE = "the SDK fails on [DONE]"
CUT_INPUT = "the SDK guesses the input of a call that was cut off; we give none"
ZERO = "the SDK lets a later zero replace a count"
EXCUSED_BY_ID = {
    "rec-269fe79ed7e02f6f": CUT_INPUT,
    "rec-ce6f10a8ca9d2fbc": CUT_INPUT,
    "rec-a73dff9027c5966f": ZERO,
}


def excused(recording: Recording) -> str | None:
    """Why the SDK's reading may differ from ours."""
    if "no-event-lines" in recording.features:
        return NAMELESS
    return DONE if b"[DONE]" in recording.body else EXCUSED_BY_ID.get(recording.id)


@cache
def streams() -> list[Recording]:
    return [one for one in recordings(NAME, "stream") if "aws-eventstream" not in one.features]


def reading_of(result: Transcript) -> Reading:
    return Reading(
        text=result.text,
        reasoning=result.reasoning,
        signatures=[part.signature.data for part in result.parts if part.signature and not part.signature.id
                    and part.signature.form == "signature"],
        calls=[(call.id, call.name, call.input) for call in result.tool_calls],
        stop_reason=result.finish_raw,
        usage={name: count for name in Usage.__struct_fields__ if (count := getattr(result.usage, name))},
    )  # fmt: skip


def test_every_recording_is_read_as_the_sdk_reads_it() -> None:
    compared = [recording for recording in streams() if excused(recording) is None]
    for recording in compared:
        assert reading_of(transcript(NAME, recording.body)) == read(recording.body), recording.id
    assert len(compared) > 450


def test_what_the_sdk_reads_otherwise_differs_in_the_excused_way() -> None:
    for recording in streams():
        ours = reading_of(transcript(NAME, recording.body))
        match excused(recording):
            case reason if reason == NAMELESS:
                with pytest.raises(AssertionError):
                    read(recording.body)
            case reason if reason == DONE:
                with pytest.raises(json.JSONDecodeError):
                    read(recording.body)
            case reason if reason == CUT_INPUT:
                assert [given for *_, given in ours.calls] == [None]
            case reason if reason == ZERO:
                assert ("output_tokens" in ours.usage, "output_tokens" in read(recording.body).usage) == (True, False)


def test_every_recording_is_the_same_however_it_is_cut() -> None:
    for number, recording in enumerate(streams()):
        whole = transcript(NAME, recording.body)
        assert transcript(NAME, recording.chunks) == whole, recording.id
        if number % 6 == 0 and len(recording.body) < 30_000:
            assert transcript(NAME, single_bytes(recording.body)) == whole, recording.id
        assert b"".join(dialect(NAME).split_frames(recording.body)) == recording.body


def test_every_recording_completes_and_its_calls_are_whole() -> None:
    for recording in streams():
        result = transcript(NAME, recording.body)
        assert result.status == "completed", recording.id
        assert f"finish:{result.finish_raw}" in recording.features, recording.id
        cut_off = [call for call in result.tool_calls if call.input is None]
        assert not cut_off or result.finish == "length", recording.id


def test_no_request_that_was_answered_is_refused() -> None:
    for recording in streams():
        body = recording.request
        if type(body) is dict and "messages" in body and PATH in recording.url:
            body = {"model": "m", **body}  # some platforms name the model in the path
            assert dialect(NAME).validate(PATH, HEADERS, json.dumps(body).encode()) == [], recording.id
