"""Real streams: the same however they are cut, and the same as the vendor's SDK reads them."""

from __future__ import annotations

import json
from functools import cache

import pytest

from harness.dialects import dialect
from harness.transcript import MADE_ID_PREFIX, Transcript

from ..decoded import single_bytes, transcript
from ..recorded import Recording, recordings
from .chunks import NAME
from .sdk import Reading, read

PATH = "/v1/chat/completions"
HEADERS = {"authorization": "Bearer key"}

LISTS = "the SDK gives content that is a list as it is"
GROQ = "the SDK has no field for usage under x_groq"
AFTER_ERROR = "the SDK stops at an error; we keep what follows"
NO_JSON = "the SDK gives up at a frame that is no JSON"
REPEATED = "the SDK appends a name that is repeated, and merges calls that share an index"
EXCUSED_BY_ID = {
    "rec-9fc359c47f58020b": NO_JSON,
    "rec-71231aef6ea51c69": REPEATED,
    "rec-081fb6c6dde0a4af": REPEATED,
    "rec-6550e7b28efe1f25": REPEATED,
}


def excused(recording: Recording) -> str | None:
    """Why the SDK's reading may differ from ours."""
    if reason := EXCUSED_BY_ID.get(recording.id):
        return reason
    if "in-stream-error" in recording.features:
        return AFTER_ERROR
    if "content-is-array" in recording.features:
        return LISTS
    return GROQ if "vendor-x_groq" in recording.features else None


@cache
def streams() -> list[Recording]:
    return [one for one in recordings(NAME, "stream") if "aws-eventstream" not in one.features]


def reading_of(result: Transcript) -> Reading:
    usage = (result.usage.input_tokens, result.usage.output_tokens)
    return Reading(
        text=result.text,
        refusal=result.refusal or "",
        calls=[(_given(call.id), call.name, call.arguments) for call in result.tool_calls],
        finish=result.finish_raw,
        usage=(usage[0], usage[1]) if usage[0] is not None and usage[1] is not None else None,
        error="APIError" if result.error else None,
    )


def _given(id: str) -> str:
    return "" if id.startswith(MADE_ID_PREFIX) else id


def test_recordings_are_read_as_the_sdk_reads_them() -> None:
    compared = [recording for recording in streams()[::4] if excused(recording) is None]
    for recording in compared:
        assert reading_of(transcript(NAME, recording.body)) == read(recording.body), recording.id
    assert len(compared) > 300


def test_what_the_sdk_reads_otherwise_differs_in_the_excused_way() -> None:
    for recording in streams():
        reason = excused(recording)
        if reason is None:
            continue
        ours, theirs = reading_of(transcript(NAME, recording.body)), read(recording.body)
        if reason == LISTS:
            theirs.text = theirs.text.replace("[LIST]", "")
            assert theirs.text in ours.text
        elif reason == GROQ:
            assert theirs.usage in (None, ours.usage)
            theirs.usage = ours.usage
            assert ours == theirs, recording.id
        elif reason == AFTER_ERROR:
            assert (ours.error, theirs.error) == ("APIError", "APIError")
            assert ours.text.startswith(theirs.text)
        elif reason == NO_JSON:
            assert (ours.error, theirs.error) == (None, "JSONDecodeError")
        elif reason == REPEATED:
            assert "".join(arguments for *_, arguments in ours.calls).startswith(theirs.calls[0][2])
            assert len(ours.calls) > 1 or theirs.calls[0][1] == 2 * ours.calls[0][1]


def test_recordings_are_the_same_however_they_are_cut() -> None:
    for number, recording in enumerate(streams()):
        whole = transcript(NAME, recording.body)
        if len(recording.chunks) > 1:
            assert transcript(NAME, recording.chunks) == whole, recording.id
        if number % 20 == 0 and len(recording.body) < 40_000:
            assert transcript(NAME, single_bytes(recording.body)) == whole, recording.id
            assert b"".join(dialect(NAME).split_frames(recording.body)) == recording.body


STRAY_QUOTE = "rec-1cd639cb86fe9f0d"  # its last frame has a quote too many, put there by the recorder


def test_every_recording_completes_or_says_that_it_failed() -> None:
    for recording in streams():
        result = transcript(NAME, recording.body)
        expected = "failed" if "in-stream-error" in recording.features else "completed"
        assert result.status == ("truncated" if recording.id == STRAY_QUOTE else expected), recording.id
        assert (result.error is None) == (result.status != "failed")


def test_finish_reasons_are_those_that_the_recordings_are_tagged_with() -> None:
    for recording in streams():
        result = transcript(NAME, recording.body)
        if result.finish_raw:
            assert f"finish:{result.finish_raw}" in recording.features, recording.id
            assert result.finish != "other"


def test_no_request_that_openai_answered_is_refused() -> None:
    answered = [one for one in streams() if "api.openai.com" in one.url and type(one.request) is dict]
    for recording in answered:
        assert dialect(NAME).validate(PATH, HEADERS, json.dumps(recording.request).encode()) == [], recording.id
    assert len(answered) > 100


def test_every_recorded_error_is_read_with_a_kind_and_its_words() -> None:
    for recording in recordings(NAME, "error"):
        error = dialect(NAME).read_error(recording.status, recording.headers, recording.body)
        assert error.kind != "unknown", recording.id
        assert error.message or not recording.body.strip(), recording.id
        assert error.status == recording.status


@pytest.mark.parametrize("status", [401, 404, 429])
def test_recorded_errors_with_a_plain_status_have_its_kind(status: int) -> None:
    kinds = {401: "auth", 404: "not_found", 429: "rate_limit"}
    for recording in recordings(NAME, "error"):
        if recording.status == status:
            assert dialect(NAME).read_error(status, recording.headers, recording.body).kind == kinds[status]
