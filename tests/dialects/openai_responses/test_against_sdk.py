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
from .sdk import Reading, openai, read

NAME = "openai-responses"
PATH = "/v1/responses"
HEADERS = {"authorization": "Bearer key"}

FAILED = "the SDK raises where we give a failed transcript"
EDITED = "the author of the recording shortened the deltas and left the finished item as it was"
UNSAID = "the final response has no status; we say `completed`"
EXCUSED_BY_ID = {
    "rec-e062bc282a5938af": EDITED,
    "rec-02c38042aae25227": UNSAID,
}


def excused(recording: Recording) -> str | None:
    """Why the SDK's reading may differ from ours."""
    if "in-stream-error" in recording.features:
        return FAILED
    return EXCUSED_BY_ID.get(recording.id)


@cache
def streams() -> list[Recording]:
    return recordings(NAME, "stream")


def reading_of(result: Transcript) -> Reading:
    return Reading(
        text=result.text,
        reasoning=result.reasoning,
        refusal=result.refusal or "",
        calls=[(call.id, call.name, call.arguments) for call in result.tool_calls],
        ended=result.finish_raw,
        usage={name: count for name in Usage.__struct_fields__ if (count := getattr(result.usage, name))},
    )


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_recordings_are_read_as_the_sdk_reads_them() -> None:
    # Every second one: the SDK takes its time.
    compared = [recording for recording in streams()[::2] if excused(recording) is None]
    for recording in compared:
        assert reading_of(transcript(NAME, recording.body)) == read(recording.body), recording.id
    assert len(compared) > 200


def test_what_the_sdk_reads_otherwise_differs_in_the_excused_way() -> None:
    for recording in streams():
        match excused(recording):
            case reason if reason == FAILED:
                with pytest.raises(openai.APIError):
                    read(recording.body)
                assert transcript(NAME, recording.body).status == "failed"
            case reason if reason == EDITED:
                assert "snapshot-differs" in [one.rule for one in transcript(NAME, recording.body).warnings]
            case reason if reason == UNSAID:
                ours = reading_of(transcript(NAME, recording.body))
                assert (ours.ended, read(recording.body).ended) == ("completed", None)


def test_every_recording_is_the_same_however_it_is_cut() -> None:
    for number, recording in enumerate(streams()):
        whole = transcript(NAME, recording.body)
        assert transcript(NAME, recording.chunks) == whole, recording.id
        if number % 10 == 0 and len(recording.body) < 40_000:
            assert transcript(NAME, single_bytes(recording.body)) == whole, recording.id
        assert b"".join(dialect(NAME).split_frames(recording.body)) == recording.body


def test_every_recording_ends_as_its_features_say() -> None:
    for recording in streams():
        result = transcript(NAME, recording.body)
        failed = "in-stream-error" in recording.features
        assert result.status == ("failed" if failed else "completed"), recording.id
        assert (result.finish == "length") == ("finish:incomplete" in recording.features), recording.id
        if "custom-tool" not in recording.features and result.finish == "tool_calls":
            assert all(call.input is not None for call in result.tool_calls), recording.id


def test_encrypted_reasoning_is_that_of_the_item_that_is_done() -> None:
    found = 0
    for recording in streams():
        done = [
            item["encrypted_content"]
            for line in recording.body.splitlines()
            if line.startswith(b"data: {") and b"response.output_item.done" in line
            if (item := json.loads(line[6:]).get("item", {})).get("type") == "reasoning"
            if item.get("encrypted_content")
        ]
        ours = [part.signature.data for part in transcript(NAME, recording.body).parts if part.signature]
        assert ours == done[: len(ours)] and len(done) >= len(ours), recording.id
        found += len(ours)
    assert found > 40


def test_no_request_that_was_answered_is_refused() -> None:
    for recording in streams():
        if type(recording.request) is dict and "input" in recording.request:
            body = json.dumps(recording.request).encode()
            assert dialect(NAME).validate(PATH, HEADERS, body) == [], recording.id
