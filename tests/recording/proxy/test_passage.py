from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.recording.cassette import Exchange, RecordedRequest
from harness.recording.proxy import passage
from harness.recording.proxy.events import Recorded
from harness.recording.proxy.intake import Intake
from harness.recording.proxy.passage import Passage
from harness.recording.proxy.upstream import Upstream
from harness.recording.tape import Recorder, Tape
from harness.wire.response import Ending


@dataclass
class Desk:
    """Keeps passages at once, with a clock that gains a millisecond at each look."""

    exchanges: list[Exchange] = field(default_factory=list)
    outcomes: list[Recorded] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    looks: int = 0

    def begin(self, request: RecordedRequest) -> Tape:
        return Recorder(self.exchanges.append, now_ns=self._now_ns).begin(request)

    def keep(self, tape: Tape, outcome: Recorded, missing_bytes: int, note: str | None) -> None:
        tape.end(outcome.ending, missing_bytes=missing_bytes, note=note)
        self.outcomes.append(outcome)

    def lose(self, method: str, url: str, problem: str) -> None:
        self.lost.append(f"{method} {url}: {problem}")

    def _now_ns(self) -> int:
        self.looks += 1
        return self.looks * 1_000_000


def asked(request: bytes = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n") -> tuple[Passage, Desk]:
    """A passage whose request is out."""
    intake, desk = Intake(Upstream.of("http://api.example")), Desk()
    intake.feed(request)
    watched = Passage(intake, desk, lambda: None)
    watched.sent()
    return watched, desk


def cut(data: bytes, at: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(at), len(data)]
    return [data[start:end] for start, end in pairwise(edges) if start < end]


CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 Very Well\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\nx-one: 2\r\n\r\n"
    b'3;a="\xc3\xa9"\r\nabc\r\n04\r\ndefg\r\n1\r\nh\r\n0\r\nX-Trailer: t\r\n\r\n'
)


@given(st.sets(st.integers(1, len(CHUNKED) - 1)))
def test_an_answer_is_recorded_however_it_is_cut(cuts: set[int]) -> None:
    watched, desk = asked()
    assert [watched.came(piece) for piece in cut(CHUNKED, cuts)].count(None) == len(cuts) + 1
    (exchange,) = desk.exchanges
    assert exchange.response.body == b"abcdefgh"
    assert (exchange.response.status, exchange.reason) == (200, "Very Well")
    assert exchange.response.headers == (("x-one", "1"), ("x-one", "2"))
    assert (exchange.response.ending, exchange.response.transfer) == ("clean", "chunked")
    assert desk.outcomes == [Recorded("GET", "http://api.example/a", 200, 8, "clean")]
    assert (watched.over, watched.keeps) == (True, True)
    edges, at = set(), 0
    for chunk in exchange.response.chunks:
        edges.add(at := at + len(chunk.data))
    assert edges >= {3, 7, 8}  # the cuts of HTTP's chunks are cuts of ours


def test_each_http_chunk_is_a_read_also_when_several_come_at_once() -> None:
    watched, desk = asked()
    assert watched.came(CHUNKED) is None
    assert [chunk.data for chunk in desk.exchanges[0].response.chunks] == [b"abc", b"defg", b"h"]


HEAD = b"HTTP/1.1 200 OK\r\n"
CLOSED: list[tuple[bytes, bool, Ending, int]] = [
    (b"", False, "clean", 0),
    (b"", True, "reset", 0),
    (b"HTTP/1.1 200", False, "clean", 0),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False, "no_last_chunk", 0),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", False, "no_last_chunk", 0),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc", True, "reset", 0),
    (HEAD + b"Content-Length: 10\r\n\r\nabc", False, "short_length", 7),
    (HEAD + b"Content-Length: 10\r\n\r\nabc", True, "reset", 0),
    (HEAD + b"\r\nabc", False, "clean", 0),
    (HEAD + b"\r\nabc", True, "reset", 0),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nabc", False, "no_last_chunk", 0),
]


