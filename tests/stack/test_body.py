"""Bodies of 2xx answers: streams, what is none, and every way in which they end."""

from __future__ import annotations

import base64
import gzip
import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects import dialect
from harness.events import AnyEvent, End, ErrorInfo, Failure, Finish, Reasoning, Start, Status, Text, Warning
from harness.stack.body import DOCUMENT_LIMIT, BodyReader
from harness.stack.think_tags import ThinkTags
from harness.transcript import fold

from .fakes import DONE, FAKE, HELLO, failures, frame, texts

SSE = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
RESET = ErrorInfo("connection", "connection lost", retryable=True)


def read(*chunks: bytes, headers: dict[str, str] = SSE, lost: ErrorInfo | None = None) -> list[AnyEvent]:
    reader = BodyReader(FAKE, headers)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return [*events, *(reader.lost(lost) if lost else reader.close())]


def status(events: list[AnyEvent]) -> Status:
    ends = [event for event in events if isinstance(event, End)]
    assert ends == events[-1:]
    return ends[0].status


def test_a_whole_stream_is_completed() -> None:
    events = read(*HELLO)
    assert (texts(events), status(events), failures(events)) == ("Hello", "completed", [])


def test_a_stream_is_read_as_it_comes() -> None:
    reader = BodyReader(FAKE, SSE)
    assert reader.feed(HELLO[0]) == [Text("Hel")]
    assert not reader.ended
    reader.feed(b"".join(HELLO[1:]))
    assert reader.ended


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf", b": ping\n\n", HELLO[0]])
@pytest.mark.parametrize("headers", [SSE, {}])
def test_a_clean_end_before_the_stop_reason_is_a_truncation_that_says_so(body: bytes, headers: dict[str, str]) -> None:
    events = read(body, headers=headers)
    assert status(events) == "truncated"
    assert [(error.kind, error.retryable) for error in failures(events)] == [("connection", True)]


def test_a_lost_connection_keeps_what_came() -> None:
    events = read(HELLO[0], lost=RESET)
    assert (texts(events), status(events), failures(events)) == ("Hel", "truncated", [RESET])


def test_a_connection_lost_after_the_stop_reason_does_no_harm() -> None:
    events = read(*HELLO[:3], lost=RESET)
    assert (texts(events), status(events), failures(events)) == ("Hello", "completed", [])
    assert [event.rule for event in events if isinstance(event, Warning)] == ["connection-lost-after-end"]


def test_an_error_in_the_stream_is_told_once_even_if_the_connection_breaks_as_well() -> None:
    broken = ErrorInfo("server", "broken")
    events = read(HELLO[0], frame(Failure(broken)), lost=RESET)
    assert (status(events), failures(events)) == ("failed", [broken])


@pytest.mark.parametrize(
    ("document", "kind", "code"),
    [
        ({"error": {"message": "Rate limit reached", "code": 429}}, "rate_limit", 429),
        ({"error": {"message": "insufficient_quota"}}, "quota", None),
        ({"error": "context_length_exceeded"}, "context_overflow", None),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded", None),
        ([{"error": {"code": 503, "message": "The model is overloaded."}}], "overloaded", 503),
        ({"code": "x", "message": "maximum context length is 4096 tokens"}, "context_overflow", None),
    ],
)
@pytest.mark.parametrize("headers", [JSON, SSE, {}])
def test_an_error_object_is_that_error(document: object, kind: str, code: int | None, headers: dict[str, str]) -> None:
    body = json.dumps(document).encode()
    events = read(body[:7], body[7:], headers=headers)
    assert status(events) == "failed"
    assert [(error.kind, error.status) for error in failures(events)] == [(kind, code)]


def test_an_error_object_counts_even_if_the_connection_breaks_after_it() -> None:
    events = read(b'{"error": {"message": "invalid api key"}}', headers=JSON, lost=RESET)
    assert [error.kind for error in failures(events)] == ["auth"]


