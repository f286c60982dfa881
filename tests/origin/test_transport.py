from __future__ import annotations

import asyncio
from itertools import product

import httpx
import pytest

from harness.catalogue.observation import Attempt
from harness.events import Text
from harness.origin.case import CasePlan
from harness.origin.clock import VirtualClock
from harness.origin.transport import InProcessTransport
from harness.wire.response import ENDINGS, Chunk, Gate, WireResponse

from .lanes import in_process, over_a_socket
from .wire import CHAT, PLAIN, Always, response

PIECES = (b"one", b"", b"t", b"wo\n\n", b"\xf0\x9f", b"x" * 5000)
TABLE = {
    f"{ending} {transfer} {'after the head' if head else 'before the head'}": response(
        *PIECES, ending=ending, transfer=transfer, head=head, missing_bytes=3
    )
    for ending, transfer, head in product(ENDINGS, ("chunked", "length", "close"), (True, False))
} | {
    "no body": response(),
    "a status without a body": WireResponse(204, (), ()),
    "an error": WireResponse(529, (*PLAIN, ("retry-after", "3")), (Chunk(b"busy"),), transfer="length"),
    "a repeated header": WireResponse(200, (("set-cookie", "a=b"), ("set-cookie", "c=d")), (Chunk(b"one"),)),
    "a planned date": WireResponse(200, (("server", "cloudflare"),), (Chunk(b"one"),)),
    "a header beyond Latin-1": WireResponse(200, (("x-model", "größe→"),), (Chunk(b"one"),)),
    "a short pause": WireResponse(200, PLAIN, (Chunk(b"one"), Chunk(b"two", pause_s=0.001))),
    "a pause beyond patience": WireResponse(200, PLAIN, (Chunk(b"one"), Chunk(b"two", pause_s=30))),
    "a head beyond patience": response(b"one", before_head_s=30),
    "silence after the last chunk of a known length": response(b"one", ending="stall", transfer="length"),
}


@pytest.mark.parametrize("planned", TABLE.values(), ids=TABLE)
def test_both_lanes_show_a_client_the_same(planned: WireResponse) -> None:
    socket, process = (
        over_a_socket(httpx.AsyncClient, planned),
        in_process(httpx.AsyncClient, InProcessTransport, planned),
    )
    assert (process.status, process.headers) == (socket.status, socket.headers)
    assert (process.raised, process.said) == (socket.raised, socket.said)
    assert b"".join(process.pieces) == b"".join(socket.pieces)
    if planned.transfer == "chunked" and planned.ending != "short_length":  # only chunked coding carries the cuts
        assert process.pieces == socket.pieces
    assert process.logged == socket.logged


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("clean chunked after the head", None),
        ("no_last_chunk chunked after the head", "RemoteProtocolError"),
        ("no_last_chunk close after the head", None),
        ("short_length length after the head", "RemoteProtocolError"),
        ("reset chunked after the head", "ReadError"),
        ("reset chunked before the head", "ReadError"),
        ("clean chunked before the head", "RemoteProtocolError"),
        ("stall chunked after the head", "ReadTimeout"),
        ("stall chunked before the head", "ReadTimeout"),
        ("timeout length after the head", "ReadTimeout"),
        ("a pause beyond patience", "ReadTimeout"),
        ("a head beyond patience", "ReadTimeout"),
    ],
)
def test_each_ending_raises_what_it_does_over_a_socket(name: str, raised: str | None) -> None:
    assert in_process(httpx.AsyncClient, InProcessTransport, TABLE[name]).raised == raised


def test_pauses_and_patience_pass_on_the_virtual_clock() -> None:
    async def main() -> None:
        clock = VirtualClock()
        chunks = (Chunk(b"one", pause_s=20), Chunk(b"two", pause_s=300))
        transport = InProcessTransport(Always(WireResponse(200, PLAIN, chunks, "stall", before_head_s=5)), clock)
        async with httpx.AsyncClient(transport=transport, timeout=600) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(transport.base_url)
        (attempt,) = transport.log.attempts
        assert clock.now() == 925
        assert (attempt.at_s, attempt.sent_s, attempt.ended_s) == (0, (25, 325), 925)
        assert attempt.client_left

    asyncio.run(main())


