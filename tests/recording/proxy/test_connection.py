from __future__ import annotations

import asyncio
import socket

import pytest

from harness.recording.proxy import connection
from harness.recording.proxy.events import NotRelayed, OddAnswer, Recorded
from harness.recording.proxy.server import Proxy
from harness.wire.response import Ending
from harness.wire.tcp import reset, unacknowledged

from ...origin.wire import RawClient, Seen
from .rig import Rig, Talk, ask, head_of, rigged, saying, through, upstream

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TWO = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


def resetting(*pieces: bytes) -> Talk:
    """An upstream that answers with these pieces and resets the connection once they have been taken."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(*pieces)(reader, writer)
        assert isinstance(writer.transport, asyncio.Transport)
        reset(writer.transport)

    return talk


class NarrowClient(RawClient):
    """A client whose kernel takes a few kilobytes at a time."""

    async def __aenter__(self) -> RawClient:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, self._address)
        self.reader, self.writer = await asyncio.open_connection(sock=narrow)
        return self


def test_the_upstreams_bytes_go_through_as_they_are() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    head = b"HTTP/1.1 203 So  To Say\r\nX-MiXed:  two  spaces \r\nTransfer-Encoding: chunked\r\nX-B: \xe9\r\n\r\n"
    body = b'3;ext="v"\r\nabc\r\n02\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n'
    seen, rig = through(saying(early, head + body[:12], body[12:]), ask)
    assert seen == Seen(early + head + body, "FIN")
    assert [exchange.response.body for exchange in rig.exchanges] == [b"abcde"]
    assert rig.exchanges[0].request.url.endswith("/v1/x?a=b")


def test_every_byte_is_there_before_the_next_one_is_sent() -> None:
    answer = CHUNKED + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"

    async def main() -> bytes:
        read = asyncio.Semaphore(0)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            for byte in answer:
                writer.write(bytes([byte]))
                await read.acquire()

        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            seen = b""
            while len(seen) < len(answer):
                seen += await client.reader.readexactly(1)
                read.release()
            return seen

    assert asyncio.run(main()) == answer


ENDINGS: list[tuple[Talk, bytes, str, Ending]] = [
    (saying(CHUNKED, b"2\r\nab\r\n0\r\n\r\n"), CHUNKED + b"2\r\nab\r\n0\r\n\r\n", "FIN", "clean"),
    (saying(CHUNKED, b"2\r\nab\r\n"), CHUNKED + b"2\r\nab\r\n", "FIN", "no_last_chunk"),
    (saying(HEAD + b"content-length: 9\r\n\r\n", b"ab"), HEAD + b"content-length: 9\r\n\r\nab", "FIN", "short_length"),
    (saying(HEAD + b"\r\n", b"ab"), HEAD + b"\r\nab", "FIN", "clean"),
    (saying(), b"", "FIN", "clean"),
    (saying(b"HTTP/1.1 2"), b"HTTP/1.1 2", "FIN", "clean"),
    (resetting(CHUNKED, b"2\r\nab\r\n"), CHUNKED + b"2\r\nab\r\n", "RST", "reset"),
    (resetting(HEAD + b"content-length: 9\r\n\r\n", b"ab"), HEAD + b"content-length: 9\r\n\r\nab", "RST", "reset"),
    (resetting(HEAD + b"\r\n", b"ab"), HEAD + b"\r\nab", "RST", "reset"),
    (resetting(), b"", "RST", "reset"),
]


@pytest.mark.parametrize(("talk", "data", "ended", "ending"), ENDINGS)
def test_the_client_sees_the_end_that_the_upstream_made(talk: Talk, data: bytes, ended: str, ending: Ending) -> None:
    seen, rig = through(talk, ask)
    assert seen == Seen(data, ended)
    (exchange,) = rig.exchanges
    assert (exchange.response.ending, exchange.response.head) == (ending, b"\r\n\r\n" in data)
    (event,) = rig.told
    assert isinstance(event, Recorded)
    assert (event.ending, event.size) == (ending, 2 if b"ab" in data else 0)


def test_a_reset_comes_behind_everything_that_was_sent_however_slowly_it_is_read() -> None:
    body = bytes(range(256)) * 4096  # 1 MiB, and a client whose kernel takes little of it at a time

    async def main() -> tuple[Seen, Rig]:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            transport = writer.transport
            assert isinstance(transport, asyncio.Transport)
            transport.set_write_buffer_limits(high=0)
            writer.write(HEAD + b"\r\n" + body)
            await writer.drain()
            while unacknowledged(transport.get_extra_info("socket")):
                await asyncio.sleep(0)
            reset(transport)

        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig, NarrowClient(rig.url) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await client.read_until(b"\r\n\r\n")
            while not rig.exchanges and all(there._flushed.is_set() for there in rig.proxy._clients):
                await asyncio.sleep(0)
            seen = await client.read_to_end()
        return Seen(head + seen.data, seen.ended), rig

    seen, rig = asyncio.run(main())
    assert seen == Seen(HEAD + b"\r\n" + body, "RST")
    assert rig.exchanges[0].response.body == body


async def answer_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one request after another with its own path."""
    while True:
        path = (await head_of(reader)).split(b" ")[1]
        writer.write(HEAD + b"content-length: %d\r\n\r\n" % len(path) + path)