def test_half_a_document_is_a_truncation() -> None:
    events = read(b'{"error": {"mess', headers=JSON, lost=RESET)
    assert (status(events), failures(events)) == ("truncated", [RESET])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"id": "x", "choices": [{"message": {"content": "whole"}}]}', JSON),
        (b"<!doctype html><title>Sign in</title>", HTML),
        (b" \n<html>", SSE),
        (b"OK", {"content-type": "text/plain"}),
        (b"Bad gateway", HTML),
        (b'["a"]', JSON),
    ],
)
def test_what_is_no_stream_is_a_protocol_failure_that_shows_its_beginning(body: bytes, headers: dict[str, str]) -> None:
    events = read(body, headers=headers)
    (error,) = failures(events)
    assert (status(events), error.kind, error.retryable) == ("failed", "protocol", False)
    assert body.decode().strip()[:20] in error.message.replace("\\'", "'")
    assert headers["content-type"] in error.message


def test_a_stream_under_the_wrong_content_type_is_read() -> None:
    for headers in (JSON, HTML, {}, {"content-type": "application/octet-stream"}):
        assert texts(read(*HELLO, headers=headers)) == "Hello"


def test_a_brace_that_begins_no_document_is_left_to_the_decoder() -> None:
    events = read(b"{oops\n", *HELLO)
    assert (texts(events), status(events)) == ("Hello", "completed")


def test_an_endless_document_is_not_read_to_its_end() -> None:
    reader = BodyReader(FAKE, HTML)
    assert not reader.refused
    for _ in range(DOCUMENT_LIMIT // 2**20):
        reader.feed(b"<br>\n" * (2**20 // 5 + 1))
    assert reader.refused
    (error,) = failures(reader.close())
    assert error.kind == "protocol"
    assert len(error.message) < 400


def test_a_stream_is_read_however_long_it_is() -> None:
    reader = BodyReader(FAKE, SSE)
    for _ in range(DOCUMENT_LIMIT // 2**20 + 1):
        reader.feed(frame(Text("x" * 2**20)))
    assert not reader.refused


def test_held_back_text_comes_before_the_end() -> None:
    reader = BodyReader(FAKE, SSE, ThinkTags())
    events = [*reader.feed(frame(Text("<think>a</thi"))), *reader.close()]
    shown = [event for event in events if not isinstance(event, Warning)]
    assert shown[:2] == [Reasoning("a"), Reasoning("</thi")]
    assert [type(event) for event in shown[2:]] == [Failure, End]


@settings(deadline=None)
@given(st.binary(max_size=60), st.data())
def test_any_bytes_end_in_one_end(body: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(body)))
    body = body.replace(b"data: ", b"")
    for lost in (None, RESET):
        events = read(body[:cut], body[cut:], lost=lost)
        assert status(events) != "completed"
        assert len(failures(events)) == 1


@settings(deadline=None)
@given(st.data())
def test_any_cutting_gives_the_same_transcript(data: st.DataObject) -> None:
    whole = b"\n" + frame(Start("id")) + frame(Text("né")) + frame(Finish("stop")) + DONE
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))))
    pieces = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert fold("fake", read(*pieces)) == fold("fake", read(whole))


RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama-chat"])
def test_recorded_streams_end_as_their_decoder_says(name: str) -> None:
    source = RECORDINGS / f"{name}.jsonl.gz"
    if not source.exists():
        pytest.skip("no recordings here")
    record = dialect(name.removesuffix("-chat") if name.startswith("ollama") else name)
    with gzip.open(source) as lines:
        recordings = [json.loads(line) for line in islice(lines, 0, None, 10)]
    for recording in recordings:
        headers = recording.get("response_headers", {})
        if recording["kind"] != "stream" or "amazon" in headers.get("content-type", ""):
            continue
        body = base64.b64decode(recording["body_b64"])
        reader, decoder = BodyReader(record, headers), record.decoder()
        read_by_us, decoded = [*reader.feed(body), *reader.close()], [*decoder.feed(body), *decoder.close()]
        shown = [event for event in read_by_us if event not in failures_added(read_by_us, decoded)]
        assert shown == decoded, recording["id"]


def failures_added(read_by_us: list[AnyEvent], decoded: list[AnyEvent]) -> list[AnyEvent]:
    """The failure that says how a truncated stream ended, which no decoder knows."""
    return [event for event in read_by_us if isinstance(event, Failure) and event not in decoded]


def test_an_error_in_the_place_of_a_stream_has_the_wait_of_the_header() -> None:
    body = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
    reader = BodyReader(dialect("openai-chat"), {**JSON, "retry-after": "7"})
    (error,) = failures([*reader.feed(body), *reader.close()])
    assert (error.kind, error.retry_after_s) == ("rate_limit", 7.0)