def test_a_client_without_a_time_out_hangs_until_it_is_cancelled() -> None:
    async def main() -> None:
        clock = VirtualClock()
        transport = InProcessTransport(Always(response(b"one", ending="stall")), clock)
        async with httpx.AsyncClient(transport=transport, timeout=None) as client:
            asking = asyncio.create_task(client.post(transport.base_url))
            await clock.sleep(30)
            assert not asking.done()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        (attempt,) = transport.log.attempts
        assert (attempt.client_left, attempt.ended_s) == (True, 30)

    asyncio.run(main())


def test_a_client_that_gives_up_before_the_head_left_early() -> None:
    async def main() -> None:
        clock = VirtualClock()
        transport = InProcessTransport(Always(response(b"one", before_head_s=60)), clock)
        async with httpx.AsyncClient(transport=transport, timeout=None) as client:
            asking = asyncio.create_task(client.post(transport.base_url))
            await clock.sleep(10)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        (attempt,) = transport.log.attempts
        assert (attempt.client_left, attempt.ended_s, attempt.sent_s) == (True, 10, ())

    asyncio.run(main())


def left_after(pieces: int, planned: WireResponse) -> tuple[bool, int]:
    """Whether a client that closes after so many pieces left early, and how many chunks were sent by then."""

    async def main() -> tuple[bool, int]:
        transport = InProcessTransport(Always(planned))
        async with (
            httpx.AsyncClient(transport=transport) as client,
            client.stream("POST", transport.base_url) as answer,
        ):
            reading = answer.aiter_raw()
            for _ in range(pieces):
                await anext(reading)
        (attempt,) = transport.log.attempts
        return attempt.client_left, len(attempt.sent_s)

    return asyncio.run(main())


def test_a_server_that_never_pauses_is_done_before_the_client_leaves() -> None:
    assert left_after(1, response(b"one", b"two", b"three")) == (False, 3)


def test_a_client_that_closes_during_a_pause_left_early() -> None:
    assert left_after(1, WireResponse(200, PLAIN, (Chunk(b"1"), Chunk(b"2"), Chunk(b"3", pause_s=9)))) == (True, 2)


def test_a_client_that_closes_during_a_stall_left_early() -> None:
    assert left_after(1, response(b"one", b"two", ending="stall")) == (True, 2)


def test_nothing_is_sent_to_a_client_that_has_left() -> None:
    async def main() -> int:
        clock = VirtualClock()
        transport = InProcessTransport(Always(WireResponse(200, PLAIN, (Chunk(b"1"), Chunk(b"2", pause_s=9)))), clock)
        async with httpx.AsyncClient(transport=transport, timeout=5) as client:
            answer = await client.send(client.build_request("POST", transport.base_url), stream=True)
            with pytest.raises(httpx.ReadTimeout):
                await answer.aread()
            await clock.sleep(60)
            await answer.aclose()
        return len(transport.log.attempts[0].sent_s)

    assert asyncio.run(main()) == 1


def test_a_plan_is_played_below_its_base_url() -> None:
    async def main() -> list[bytes]:
        transport = InProcessTransport(CasePlan("c1", "ollama", (response(b"1"), response(b"2")), (response(b"3"),)))
        assert transport.base_url.endswith("/c1")
        async with httpx.AsyncClient(transport=transport) as client:
            paths = ("/api/chat", "/fallback/api/chat", "/api/chat")
            answers = [await client.post(transport.base_url + path, content=CHAT) for path in paths]
        assert [attempt.path for attempt in transport.log.attempts] == ["/api/chat", "/fallback/api/chat", "/api/chat"]
        assert [attempt.fallback for attempt in transport.log.attempts] == [False, True, False]
        return [answer.content for answer in answers]

    assert asyncio.run(main()) == [b"1", b"3", b"2"]


