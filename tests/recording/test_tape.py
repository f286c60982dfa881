from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.tape import Recorder, RecordingError, RecordingLost, transfer_of
from harness.wire.response import Chunk, WireResponse

REQUEST = RecordedRequest("POST", "http://h/v1/chat/completions?key=k", (("accept", "*/*"),), b'{"q"')
SSE = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]


class Clock:
    """Nanoseconds, moved on by hand; given in microseconds."""

    def __init__(self) -> None:
        self.us = 5_000_000

    def __call__(self) -> int:
        return self.us * 1000 + 999


def test_a_tape_becomes_an_exchange_with_times_since_the_request_was_out() -> None:
    clock, kept = Clock(), list[Exchange]()
    noon = datetime(2026, 11, 21, 13, 30, 1, 999_999, timezone(timedelta(hours=1)))
    recorder = Recorder(kept.append, provider="openai", scenario="text", now_ns=clock, today=lambda: noon)
    tape = recorder.begin(REQUEST)
    clock.us += 70_000  # connecting
    tape.wrote(b":1")
    tape.wrote(b"}")
    tape.sent()
    clock.us += 120_001
    tape.head(200, SSE, "Fine")
    for data, us in ((b"one", 1), (b"two", 0), (b"three", 2_000_000)):
        clock.us += us
        tape.read(data)
    clock.us += 3
    assert kept == []
    tape.end("clean")
    assert kept == [
        Exchange(
            RecordedRequest(REQUEST.method, REQUEST.url, REQUEST.headers, b'{"q":1}'),
            WireResponse(
                200,
                (("content-type", "text/event-stream"),),
                (Chunk(b"one", 1e-6), Chunk(b"two", 0.0), Chunk(b"three", 2.0)),
                before_head_s=0.120001,
            ),
            provider="openai",
            scenario="text",
            tool="harness 0.1.0",
            recorded_at="2026-11-21T12:30:01Z",
            reason="Fine",
            header_form=(("Content-Type", None), ("Transfer-Encoding", "chunked")),
        )
    ]


def test_the_first_end_is_the_one_that_counts() -> None:
    kept: list[Exchange] = []
    tape = Recorder(kept.append).begin(REQUEST)
    tape.head(200, SSE)
    tape.end("reset", note="as it was")
    tape.end("clean")
    tape.cut_off()
    tape.drop()
    assert [(one.response.ending, one.note) for one in kept] == [("reset", "as it was")]
    assert tape.ended


def test_of_many_ends_at_once_one_counts() -> None:
    kept: list[Exchange] = []
    tape = Recorder(kept.append).begin(REQUEST)
    together = threading.Barrier(8)

    def end() -> None:
        together.wait()
        tape.end("clean")

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 1


def test_a_cut_is_named_by_the_framing_it_broke() -> None:
    kept: list[Exchange] = []
    recorder = Recorder(kept.append)
    for headers in (SSE, [("Content-Length", "10")], [("content-length", "ten")], []):
        tape = recorder.begin(REQUEST)
        tape.head(200, headers)
        tape.read(b"abc")
        tape.cut_off()
    recorder.begin(REQUEST).cut_off()  # before any head
    endings = [(one.response.ending, one.response.missing_bytes, one.response.transfer) for one in kept]
    assert endings == [
        ("no_last_chunk", 0, "chunked"),
        ("short_length", 7, "length"),
        ("short_length", 0, "length"),
        ("no_last_chunk", 0, "close"),
        ("clean", 0, "chunked"),
    ]


def test_without_a_head_the_exchange_says_how_long_nothing_came() -> None:
    clock, kept = Clock(), list[Exchange]()
    tape = Recorder(kept.append, now_ns=clock).begin(REQUEST)
    clock.us += 30_000_000
    tape.end("timeout")
    response = kept[0].response
    assert (response.head, response.status, response.ending, response.before_head_s) == (False, 0, "timeout", 30.0)


def test_a_request_that_nobody_received_is_no_exchange() -> None:
    kept: list[Exchange] = []
    with Recorder(kept.append) as recorder:
        recorder.begin(REQUEST).drop()
    assert kept == []


