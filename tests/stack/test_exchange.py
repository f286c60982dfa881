"""One attempt: whatever the transport and the peer do, the last event is End and nothing is raised."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from contextlib import aclosing
from dataclasses import replace
from itertools import repeat
from typing import Any

import httpx
import pytest

from harness.events import AnyEvent, End, Finish, Start, Text, Warning
from harness.stack.clock import Clock, SystemClock
from harness.stack.exchange import ERROR_BODY_LIMIT, Exchange, StreamCancelled, Switch
from harness.stack.policy import Policy

from .fakes import (
    DONE,
    FAKE,
    HANG,
    HELLO,
    PLAIN,
    REQUEST,
    Answer,
    Network,
    build_request,
    error_answer,
    failures,
    frame,
    run,
    texts,
)

SSE = {"content-type": "text/event-stream"}


def exchange(
    network: httpx.AsyncBaseTransport,
    clock: Clock,
    http: httpx.AsyncClient,
    policy: Policy = PLAIN,
    key: str = "sk",
) -> Exchange:
    wire = build_request(REQUEST, key)
    return Exchange(http, FAKE, "https://api.example/base/", wire, policy, clock, Switch())


async def attempt(
    network: Network, policy: Policy = PLAIN, key: str = "sk", clock: Clock | None = None
) -> list[AnyEvent]:
    async with httpx.AsyncClient(transport=network) as http:
        made = exchange(network, clock or network.clock, http, policy, key)
        return [event async for batch in made.batches() for event in batch]


def events_of(answer: Answer, policy: Policy = PLAIN) -> list[AnyEvent]:
    network = Network(answer)
    events = run(attempt(network, policy))
    assert [type(event) for event in events].index(End) == len(events) - 1
    assert answer.before_head is not None or network.closed == [True]
    return events


def test_a_whole_answer() -> None:
    network = Network(Answer())
    events = run(attempt(network))
    assert events == [Text("Hel"), Text("lo"), Finish("stop"), End("completed")]
    (request,) = network.requests
    assert request.url == "https://api.example/base/v1/fake?stream=1"
    assert request.headers["authorization"] == "Bearer sk"


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.CloseError("closed"),
        httpx.WriteError("pipe"),
        httpx.ReadTimeout("slow"),
        httpx.StreamClosed(),
        ConnectionResetError(104, "reset by peer"),
        ssl.SSLError("bad record"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_lost_within_the_answer_truncates_it(broken: Exception) -> None:
    events = events_of(Answer([HELLO[0], broken]))
    assert (texts(events), events[-1]) == ("Hel", End("truncated"))
    (error,) = failures(events)
    assert error.kind in ("connection", "timeout")
    assert error.retryable
    assert type(broken).__name__ in error.message


@pytest.mark.parametrize(
    ("broken", "kind", "retryable"),
    [
        (httpx.ConnectError("refused"), "connection", True),
        (httpx.ConnectTimeout("slow"), "timeout", True),
        (httpx.PoolTimeout("busy"), "timeout", True),
        (httpx.RemoteProtocolError("no answer"), "connection", True),
        (httpx.ProxyError("no"), "connection", True),
        (OSError("network unreachable"), "connection", True),
        (httpx.LocalProtocolError("illegal header"), "invalid_request", False),
        (httpx.UnsupportedProtocol("no"), "invalid_request", False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_connection_that_never_came_is_a_failure(broken: Exception, kind: str, retryable: bool) -> None:
    events = events_of(Answer(before_head=broken))
    (error,) = failures(events)
    assert (error.kind, error.retryable, events[-1]) == (kind, retryable, End("failed"))


def test_a_header_that_cannot_be_sent_is_a_failure() -> None:
    network = Network(Answer())
    (error,) = failures(run(attempt(network, key="schlüssel☃")))
    assert error.kind == "invalid_request"
    assert network.requests == []


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
def test_an_error_status_is_the_dialects_error(status: int) -> None:
    events = events_of(error_answer(status, "words"))
    (error,) = failures(events)
    assert (error.status, error.message, events[-1]) == (status, "words", End("failed"))


def test_an_unreadable_retry_after_is_ignored_with_a_warning() -> None:
    events = events_of(error_answer(429, retry_after="-5"))
    assert [event.rule for event in events if isinstance(event, Warning)] == ["retry-after-unreadable"]
    assert failures(events)[0].retry_after_s is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    network = Network(Answer([], status, {"location": "https://evil.example/"}))
    (error,) = failures(run(attempt(network)))
    assert (error.kind, error.status) == ("protocol", status)
    assert "https://evil.example/" in error.message
    assert len(network.requests) == 1


def test_an_error_whose_body_breaks_off_is_still_that_error() -> None:
    (error,) = failures(events_of(Answer([b"half a ", httpx.ReadError("reset")], 503)))
    assert (error.status, error.message) == (503, "half a ")


def test_an_error_whose_body_never_ends_is_still_that_error() -> None:
    (error,) = failures(events_of(Answer(repeat(b"x" * 65536), 500)))
    assert (error.status, len(error.message)) == (500, ERROR_BODY_LIMIT)
    (error,) = failures(events_of(Answer([b"stalled", 1e9], 500)))
    assert (error.status, error.message) == (500, "stalled")


def test_a_page_that_never_ends_is_not_read_for_ever() -> None:
    (error,) = failures(events_of(Answer(repeat(b"<br>\n" * 2**17), headers={"content-type": "text/html"})))
    assert error.kind == "protocol"


def test_a_compressed_body_is_decompressed() -> None:
    body = gzip.compress(b"".join(HELLO))
    events = events_of(Answer([body[:9], body[9:]], headers={**SSE, "content-encoding": "gzip"}))
    assert (texts(events), events[-1]) == ("Hello", End("completed"))


def test_a_body_that_cannot_be_decompressed_is_a_failure() -> None:
    events = events_of(Answer([b"no gzip"], headers={**SSE, "content-encoding": "gzip"}))
    assert [error.kind for error in failures(events)] == ["protocol"]
    assert events[-1] != End("completed")


@pytest.mark.parametrize(("says", "expected"), [("true", True), ("false", False), ("", None), ("maybe", None)])
def test_what_the_server_says_of_a_repeat_is_kept(says: str, expected: bool | None) -> None:
    async def heard() -> bool | None:
        network = Network(error_answer(500, x_should_retry=says))
        async with httpx.AsyncClient(transport=network) as http:
            made = exchange(network, network.clock, http)
            async for _ in made.batches():
                pass
            return made.server_says

    assert run(heard()) is expected


class TestSilence:
    """The limits, on a clock that only the transport moves."""

    policy = replace(PLAIN, first_byte_s=60, idle_s=20, after_end_s=1)

    def test_before_the_head(self) -> None:
        network = Network(Answer(before_head=60))
        events = run(attempt(network, self.policy))
        assert [error.kind for error in failures(events)] == ["timeout"]
        assert (events[-1], network.clock.now()) == (End("failed"), 60)

    def test_before_the_first_byte_is_longer_than_between_bytes(self) -> None:
        assert texts(events_of(Answer([59, *HELLO]), self.policy)) == "Hello"
        events = events_of(Answer([61, *HELLO]), self.policy)
        assert (texts(events), events[-1]) == ("", End("truncated"))

    def test_between_bytes(self) -> None:
        network = Network(Answer([HELLO[0], 20, HELLO[1]]))
        events = run(attempt(network, self.policy))
        assert (texts(events), events[-1]) == ("Hel", End("truncated"))
        assert [error.kind for error in failures(events)] == ["timeout"]
        assert network.clock.now() == 20

    def test_every_byte_counts_as_life(self) -> None:
        pings = [item for _ in range(10) for item in (19, b": ping\n\n")]
        assert events_of(Answer([HELLO[0], *pings, *HELLO[1:]]), self.policy)[-1] == End("completed")

    def test_a_body_that_stays_open_after_its_end_is_left(self) -> None:
        network = Network(Answer([*HELLO, 1e9]))
        events = run(attempt(network, self.policy))
        assert events[-1] == End("completed")
        assert [event.rule for event in events if isinstance(event, Warning)] == ["connection-lost-after-end"]
        assert network.clock.now() == 1

    def test_a_body_that_goes_on_and_on_after_its_end_is_left(self) -> None:
        network = Network(Answer([*HELLO, *[item for _ in range(100) for item in (0.4, b": ping\n\n")]]))
        assert run(attempt(network, self.policy))[-1] == End("completed")
        assert network.clock.now() <= 1.5


def test_the_machines_clock_keeps_the_limits_by_itself() -> None:
    policy = replace(PLAIN, first_byte_s=0.01, idle_s=0.01)
    network = Network(Answer([HELLO[0], HANG]))
    events = run(attempt(network, policy, clock=SystemClock()))
    assert (texts(events), events[-1], network.closed) == ("Hel", End("truncated"), [True])
    assert [error.kind for error in failures(events)] == ["timeout"]


def test_leaving_closes_the_connection() -> None:
    network = Network(Answer([frame(Start("id")), HELLO[0], HANG]))

    async def leave() -> None:
        async with httpx.AsyncClient(transport=network) as http:
            async with aclosing(exchange(network, network.clock, http).batches()) as batches:
                await anext(batches)
            assert network.closed == [True]

    run(leave())


@pytest.mark.parametrize("answer", [Answer(before_head=HANG), Answer([HELLO[0], HANG]), Answer([HANG], 500)])
def test_the_switch_stops_whatever_is_waited_for(answer: Answer) -> None:
    network = Network(answer)

    async def stop() -> list[Any]:
        async with httpx.AsyncClient(transport=network) as http:
            made = exchange(network, network.clock, http)
            asyncio.get_running_loop().call_later(0.005, made.switch.turn_off)
            seen: list[Any] = []
            with pytest.raises(StreamCancelled):
                async for batch in made.batches():
                    seen += batch
            with pytest.raises(StreamCancelled):
                await anext(made.batches())
            return seen

    run(stop())
    assert network.closed in ([], [False], [True])
    assert answer.before_head is HANG or network.closed == [True]


def test_an_outer_time_out_passes_through() -> None:
    network = Network(Answer([HELLO[0], HANG]))

    async def hurry() -> None:
        async with asyncio.timeout(0.005):
            await attempt(network)

    with pytest.raises(TimeoutError):
        run(hurry())
    assert network.closed == [True]


def test_the_done_marker_alone_is_no_answer() -> None:
    assert events_of(Answer([DONE]))[-1] == End("truncated")