def test_a_plan_that_cannot_be_played_is_refused() -> None:
    with pytest.raises(ValueError, match="has no response"):
        InProcessTransport(CasePlan("c", "ollama", ()))


def test_a_body_without_read_time_out_setting_waits() -> None:
    async def main() -> bytes:
        transport = InProcessTransport(Always(WireResponse(200, PLAIN, (Chunk(b"one", pause_s=1e6),))))
        answer = await transport.handle_async_request(httpx.Request("GET", transport.base_url))
        return await answer.aread()

    assert asyncio.run(main()) == b"one"


GATED = (Chunk(b"one"), Chunk(b"two", 2.0, Gate(until_text="one")), Chunk(b"three", 0.0, Gate(until_events=9)))


async def gated(said: dict[bytes, tuple[float, str]], patience: float = 600) -> Attempt:
    """What is logged where the caller has such words so many seconds after such a piece came."""
    clock = VirtualClock()
    transport = InProcessTransport(Always(WireResponse(200, PLAIN, GATED)), clock)
    caller = transport.log.listen()

    async def say(delay: float, words: str) -> None:
        await clock.sleep(delay)
        caller.heard(Text(words))

    async with (
        httpx.AsyncClient(transport=transport, timeout=patience) as client,
        client.stream("POST", transport.base_url) as answer,
        asyncio.TaskGroup() as group,
    ):
        async for piece in answer.aiter_raw():
            if piece in said:
                group.create_task(say(*said[piece]))
    (attempt,) = transport.log.attempts
    return attempt


def test_a_gate_opens_when_the_caller_has_what_came_before() -> None:
    attempt = asyncio.run(gated({b"one": (5, "one")}))
    assert (attempt.sent_s, attempt.given_up) == ((0, 7, 67), (2,))


def test_a_caller_that_had_it_before_the_gate_was_reached_waits_for_nothing() -> None:
    attempt = asyncio.run(gated({b"one": (0, "one")}))
    assert attempt.sent_s[:2] == (0, 2)


def test_once_a_gate_gave_up_all_others_are_open() -> None:
    attempt = asyncio.run(gated({}))
    assert (attempt.sent_s, attempt.given_up) == ((0, 62, 62), (1,))


def test_a_client_loses_patience_at_a_gate_as_in_any_silence() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(gated({}, patience=10))
    assert caught.group_contains(httpx.ReadTimeout)


def test_a_gate_holds_nothing_where_nobody_tells_what_the_caller_has() -> None:
    async def main() -> Attempt:
        transport = InProcessTransport(Always(WireResponse(200, PLAIN, GATED)), VirtualClock())
        async with httpx.AsyncClient(transport=transport) as client:
            await client.post(transport.base_url)
        (attempt,) = transport.log.attempts
        return attempt

    attempt = asyncio.run(main())
    assert (attempt.sent_s, attempt.given_up) == ((0, 2, 2), ())


@pytest.mark.parametrize(("heard", "sent"), [(True, 2), (False, 1)])
def test_a_client_that_leaves_at_a_gate_is_sent_what_had_passed_it(heard: bool, sent: int) -> None:
    async def main() -> Attempt:
        gated = (Chunk(b"1"), Chunk(b"2", gate=Gate(1)), Chunk(b"3", gate=Gate(2)))
        transport = InProcessTransport(Always(WireResponse(200, PLAIN, gated)))
        caller = transport.log.listen()
        async with (
            httpx.AsyncClient(transport=transport) as client,
            client.stream("POST", transport.base_url) as answer,
        ):
            await anext(answer.aiter_raw())
            if heard:
                caller.heard(Text("1"))
        (attempt,) = transport.log.attempts
        return attempt

    attempt = asyncio.run(main())
    assert (len(attempt.sent_s), attempt.client_left, attempt.given_up) == (sent, True, ())
