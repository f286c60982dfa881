from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue.loader import load_catalogue
from harness.catalogue.models import Scenario
from harness.fuzz.stream import Stream, cassette_streams, catalogue_answers, catalogue_streams, recording_streams
from harness.recording.folder import read_cassettes
from harness.runner.recordings import UnreadableRecordings

CASSETTES = Path(__file__).parents[2] / "cassettes"
EVENTS = [{"text": "Hi"}, {"finish": "stop"}]


def scenario(**more: Any) -> Scenario:
    given = {"id": "text/made", "title": "t", "why": "w", "expect": {"text": "Hi"}, **more}
    return Scenario.model_validate({"response": {"events": EVENTS}, **given} if "responses" not in more else given)


def only(**more: Any) -> Stream:
    [stream] = catalogue_streams([scenario(**more)], ["openai-chat"])
    return stream


def test_a_scenario_is_a_stream_in_every_dialect_asked_for() -> None:
    streams = catalogue_streams([scenario()], ["ollama", "gemini"])
    assert [(each.id, each.dialect, each.source) for each in streams] == [
        ("text/made", "gemini", ()),
        ("text/made", "ollama", ()),
    ]


def test_the_response_is_one_of_the_planned_ones_itself() -> None:
    stream = only(responses=[{"error": "overloaded"}, {"events": EVENTS}])
    assert [each is stream.response for each in stream.planned.rendered.responses] == [False, True]
    assert stream.body == stream.response.body


def test_pauses_are_left_out() -> None:
    slow = {"events": EVENTS, "before_head_s": 3, "faults": [{"pause": {"after_frames": 1, "seconds": 5}}]}
    stream = only(response=slow)
    assert (stream.response.before_head_s, [chunk.pause_s for chunk in stream.response.chunks if chunk.pause_s]) == (
        0,
        [],
    )
    assert [chunk.data for chunk in only().response.chunks] == [chunk.data for chunk in stream.response.chunks]


@pytest.mark.parametrize(
    "more",
    [
        {"response": {"error": "overloaded"}},
        {"response": {"connection": "reset"}},
        {"response": {"events": EVENTS, "faults": [{"cut": {"after_frames": 1, "how": "stall"}}]}},
        {"response": {"events": EVENTS, "faults": [{"gate": {"after_frames": 1, "until_events": 1}}]}},
        {"response": {"events": EVENTS, "status": 503}},
        {"request": {"stream": False}},
        {"options": {"cancel_after_events": 1}},
    ],
)
def test_what_does_not_stream_or_waits_for_its_reader_is_left_out(more: dict[str, Any]) -> None:
    assert catalogue_streams([scenario(**more)], ["openai-chat"]) == []


@pytest.mark.parametrize("end", ["clean", "no_last_chunk", "short_length", "reset"])
def test_streams_that_break_off_are_taken(end: str) -> None:
    stream = only(response={"events": EVENTS, "faults": [{"cut": {"after_frames": 1, "how": end}}]})
    assert stream.response.ending == end


def test_every_answer_that_streams_is_there_for_decoders() -> None:
    stalled = {"events": [{"text": "again"}], "faults": [{"cut": {"after_frames": 2, "how": "stall"}}]}
    several = scenario(responses=[{"error": "overloaded"}, {"events": EVENTS}, stalled])
    behind = scenario(id="text/behind", subjects=["gateway"])
    answers = catalogue_answers([several, behind], ["openai-chat"])
    assert [each.id for each in answers] == ["text/behind", "text/made", "text/made@2"]
    last = answers[-1]
    assert b"again" in last.body
    assert [each is last.response for each in last.planned.rendered.responses] == [False, False, True]
    whole = [scenario(request={"stream": False}), scenario(response={"error": "overloaded"})]
    assert catalogue_answers(whole, ["openai-chat"]) == []


def test_the_streams_of_the_catalogue_are_among_its_answers() -> None:
    catalogue = load_catalogue()
    answers = {(each.id, each.dialect) for each in catalogue_answers(catalogue)}
    streams = {(each.id, each.dialect) for each in catalogue_streams(catalogue)}
    missing = streams - answers
    assert len(answers) > len(streams) + 100
    assert all(dialect for _, dialect in missing)


def test_every_stream_of_the_catalogue_is_one_of_its_own() -> None:
    streams = catalogue_streams(load_catalogue())
    assert len({(each.id, each.dialect) for each in streams}) == len(streams) > 900


def test_cassettes_give_their_exchanges_with_provider_and_place() -> None:
    path = CASSETTES / "litellm/anthropic-messages/length.yaml"
    [stream] = cassette_streams(read_cassettes([path]).cassettes)
    assert (stream.id, stream.dialect, stream.provider) == ("cassette/length#0", "anthropic-messages", "litellm")
    assert stream.source == ("--cassette", str(path))
    assert stream.body.startswith(b"event: message_start")


def recorded(folder: Path, *records: dict[str, Any]) -> list[Stream]:
    lines = "".join(json.dumps({"kind": "stream", "provider": "openai", **each}) + "\n" for each in records)
    (folder / "some.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    return recording_streams(folder)


def record(name: str, dialect: str, body: bytes, **more: Any) -> dict[str, Any]:
    return {"id": name, "dialect": dialect, "body_b64": base64.b64encode(body).decode(), **more}


def test_recordings_of_dialects_of_ours_are_streams_in_the_reads_that_were_recorded(tmp_path: Path) -> None:
    streams = recorded(
        tmp_path,
        record("rec-1", "openai-chat", b"data: {}\n\n", chunk_lengths=[4, 6]),
        record("rec-2", "ollama-chat", b"{}\n"),
        record("rec-3", "other", b"x"),
        record("rec-4", "openai-chat", b"{}", kind="error"),
        record("rec-5", "openai-chat", b""),
    )
    assert [(each.id, each.dialect, each.provider) for each in streams] == [
        ("rec-1", "openai-chat", "openai"),
        ("rec-2", "ollama", "openai"),
    ]
    assert [chunk.data for chunk in streams[0].response.chunks] == [b"data", b": {}\n\n"]
    assert streams[0].source == ("--recordings", str(tmp_path))
    assert streams[0].planned.rendered.responses == (streams[0].response,)


def test_the_content_type_is_that_of_the_framing(tmp_path: Path) -> None:
    streams = recorded(
        tmp_path,
        record("rec-1", "gemini", b'data: {"a":1}\n\n'),
        record("rec-2", "gemini", b'[{"a":1}]'),
        record("rec-3", "anthropic-messages", b"\0\0\0\x10"),
    )
    assert [each.response.header("content-type") for each in streams] == [
        "text/event-stream",
        "application/json",
        "application/vnd.amazon.eventstream",
    ]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecordings) as refused:
        recording_streams(tmp_path)
    assert str(tmp_path) in str(refused.value)