@pytest.mark.parametrize(("data", "reset", "ending", "missing"), CLOSED)
def test_how_the_connection_ended_is_recorded(data: bytes, reset: bool, ending: Ending, missing: int) -> None:
    watched, desk = asked()
    watched.came(data) if data else None
    watched.closed(reset=reset)
    (exchange,) = desk.exchanges
    assert (exchange.response.ending, exchange.response.missing_bytes) == (ending, missing)
    assert exchange.response.head is (b"200 OK" in data)
    assert (watched.over, watched.keeps) == (True, False)


@pytest.mark.parametrize(
    ("request_line", "head"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_is_over_with_its_head(request_line: bytes, head: bytes) -> None:
    watched, desk = asked(request_line + b" /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert watched.came(head) is None
    assert (watched.over, watched.keeps) == (True, True)
    assert (desk.exchanges[0].response.chunks, desk.exchanges[0].response.ending) == ((), "clean")


@pytest.mark.parametrize(
    ("request_head", "answer"),
    [
        (b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.0 204 No Content\r\n\r\n"),
    ],
)
def test_either_side_can_say_that_this_was_the_last(request_head: bytes, answer: bytes) -> None:
    watched, _ = asked(request_head)
    assert watched.came(answer) is None
    assert (watched.over, watched.keeps) == (True, False)


def test_times_count_from_the_sent_request() -> None:
    watched, desk = asked()
    watched.came(HEAD + b"Content-Length: 5\r\n\r\n")
    watched.came(b"abc")
    watched.came(b"de")
    response = desk.exchanges[0].response
    assert response.before_head_s > 0
    assert [(chunk.data, chunk.pause_s > 0) for chunk in response.chunks] == [(b"abc", True), (b"de", True)]


def test_a_client_that_leaves_cancelled_its_answer() -> None:
    watched, desk = asked()
    watched.came(HEAD + b"Content-Length: 5\r\n\r\nabc")
    watched.left()
    watched.closed(reset=True)
    assert [exchange.response.ending for exchange in desk.exchanges] == ["cancelled"]
    assert desk.exchanges[0].response.chunks[0].data == b"abc"


def test_a_request_that_never_came_whole_is_no_exchange_when_its_client_leaves() -> None:
    intake, desk = Intake(Upstream.of("http://api.example")), Desk()
    intake.feed(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
    watched = Passage(intake, desk, lambda: None)
    watched.left()
    assert (desk.exchanges, watched.over) == ([], True)


def test_an_answer_before_the_request_is_whole_is_recorded_with_what_had_been_sent() -> None:
    intake, desk = Intake(Upstream.of("http://api.example")), Desk()
    intake.feed(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
    watched = Passage(intake, desk, lambda: None)
    watched.came(b"HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno")
    watched.sent()
    (exchange,) = desk.exchanges
    assert (exchange.request.body, exchange.response.status) == (b"he", 413)


def test_where_an_answer_stops_being_http_it_is_said() -> None:
    watched, desk = asked()
    problem = watched.came(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
    assert problem is not None
    assert problem.startswith("the answer is no HTTP from here on: ")
    (exchange,) = desk.exchanges
    assert (exchange.response.body, exchange.response.ending) == (b"abc", "no_last_chunk")
    assert exchange.note == problem


def test_what_comes_behind_the_answer_is_said() -> None:
    watched, desk = asked()
    assert watched.came(HEAD + b"Content-Length: 2\r\n\r\nabc") == "more came than the answer"
    assert (desk.exchanges[0].response.body, watched.keeps) == (b"ab", False)


def test_what_no_cassette_can_hold_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "RECORD_LIMIT", 4)
    watched, desk = asked()
    watched.came(HEAD + b"Content-Length: 5\r\n\r\nabcde")
    problem = "GET http://api.example/a: a body of it has more than 4 bytes, which no cassette may have"
    assert (desk.lost, desk.exchanges) == ([problem], [])
    assert (watched.over, watched.keeps) == (True, True)