def test_both_sides_are_kept_for_the_next_request() -> None:
    taken = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        await answer_each(reader, writer)

    async def ask_thrice(client: RawClient) -> Seen:
        for path in (b"/a", b"/b", b"/c"):
            await client.send(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await client.read_until(path) == TWO + path
        return Seen(b"", "")

    _, rig = through(talk, ask_thrice)
    assert taken == 1
    assert [exchange.response.body for exchange in rig.exchanges] == [b"/a", b"/b", b"/c"]
    assert [exchange.response.ending for exchange in rig.exchanges] == ["clean"] * 3


def test_requests_that_come_at_once_are_answered_in_their_order() -> None:
    async def ask_at_once(client: RawClient) -> Seen:
        first = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        await client.send(first + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n")
        return Seen(await client.read_until(b"/c"), "")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.write(TWO + b"/a")
        await answer_each(reader, writer)

    seen, rig = through(talk, ask_at_once)
    assert seen.data == TWO + b"/a" + TWO + b"/b" + TWO + b"/c"
    assert [exchange.request.url[-2:] for exchange in rig.exchanges] == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("request_line", "head"),
    [
        (b"HEAD /a", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
        (b"DELETE /a", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET /a", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_does_not_hold_up_the_next_one(request_line: bytes, head: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(head)
        await answer_each(reader, writer)

    async def ask_twice(client: RawClient) -> Seen:
        await client.send(request_line + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await client.read_until(b"\r\n\r\n") == head
        await client.send(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        return Seen(await client.read_until(b"/b"), "")

    seen, rig = through(talk, ask_twice)
    assert seen.data == TWO + b"/b"
    assert [exchange.response.body for exchange in rig.exchanges] == [b"", b"/b"]


def test_many_clients_are_relayed_at_once() -> None:
    count = 200

    async def main() -> Rig:
        together = asyncio.Barrier(count)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            number = (await head_of(reader)).split(b" ")[1]
            writer.write(CHUNKED)
            await together.wait()  # every stream stands open before any goes on
            writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(number), number))

        async def one(url: str, number: int) -> bytes:
            async with RawClient(url) as client:
                await client.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
                return (await client.read_until(b"\r\n0\r\n\r\n")).split(b"\r\n")[-4]

        async with asyncio.timeout(30), upstream(talk) as url, rigged(url) as rig:
            seen = await asyncio.gather(*(one(rig.url, number) for number in range(count)))
            assert seen == [b"/%d" % number for number in range(count)]
        return rig

    rig = asyncio.run(main())
    paths = [exchange.request.url.rpartition("/")[2].encode() for exchange in rig.exchanges]
    assert sorted(paths) == sorted(b"%d" % number for number in range(count))
    assert [exchange.response.body[1:] for exchange in rig.exchanges] == paths


@pytest.mark.parametrize(
    ("framing", "pieces"),
    [
        (b"Transfer-Encoding: chunked", (b"3;a=b\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\nX-T: 1\r\n\r\n")),
        (b"Content-Length: 5", (b"abc", b"d", b"e")),
    ],
)
def test_a_request_body_goes_on_as_it_comes(framing: bytes, pieces: tuple[bytes, ...]) -> None:
    async def main() -> Rig:
        arrived = asyncio.Semaphore(0)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert framing in await head_of(reader)
            for piece in pieces:
                arrived.release()
                assert await reader.readexactly(len(piece)) == piece
            writer.write(TWO + b"ok")

        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            await client.send(b"POST /a HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
            for piece in pieces:
                await arrived.acquire()
                await client.send(piece)
            assert await client.read_until(b"ok") == TWO + b"ok"
        return rig

    (exchange,) = asyncio.run(main()).exchanges
    assert exchange.request.body == b"abcde"


def test_a_client_that_waits_to_be_told_to_go_on_is_told_by_the_upstream() -> None:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"Expect: 100-continue\r\n" in await head_of(reader)
        writer.write(go_on)
        assert await reader.readexactly(5) == b"hello"
        writer.write(TWO + b"ok")

    async def do(client: RawClient) -> Seen:
        await client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert await client.read_until(b"\r\n\r\n") == go_on
        await client.send(b"hello")
        return Seen(await client.read_until(b"ok"), "")

    seen, rig = through(talk, do)
    assert seen.data == TWO + b"ok"
    assert [(one.request.body, one.response.status, one.response.body) for one in rig.exchanges] == [
        (b"hello", 200, b"ok")
    ]


def test_an_answer_may_come_before_the_request_is_whole() -> None:
    answer = b"HTTP/1.1 413 Too Much\r\nConnection: close\r\ncontent-length: 2\r\n\r\nno"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        assert await reader.readexactly(2) == b"he"
        writer.write(answer)

    async def do(client: RawClient) -> Seen:
        await client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nhe")
        return await client.read_to_end()

    seen, rig = through(talk, do)
    assert seen == Seen(answer, "FIN")
    assert [(one.request.body, one.response.status) for one in rig.exchanges] == [(b"he", 413)]


@pytest.mark.parametrize("hard", [False, True])
def test_the_upstream_is_told_when_the_client_leaves_a_silent_stream(hard: bool) -> None:
    left = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(CHUNKED + b"2\r\nab\r\n")
        assert await reader.read() == b""
        left.set()

    async def do(client: RawClient) -> Seen:
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await client.read_until(b"ab\r\n")
        if hard:
            assert isinstance(client.writer.transport, asyncio.Transport)
            reset(client.writer.transport)
        else:
            client.writer.close()
        await left.wait()
        return Seen(b"", "")

    _, rig = through(talk, do)
    (exchange,) = rig.exchanges
    assert (exchange.response.ending, exchange.response.body) == ("cancelled", b"ab")


@pytest.mark.parametrize(
    ("more", "ending", "body"),
    [
        (b"0\r\n\r\n", "clean", b"ab"),
        (b"2\r\ncd\r\n0\r\n\r\n", "cancelled", b"ab"),
        (b"", "cancelled", b"ab"),
    ],
)
def test_a_client_that_leaves_before_nothing_but_the_end_has_not_cancelled(
    more: bytes, ending: Ending, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "END_GRACE_S", 10.0 if more else 0.01)
    leaving, left = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(CHUNKED + b"2\r\nab\r\n")
        await leaving.wait()
        writer.write(more)
        assert await reader.read() == b""
        left.set()

    async def main() -> Rig:
        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig:
            async with RawClient(rig.url) as client:
                await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await client.read_until(b"ab\r\n")
                (there,) = rig.proxy._clients
            while there._passage and not there._passage.left_by_reader:
                await asyncio.sleep(0)
            leaving.set()
            await left.wait()
        return rig

    (exchange,) = asyncio.run(main()).exchanges
    assert (exchange.response.ending, exchange.response.body) == (ending, body)


def test_a_client_that_leaves_within_its_request_made_no_exchange() -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        assert await reader.readexactly(2) == b"he"
        came.set()
        assert await reader.read() == b""
        left.set()

    async def do(client: RawClient) -> Seen:
        await client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe")
        await came.wait()
        client.writer.close()
        await left.wait()
        return Seen(b"", "")

    _, rig = through(talk, do)
    assert (rig.exchanges, rig.told) == ([], [])


def test_a_client_that_reads_slowly_holds_the_upstream_back() -> None:
    size, piece = 64 * 1024 * 1024, bytes(1024 * 1024)

    async def main() -> tuple[int, int, Rig]:
        sent, held = 0, asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await head_of(reader)
            writer.write(HEAD + b"content-length: %d\r\n\r\n" % (size + 1))
            transport = writer.transport
            assert isinstance(transport, asyncio.Transport)
            transport.set_write_buffer_limits(high=0)
            while sent < size:
                writer.write(piece)
                sent += len(piece)
                if transport.get_write_buffer_size():
                    held.set()
                await writer.drain()
            writer.write(b".")

        async with asyncio.timeout(60), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await held.wait()
            before = sent
            seen = await client.read_until(b"\r\n\r\n")
            length = 0
            while length < size + 1:
                length += len(await client.reader.read(1 << 20))
            assert seen.startswith(HEAD)
        return before, length, rig

    before, length, rig = asyncio.run(main())
    assert before < size / 2
    assert length == size + 1
    assert [type(event).__name__ for event in rig.told] == ["NotRecorded"]  # no cassette may be as large


@pytest.mark.parametrize(
    ("data", "status", "slug"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 501, b"no-upgrade"),
        (b"CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", 421, b"no-forward-proxy"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, b"not-http"),
    ],
)
def test_what_is_not_relayed_is_told_to_the_client_and_to_us(data: bytes, status: int, slug: bytes) -> None:
    async def do(client: RawClient) -> Seen:
        await client.send(data)
        return await client.read_to_end()

    seen, rig = through(saying(TWO + b"ok"), do)
    assert seen.data.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nx-harness-proxy: " + slug + b"\r\n" in seen.data
    assert seen.ended == "FIN"
    assert rig.exchanges == []
    (event,) = rig.told
    assert isinstance(event, NotRelayed)
    assert event.status == status


def test_a_body_that_stops_being_http_ends_the_exchange() -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        came.set()
        await reader.read()
        left.set()

    async def do(client: RawClient) -> Seen:
        await client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await came.wait()
        await client.send(b"zz\r\n")
        seen = await client.read_to_end()
        await left.wait()
        return seen

    seen, rig = through(talk, do)
    assert rig.exchanges == []
    assert seen.data.startswith(b"HTTP/1.1 400 ")
    assert [type(event) for event in rig.told] == [NotRelayed]


def test_an_answer_that_stops_being_http_is_relayed_up_to_there() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(CHUNKED + b"2\r\nab\r\nzz\r\n")
        await reader.read()

    seen, rig = through(talk, ask)
    assert seen == Seen(CHUNKED + b"2\r\nab\r\nzz\r\n", "FIN")
    assert [one.response.ending for one in rig.exchanges] == ["no_last_chunk"]
    odd = [event for event in rig.told if isinstance(event, OddAnswer)]
    assert odd[0].problem.startswith("the answer is no HTTP from here on")


def test_what_comes_behind_an_answer_is_relayed_and_ends_the_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(TWO + b"ok" + b"surplus")
        await reader.read()

    seen, rig = through(talk, ask)
    assert seen == Seen(TWO + b"oksurplus", "FIN")
    assert [one.response.body for one in rig.exchanges] == [b"ok"]
    assert [event.problem for event in rig.told if isinstance(event, OddAnswer)] == ["more came than the answer"]


def test_an_idle_connection_is_closed_with_its_upstream() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(TWO + b"ok")
        await head_of(reader)
        writer.write(TWO + b"ok")

    async def do(client: RawClient) -> Seen:
        for _ in range(2):
            await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await client.read_until(b"ok")
        return await client.read_to_end()

    seen, rig = through(talk, do)
    assert seen == Seen(b"", "FIN")
    assert [one.response.ending for one in rig.exchanges] == ["clean", "clean"]


def test_a_request_on_its_way_while_the_upstream_closes_gets_a_new_connection() -> None:
    taken = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        await head_of(reader)
        writer.write(TWO + b"ok")
        if taken == 1:
            await begun.wait()

    begun = asyncio.Event()

    async def main() -> Rig:
        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            await client.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HT")
            await client.read_until(b"ok")
            (there,) = rig.proxy._clients
            while not there._asking:
                await asyncio.sleep(0)
            begun.set()
            while there._upstream is not None:
                await asyncio.sleep(0)
            await client.send(b"TP/1.1\r\nHost: x\r\n\r\n")
            await client.read_until(b"ok")
        return rig

    rig = asyncio.run(main())
    assert [exchange.request.url[-2:] for exchange in rig.exchanges] == ["/a", "/b"]
    assert taken == 2


def test_an_upstream_that_hangs_up_at_once_is_recorded_as_doing_so() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    seen, rig = through(talk, ask)
    assert seen.data == b""
    (exchange,) = rig.exchanges
    assert exchange.response.head is False


def test_a_client_may_send_far_ahead_and_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "AHEAD_LIMIT", 1000)
    body = bytes(range(256)) * 65536  # 16 MiB behind a request whose answer has not come

    async def main() -> tuple[bytes, int, Rig]:
        held = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            await held.wait()
            writer.write(TWO + b"/a")
            await head_of(reader)
            assert await reader.readexactly(len(body)) == body
            writer.write(TWO + b"/b")

        async with asyncio.timeout(30), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            second = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            client.writer.write(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            client.writer.write(second)
            while not (clients := list(rig.proxy._clients)) or not clients[0]._holding:
                await asyncio.sleep(0)
            for _ in range(1000):  # turns in which it could take more
                await asyncio.sleep(0)
            ahead = sum(map(len, clients[0]._inbox))
            held.set()
            seen = await client.read_until(b"/b")
        return seen, ahead, rig

    seen, ahead, rig = asyncio.run(main())
    assert seen == TWO + b"/a" + TWO + b"/b"
    assert 1000 < ahead < 1024 * 1024
    assert [len(exchange.request.body) for exchange in rig.exchanges] == [0, len(body)]


def test_a_refusal_is_read_also_by_a_client_that_is_still_sending() -> None:
    body = bytes(4 * 1024 * 1024)

    async def do(client: RawClient) -> Seen:
        client.writer.write(b"POST http://other.example/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n" + body)
        return await client.read_to_end()

    seen, _ = through(saying(TWO + b"ok"), do)
    assert seen.data.startswith(b"HTTP/1.1 421 ")
    assert seen.ended == "FIN"


def test_an_upstream_that_is_gone_before_the_request_goes_out_ends_the_exchange(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reach = Proxy.reach

    async def late(proxy: Proxy, client: connection.ClientSide) -> connection.UpstreamSide:
        side = await reach(proxy, client)
        while side.was_reset is None:
            await asyncio.sleep(0)
        return side

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    monkeypatch.setattr(Proxy, "reach", late)
    seen, rig = through(hang_up, ask)
    assert seen == Seen(b"", "FIN")
    assert [(one.response.head, one.response.ending) for one in rig.exchanges] == [(False, "clean")]


def test_a_blocking_client_is_relayed_too() -> None:
    def talk_to(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: client.recv(65536), b""))

    async def main() -> bytes:
        async with asyncio.timeout(20), upstream(saying(HEAD + b"\r\n", b"hi")) as url, rigged(url) as rig:
            return await asyncio.to_thread(talk_to, int(rig.url.rpartition(":")[2]))

    assert asyncio.run(main()) == HEAD + b"\r\nhi"
