from __future__ import annotations

import gzip
import json

import pytest

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.golden import Undecoded, decoded, golden_differences
from harness.transcript import Transcript
from harness.wire.response import Chunk, Ending, WireResponse

CHAT = "https://api.example.invalid/v1/chat/completions"
WORD = b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
STOP = b'data: {"id":"r","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


def exchange(
    body: bytes,
    ending: Ending = "clean",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),),
    head: bool = True,
    stream: bool = True,
    url: str = CHAT,
    recorded_at: str | None = None,
) -> Exchange:
    request = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    response = WireResponse(status, headers, (Chunk(body),) if body else (), ending, head=head)
    sent = RecordedRequest("POST", url, (), json.dumps(request).encode())
    return Exchange(sent, response, recorded_at=recorded_at)


def read(recorded: Exchange) -> Transcript:
    found = decoded(recorded)
    assert isinstance(found, Transcript)
    return found


def kind(transcript: Transcript) -> str | None:
    return transcript.error.kind if transcript.error else None


@pytest.mark.parametrize(
    ("body", "ending", "status", "error"),
    [
        (WORD + STOP + DONE, "clean", "completed", None),
        (WORD + STOP + DONE, "cancelled", "completed", None),
        (WORD + STOP, "reset", "completed", None),
        (WORD, "clean", "truncated", "connection"),
        (WORD, "reset", "truncated", "connection"),
        (WORD, "no_last_chunk", "truncated", "connection"),
        (WORD, "short_length", "truncated", "connection"),
        (WORD, "timeout", "truncated", "timeout"),
        (WORD, "cancelled", "cancelled", None),
    ],
)
def test_a_stream_amounts_to_what_came_and_to_how_it_ended(
    body: bytes, ending: Ending, status: str, error: str | None
) -> None:
    found = read(exchange(body, ending))
    assert (found.text, found.status, kind(found)) == ("Hi", status, error)


@pytest.mark.parametrize(
    ("ending", "status", "error"),
    [
        ("reset", "failed", "connection"),
        ("clean", "failed", "connection"),
        ("timeout", "failed", "timeout"),
        ("cancelled", "cancelled", None),
    ],
)
def test_an_answer_that_never_began_failed_unless_it_was_stopped(
    ending: Ending, status: str, error: str | None
) -> None:
    found = read(exchange(b"", ending, head=False))
    assert (found.status, kind(found)) == (status, error)


def test_whole_answers_and_refusals_are_read_too() -> None:
    document = {"id": "r", "model": "m", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
    whole = read(exchange(json.dumps(document).encode(), stream=False, headers=()))
    assert (whole.status, whole.text, whole.finish) == ("completed", "Hi", "stop")
    refused = read(exchange(b'{"error": {"message": "no", "type": "x", "code": null}}', status=401, headers=()))
    assert (refused.status, kind(refused)) == ("failed", "auth")
    moved = read(exchange(b"", status=307, headers=(("location", "/v2"),)))
    assert (moved.status, kind(moved)) == ("failed", "protocol")


@pytest.mark.parametrize(
    ("headers", "recorded_at", "seconds"),
    [
        ((("retry-after", "7"),), None, 7),
        ((("Date", "Sat, 21 Nov 2026 12:00:00 GMT"), ("Retry-After", "Sat, 21 Nov 2026 12:00:30 GMT")), None, 30),
        ((("retry-after", "Sat, 21 Nov 2026 12:00:05 GMT"),), "2026-11-21T12:00:00Z", 5),
    ],
)
def test_a_date_to_wait_for_is_read_as_of_the_recording(
    headers: tuple[tuple[str, str], ...], recorded_at: str | None, seconds: float
) -> None:
    found = read(exchange(b"{}", status=429, headers=headers, recorded_at=recorded_at))
    assert found.error is not None
    assert found.error.retry_after_s == seconds


def test_packed_bodies_are_unpacked_where_that_is_known() -> None:
    packed = gzip.compress(WORD + STOP + DONE)
    assert read(exchange(packed, headers=(("content-encoding", "gzip"),))).text == "Hi"
    assert decoded(exchange(packed, headers=(("content-encoding", "br"),))) == Undecoded(
        "its body is packed as 'br', which is not unpacked here"
    )


def test_an_address_of_no_dialect_has_no_transcript() -> None:
    assert decoded(exchange(WORD, url="https://x.invalid/v1/embeddings")) == Undecoded(
        "POST /v1/embeddings is the address of no known dialect"
    )


def test_differences_show_both_values_around_the_first_place_where_they_differ() -> None:
    body = WORD.replace(b"Hi", b"a" * 100 + b"X" + b"b" * 100) + STOP + DONE
    now = read(exchange(body))
    golden = {**now.to_dict(), "text": "a" * 100 + "Y" + "b" * 100, "finish": None, "more": 1}
    assert [str(each) for each in golden_differences(golden, now)] == [
        "finish: golden null, now 'stop'",
        f"text: golden …'{'a' * 20}Y{'b' * 37}…, now …'{'a' * 20}X{'b' * 37}…",
        "more: golden 1, now nothing",
    ]
    assert list(golden_differences(now.to_dict(), now)) == []