def test_an_empty_read_is_no_read() -> None:
    kept: list[Exchange] = []
    tape = Recorder(kept.append).begin(REQUEST)
    tape.head(204, [])
    tape.read(b"")
    tape.end("clean")
    assert kept[0].response.chunks == ()


def test_what_is_still_open_at_the_close_is_cancelled() -> None:
    kept: list[Exchange] = []
    with Recorder(kept.append) as recorder:
        tape = recorder.begin(REQUEST)
        tape.head(200, SSE)
        tape.read(b"one")
    assert [(one.response.ending, one.response.body) for one in kept] == [("cancelled", b"one")]


def test_provider_and_scenario_are_those_at_the_end() -> None:
    kept: list[Exchange] = []
    recorder = Recorder(kept.append, scenario="first")
    tape = recorder.begin(REQUEST)
    recorder.provider, recorder.scenario = "groq", "second"
    tape.end("cancelled")
    assert (kept[0].provider, kept[0].scenario) == ("groq", "second")


def test_a_sink_that_fails_is_told_of_and_harms_nobody() -> None:
    kept: list[Exchange] = []

    def sink(exchange: Exchange) -> None:
        if exchange.response.status == 200:
            raise OSError("disk full")
        kept.append(exchange)

    recorder = Recorder(sink)
    with pytest.warns(RecordingLost, match=r"^POST http://h/v1/chat/completions was not recorded: OSError: disk full$"):
        _record(recorder, 200)
    _record(recorder, 404)
    assert [one.response.status for one in kept] == [404]
    assert [(request.url, str(error)) for request, error in recorder.lost] == [(REQUEST.url, "disk full")]
    with pytest.raises(RecordingError, match=r"^1 of the exchanges .* POST http://h/v1/chat/completions: OSError: "):
        recorder.close()


def test_in_the_background_the_sink_holds_nobody_up() -> None:
    kept: list[Exchange] = []
    go = threading.Event()

    def sink(exchange: Exchange) -> None:
        assert go.wait(10)
        kept.append(exchange)

    with Recorder(sink, in_background=True) as recorder:
        _record(recorder, 200)
        _record(recorder, 201)
        assert kept == []  # and yet both have ended
        go.set()
        recorder.flush()
        assert [one.response.status for one in kept] == [200, 201]
        _record(recorder, 202)
    assert [one.response.status for one in kept] == [200, 201, 202]


def test_many_threads_share_a_recorder() -> None:
    kept: list[Exchange] = []
    ids = count()
    with Recorder(kept.append) as recorder:

        def record() -> None:
            for _ in range(50):
                tape = recorder.begin(RecordedRequest("GET", f"http://h/{next(ids)}", (), b""))
                tape.head(200, [])
                tape.end("clean")

        threads = [threading.Thread(target=record) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(int(one.request.url.rpartition("/")[2]) for one in kept) == list(range(200))


@pytest.mark.parametrize(
    ("headers", "transfer"),
    [
        ([("Transfer-Encoding", "Chunked")], "chunked"),
        ([("transfer-encoding", "gzip, chunked"), ("content-length", "5")], "chunked"),
        ([("transfer-encoding", "identity"), ("content-length", "5")], "close"),
        ([("CONTENT-LENGTH", "5")], "length"),
        ([("server", "chunked")], "close"),
    ],
)
def test_headers_say_how_the_end_is_marked(headers: list[tuple[str, str]], transfer: str) -> None:
    assert transfer_of(headers) == transfer


def test_times_are_of_the_day_by_default() -> None:
    kept: list[Exchange] = []
    before = datetime.now(UTC).replace(microsecond=0)
    Recorder(kept.append).begin(REQUEST).end("cancelled")
    recorded_at = datetime.fromisoformat(kept[0].recorded_at or "")
    assert before <= recorded_at <= datetime.now(UTC)


def _record(recorder: Recorder, status: int) -> None:
    tape = recorder.begin(REQUEST)
    tape.head(status, SSE)
    tape.end("clean")
