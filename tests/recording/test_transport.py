"""The recording transports of httpx and httpx2, async and sync, over real sockets of this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from harness.origin.server import Origin
from harness.recording import listening
from harness.recording.cassette import Exchange
from harness.recording.tape import Recorder, RecordingLost
from harness.wire.response import Chunk, WireResponse
from tests.origin.wire import Always

from .clients import HEAD, KINDS, LAST, Kind, Line, chunk, look, talking
from .proxy.certificates import made_in

TEXT = (("content-type", "text/plain"), ("set-cookie", "a=1"), ("x-id", "r1"), ("set-cookie", "b=2"))
GZIPPED = bytes.fromhex("1f8b08000000000002034bcfaf4a0500b0b2dd4e04000000")
"""Cut in two below; nothing here unpacks it."""


def response(*pieces: bytes, status: int = 200, headers: Any = TEXT, **fields: Any) -> WireResponse:
    return WireResponse(status, headers, tuple(Chunk(piece) for piece in pieces), **fields)


ENDINGS = {
    "clean": response(b"one", b"\xff\x00", b"two"),
    "one-long-chunk": response(b"x" * 30_000),
    "no-body": response(),
    "with-length": response(b"one", b"two", transfer="length"),
    "until-close": response(b"one", b"two", transfer="close"),
    "coded": response(GZIPPED[:9], GZIPPED[9:], headers=(*TEXT, ("content-encoding", "gzip"))),
    "no-content": response(status=204, transfer="length"),
    "rate-limited": response(b'{"error":"busy"}', status=429, headers=(*TEXT, ("retry-after", "3")), transfer="length"),
    "broken-500": response(b"<html>", status=500, ending="reset"),
    "no-last-chunk": response(b"one", b"two", ending="no_last_chunk"),
    "nothing-but-a-head": response(ending="no_last_chunk"),
    "short-length": response(b"one", b"two", ending="short_length", missing_bytes=7, transfer="length"),
    "reset": response(b"one", b"two", ending="reset"),
    "reset-with-length": response(b"one", ending="reset", transfer="length", missing_bytes=5),
    "stall": response(b"one", b"two", ending="stall"),
    "dead-before-the-head": WireResponse(0, (), (), "clean", head=False),
    "reset-before-the-head": WireResponse(0, (), (), "reset", head=False),
    "silent-before-the-head": WireResponse(0, (), (), "stall", head=False),
}
RECORDED_AS = {"stall": "timeout"}
SILENT = {"stall", "silent-before-the-head"}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_answer_is_recorded_as_it_was_played_and_seen_as_it_is_without_recorder(kind: Kind, name: str) -> None:
    planned = ENDINGS[name]
    kept: list[Exchange] = []

    async def main() -> None:
        patience = 0.4 if name in SILENT else 10
        async with Origin() as origin:
            url = origin.mount("c", Always(planned)) + "/v1/x?alt=sse"
            with Recorder(kept.append) as recorder:
                seen = await look(kind, recorder, url, patience=patience)
            plain = await look(kind, None, url, patience=patience)
            assert (seen.status, seen.headers, seen.raised, seen.said) == (
                plain.status,
                plain.headers,
                plain.raised,
                plain.said,
            )
            assert b"".join(seen.pieces) == b"".join(plain.pieces) == planned.body
            first, second = origin.log("c").attempts
            assert (first.method, first.path, first.body) == (second.method, second.path, second.body)
            assert first.headers == second.headers

    asyncio.run(main())
    (exchange,) = kept
    came = exchange.response
    assert came.ending == RECORDED_AS.get(planned.ending, planned.ending)
    assert (came.status, came.head, came.missing_bytes) == (
        planned.status,
        planned.head,
        planned.missing_bytes * (planned.ending == "short_length"),
    )
    assert came.body == planned.body
    if planned.head:
        assert [field for field in came.headers if field[0] not in ("date", "server")] == list(planned.headers)
        assert came.transfer == planned.transfer or planned.status == 204
    if planned.transfer == "chunked":
        assert [each.data for each in came.chunks] == [each.data for each in planned.chunks]
    assert (exchange.request.method, exchange.request.body) == ("POST", b'{"q":1}')
    assert exchange.request.url.endswith("/c/v1/x?alt=sse")
    assert ("content-type", "application/json") in exchange.request.headers


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_reader_has_each_piece_before_the_server_sends_the_next(kind: Kind) -> None:
    kept: list[Exchange] = []

    async def main() -> None:
        loop, read = asyncio.get_running_loop(), [asyncio.Event() for _ in range(3)]

        async def talk(line: Line) -> None:
            await line.say(HEAD)
            for number in range(3):
                await line.say(chunk(b"piece %d" % number))
                await asyncio.wait_for(read[number].wait(), 20)  # a recorder that waits for the end never gets there
            await line.say(LAST)

        def tell(pieces: list[bytes]) -> bool:
            loop.call_soon_threadsafe(read[len(pieces) - 1].set)
            return False

        async with talking(talk) as url:
            with Recorder(kept.append) as recorder:
                sight = await look(kind, recorder, url, leave=tell)
        assert sight.pieces == [b"piece 0", b"piece 1", b"piece 2"]

    asyncio.run(main())
    assert [each.data for each in kept[0].response.chunks] == [b"piece 0", b"piece 1", b"piece 2"]
    assert (kept[0].response.ending, kept[0].reason) == ("clean", "OK")
    assert kept[0].header_form == (("Content-Type", None), ("Transfer-Encoding", "chunked"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_chunks_that_come_in_one_read_stay_apart(kind: Kind) -> None:
    kept: list[Exchange] = []

    async def main() -> None:
        async with talking(lambda line: line.say(HEAD, chunk(b"one"), chunk(b"two"), LAST)) as url:
            with Recorder(kept.append) as recorder:
                await look(kind, recorder, url)

    asyncio.run(main())
    assert [each.data for each in kept[0].response.chunks] == [b"one", b"two"]


# Leaving early


def left_after_one(kind: Kind, talk: Callable[[Line], Any]) -> tuple[str, list[bytes]]:
    """How it is recorded that a client leaves after the first piece, and what of the body is."""
    kept: list[Exchange] = []

    async def main() -> None:
        async with talking(talk) as url:
            with Recorder(kept.append) as recorder:
                sight = await look(kind, recorder, url, leave=lambda _: True)
        assert sight.pieces == [b"one"]

    asyncio.run(main())
    (exchange,) = kept
    return exchange.response.ending, [each.data for each in exchange.response.chunks]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_who_leaves_in_the_middle_has_cancelled_and_the_server_is_told(kind: Kind) -> None:
    told = threading.Event()

    async def talk(line: Line) -> None:
        await line.say(HEAD, chunk(b"one"))
        await line.until_left()
        told.set()

    assert left_after_one(kind, talk) == ("cancelled", [b"one"])
    assert told.wait(10)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_who_leaves_behind_the_last_piece_has_not_cancelled(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "END_GRACE_S", 20.0)
    assert left_after_one(kind, lambda line: line.say(HEAD, chunk(b"one"), LAST)) == ("clean", [b"one"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_end_that_is_on_its_way_when_the_reader_leaves_is_waited_for(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "END_GRACE_S", 20.0)
    leaving: list[Callable[[], object]] = []

    async def talk(line: Line) -> None:
        loop, left = asyncio.get_running_loop(), asyncio.Event()
        leaving.append(lambda: loop.call_soon_threadsafe(left.set))
        await line.say(HEAD, chunk(b"one"))
        await left.wait()
        await line.say(LAST)

    kept: list[Exchange] = []

    async def main() -> None:
        async with talking(talk) as url:
            with Recorder(kept.append) as recorder:
                await look(kind, recorder, url, leave=lambda _: leaving[0]() is None)

    asyncio.run(main())
    assert kept[0].response.ending == "clean"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_the_reader_never_saw_is_not_recorded(kind: Kind) -> None:
    async def talk(line: Line) -> None:
        await line.say(HEAD, chunk(b"one"), chunk(b"two"))
        await line.until_left()

    assert left_after_one(kind, talk) == ("cancelled", [b"one"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_cut_behind_the_last_piece_read_is_a_cut(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "END_GRACE_S", 20.0)
    assert left_after_one(kind, lambda line: line.say(HEAD, chunk(b"one"))) == ("no_last_chunk", [b"one"])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("rest", "ending", "grace_s"), [(b"", "cancelled", 0.05), (LAST, "clean", 20.0)])
def test_leaving_is_the_same_over_tls(
    kind: Kind, rest: bytes, ending: str, grace_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "END_GRACE_S", grace_s)
    server, trust = made_in(tmp_path)
    kept: list[Exchange] = []
    told = threading.Event()

    async def talk(line: Line) -> None:
        await line.say(HEAD, chunk(b"one"), rest)
        await line.until_left()
        told.set()

    async def main() -> None:
        async with talking(talk, server) as url:
            with Recorder(kept.append) as recorder:
                sight = await look(kind, recorder, url, leave=lambda _: True, patience=60, verify=trust)
        assert sight.pieces == [b"one"]

    asyncio.run(main())
    assert told.wait(10)
    assert [(one.response.ending, one.response.body) for one in kept] == [(ending, b"one")]


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
@pytest.mark.parametrize(("start", "pieces"), [(b"", []), (HEAD + chunk(b"one"), [b"one"])], ids=["head", "body"])
def test_a_task_that_is_cancelled_cancels(name: str, start: bytes, pieces: list[bytes]) -> None:
    kept: list[Exchange] = []

    async def main() -> None:
        waiting = asyncio.Event()

        async def talk(line: Line) -> None:
            await line.say(start)
            if not pieces:
                waiting.set()
            await line.until_left()

        def tell(_: list[bytes]) -> bool:
            asyncio.get_running_loop().call_soon(waiting.set)  # once the client waits again
            return False

        async with talking(talk) as url:
            with Recorder(kept.append) as recorder:
                asking = asyncio.create_task(look(KINDS[name], recorder, url, leave=tell))
                await waiting.wait()
                asking.cancel()
                await asyncio.wait([asking])
                assert asking.cancelled()
                assert [one.response.ending for one in kept] == ["cancelled"]  # not only when the recorder closes

    asyncio.run(main())
    assert (kept[0].response.head, [each.data for each in kept[0].response.chunks]) == (bool(pieces), pieces)


@pytest.mark.parametrize("kind", [KINDS["httpx-sync"], KINDS["httpx2-sync"]], ids=["httpx", "httpx2"])
def test_a_stream_that_is_dropped_is_cancelled_when_its_client_closes(kind: Kind) -> None:
    kept: list[Exchange] = []

    async def talk(line: Line) -> None:
        await line.say(HEAD, chunk(b"one"))
        await line.until_left()

    async def main() -> None:
        async with talking(talk) as url:

            def steps() -> None:
                client = kind.connect(recorder)
                answer = client.send(client.build_request("POST", url), stream=True)
                assert next(answer.iter_raw()) == b"one"
                del answer
                client.close()

            recorder = Recorder(kept.append)
            await asyncio.to_thread(steps)

    asyncio.run(main())
    assert [(one.response.ending, one.response.body) for one in kept] == [("cancelled", b"one")]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_client_that_closes_hangs_up_on_what_it_reads(kind: Kind) -> None:
    kept: list[Exchange] = []
    held: list[Any] = []

    async def talk(line: Line) -> None:
        await line.say(HEAD, chunk(b"one"))
        await line.until_left()

    async def main() -> None:
        async with talking(talk) as url:

            async def steps() -> None:
                async with kind.connect(recorder) as client:
                    held.append(await client.send(client.build_request("POST", url), stream=True))

            def sync_steps() -> None:
                with kind.connect(recorder) as client:
                    held.append(client.send(client.build_request("POST", url), stream=True))

            recorder = Recorder(kept.append)
            await kind.run(steps if kind.is_async else sync_steps)

    asyncio.run(main())
    assert [(one.response.ending, one.response.body) for one in kept] == [("cancelled", b"")]


# What is no exchange, and what is no HTTP


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_refused_connection_is_no_exchange(kind: Kind) -> None:
    kept: list[Exchange] = []

    async def main() -> str | None:
        async with talking(lambda line: line.say()) as url:
            pass  # nobody listens there any more
        with Recorder(kept.append) as recorder:
            return (await look(kind, recorder, url)).raised

    assert asyncio.run(main()) == "ConnectError"
    assert kept == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(
    ("said", "head", "ending"),
    [(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", False, "clean"), (HEAD + chunk(b"one") + b"zz\r\n", True, "no_last_chunk")],
    ids=["head", "body"],
)
def test_what_is_no_http_is_noted(kind: Kind, said: bytes, head: bool, ending: str) -> None:
    kept: list[Exchange] = []

    async def main() -> str | None:
        async with talking(lambda line: line.say(said)) as url:
            with Recorder(kept.append) as recorder:
                return (await look(kind, recorder, url)).raised

    assert asyncio.run(main()) == "RemoteProtocolError"
    assert (kept[0].response.head, kept[0].response.ending) == (head, ending)
    assert (kept[0].note or "").startswith("what came is no HTTP from here on: ")


# Requests


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_request_whose_body_is_a_stream_is_sent_and_recorded_whole(kind: Kind) -> None:
    kept: list[Exchange] = []
    bodies: list[bytes] = []

    async def talk(line: Line) -> None:
        bodies.append(line.body)
        await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"{", b'"q":', b"1}"):
            yield piece

    async def main() -> None:
        async with talking(talk) as url:

            async def steps() -> None:
                async with kind.connect(recorder) as client:
                    assert (await client.post(url, content=pieces())).text == "ok"

            def sync_steps() -> None:
                with kind.connect(recorder) as client:
                    assert client.post(url, content=iter([b"{", b'"q":', b"1}"])).text == "ok"

            with Recorder(kept.append) as recorder:
                await kind.run(steps if kind.is_async else sync_steps)

    asyncio.run(main())
    assert bodies == [b'{"q":1}']
    assert kept[0].request.body == b'{"q":1}'


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_step_of_a_redirect_is_an_exchange(kind: Kind) -> None:
    kept: list[Exchange] = []

    async def talk(line: Line) -> None:
        if b" /there " in line.head:
            await line.say(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        else:
            await line.say(
                b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /there\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )

    async def main() -> None:
        async with talking(talk) as url:

            async def steps() -> None:
                async with kind.connect(recorder, follow_redirects=True) as client:
                    assert (await client.post(f"{url}/here", content=b"q")).text == "ok"

            def sync_steps() -> None:
                with kind.connect(recorder, follow_redirects=True) as client:
                    assert client.post(f"{url}/here", content=b"q").text == "ok"

            with Recorder(kept.append) as recorder:
                await kind.run(steps if kind.is_async else sync_steps)

    asyncio.run(main())
    steps = [(one.request.url.rpartition("/")[2], one.request.body, one.response.status) for one in kept]
    assert steps == [("here", b"q", 307), ("there", b"q", 200)]
    assert kept[0].response.header("location") == "/there"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_connecting_takes_is_no_time_of_the_servers_and_the_callers_trace_goes_on(kind: Kind) -> None:
    kept: list[Exchange] = []
    events: list[str] = []
    now = [0]

    def heard(name: str, _: Any) -> None:
        events.append(name)
        now[0] += 1_000_000_000 if name == "connection.connect_tcp.complete" else 0

    async def heard_async(name: str, info: Any) -> None:
        heard(name, info)

    async def main() -> None:
        async with talking(lambda line: line.say(HEAD, chunk(b"one"), LAST)) as url:

            async def steps() -> None:
                async with kind.connect(recorder) as client:
                    await client.post(url, extensions={"trace": heard_async})

            def sync_steps() -> None:
                with kind.connect(recorder) as client:
                    client.post(url, extensions={"trace": heard})

            with Recorder(kept.append, now_ns=lambda: now[0]) as recorder:
                await kind.run(steps if kind.is_async else sync_steps)

    asyncio.run(main())
    assert now == [1_000_000_000]
    assert kept[0].response.before_head_s == 0
    assert "http11.response_closed.complete" in events


# Many at once, and trouble of our own


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_many_streams_at_once_keep_apart(name: str) -> None:
    kept: list[Exchange] = []

    async def main() -> None:
        async def talk(line: Line) -> None:
            await line.say(HEAD)
            for number in range(5):
                await line.say(chunk(line.body + b"%d" % number))
                await asyncio.sleep(0)  # the others' turn
            await line.say(LAST)

        async with talking(talk) as url:
            with Recorder(kept.append) as recorder:
                async with KINDS[name].connect(recorder, timeout=60) as client:
                    await asyncio.gather(*(client.post(url, content=b"%d." % number) for number in range(60)))

    asyncio.run(main())
    assert len(kept) == 60
    assert {one.request.body for one in kept} == {b"%d." % number for number in range(60)}
    for one in kept:
        assert [each.data for each in one.response.chunks] == [one.request.body + b"%d" % number for number in range(5)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_stream_does_not_notice_that_it_could_not_be_kept(kind: Kind) -> None:
    def sink(_: Exchange) -> None:
        raise OSError("disk full")

    async def main() -> list[bytes]:
        async with talking(lambda line: line.say(HEAD, chunk(b"one"), LAST)) as url:
            return (await look(kind, Recorder(sink), url)).pieces

    with pytest.warns(RecordingLost, match="disk full"):
        assert asyncio.run(main()) == [b"one"]


# Transports that are no sockets


class Canned(httpx.BaseTransport):
    """Answers over HTTP/2, as far as it says; its body breaks as it is told."""

    def __init__(self, broken: Exception | None, *headers: tuple[str, str]) -> None:
        self._broken, self._headers = broken, headers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        extensions = {"http_version": b"HTTP/2", "network_stream": None}
        return httpx.Response(200, headers=list(self._headers), stream=_Body(self._broken), extensions=extensions)


class _Body(httpx.SyncByteStream):
    def __init__(self, broken: Exception | None) -> None:
        self._broken = broken

    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        if self._broken:
            raise self._broken


@pytest.mark.parametrize(
    ("inner", "transfer", "ending", "note"),
    [
        (Canned(None), "chunked", "clean", None),
        (Canned(None, ("content-length", "3")), "length", "clean", None),
        (Canned(httpx.RemoteProtocolError("<StreamReset stream_id:1>")), "chunked", "reset", None),
        (Canned(KeyError("mine")), "chunked", "cancelled", "the transport raised KeyError"),
    ],
)
def test_http_2_has_no_chunks_and_breaks_by_resets(inner: Canned, transfer: str, ending: str, note: str | None) -> None:
    kept: list[Exchange] = []
    recorder = Recorder(kept.append)
    from harness.recording.transport import SyncRecordingTransport

    with httpx.Client(transport=SyncRecordingTransport(recorder, inner)) as client:
        try:
            client.get("http://h/")
        except (httpx.HTTPError, KeyError) as error:
            assert error is inner._broken
    response = kept[0].response
    assert (response.transfer, response.ending, response.body, kept[0].note) == (transfer, ending, b"one", note)


def test_a_transport_that_has_the_whole_answer_ready_is_recorded_too() -> None:
    from harness.recording.transport_httpx2 import SyncRecordingTransport2

    kept: list[Exchange] = []
    ready = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"asked": request.url.path}))
    with httpx2.Client(transport=SyncRecordingTransport2(Recorder(kept.append), ready)) as client:
        assert client.get("http://h/x").json() == {"asked": "/x"}
    assert [(one.response.body, one.response.ending) for one in kept] == [(b'{"asked":"/x"}', "clean")]
