"""The client over real connections of this machine: how they end, are stopped, and are used again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from harness.events import AnyEvent, End
from harness.stack.client import Client

from .fakes import FAKE, HELLO, PLAIN, REQUEST, failures, run, texts

CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PATIENCE = replace(PLAIN, first_byte_s=0.05, idle_s=0.05).limited(0)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


WHOLE = b"".join(map(chunk, HELLO)) + b"0\r\n\r\n"


@dataclass
class Server:
    """A port, the connections that were made to it, and a sign that the peer has gone."""

    talk: Talk
    port: int = 0
    connections: int = 0
    peer_left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await read_request(reader):
                await self.talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            self.peer_left.set()
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> bool:
    """Whether one more whole request came."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return True


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[Server]:
    server = Server(talk)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def saying(*parts: bytes, reset: bool = False, close: bool = False) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(parts)
        await writer.drain()
        if reset:
            writer.transport.abort()
        if close or reset:
            writer.close()

    return talk


async def falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.writelines([CHUNKED, chunk(HELLO[0])])
    await reader.read()  # ends when the peer hangs up


def asked(talk: Talk) -> list[AnyEvent]:
    async def ask() -> list[AnyEvent]:
        async with serving(talk) as server, Client(FAKE, server.url, policy=PATIENCE) as client:
            return [event async for event in client.stream(REQUEST)]

    return run(ask())


def test_a_whole_answer() -> None:
    events = asked(saying(CHUNKED, WHOLE))
    assert (texts(events), events[-1]) == ("Hello", End("completed"))


@pytest.mark.parametrize(
    "talk",
    [
        saying(CHUNKED, chunk(HELLO[0]), close=True),
        saying(CHUNKED, chunk(HELLO[0]), b"5\r\nda", close=True),
        saying(CHUNKED, chunk(HELLO[0]), b"zz\r\n", close=True),
        saying(CHUNKED.replace(b"transfer-encoding: chunked", b"content-length: 999"), HELLO[0], close=True),
        saying(CHUNKED.replace(b"transfer-encoding: chunked", b"connection: close"), HELLO[0], close=True),
        falls_silent,
    ],
    ids=["no-last-chunk", "inside-a-chunk", "no-chunk", "short-of-its-length", "close", "silence"],
)
def test_every_way_of_breaking_off_is_a_truncation(talk: Talk) -> None:
    events = asked(talk)
    assert (texts(events), events[-1]) == ("Hel", End("truncated"))
    assert failures(events)[0].kind in ("connection", "timeout")


def test_a_reset_is_a_truncation() -> None:
    events = asked(saying(CHUNKED, chunk(HELLO[0]), reset=True))
    assert events[-1] in (End("truncated"), End("failed"))  # a reset may overtake what was sent
    assert failures(events)[0].kind == "connection"


@pytest.mark.parametrize("talk", [saying(close=True), saying(b"SSH-2.0-OpenSSH\r\n\r\n", close=True)])
def test_what_is_no_answer_is_a_failure(talk: Talk) -> None:
    events = asked(talk)
    assert [error.kind for error in failures(events)] == ["connection"]
    assert events[-1] == End("failed")


def test_nobody_listening_is_a_failure() -> None:
    client = Client(FAKE, "http://127.0.0.1:1", policy=PATIENCE)
    transcript = client.transcript(REQUEST)
    assert transcript.error is not None
    assert (transcript.status, transcript.error.kind) == ("failed", "connection")


def test_cancelling_hangs_up_at_once() -> None:
    async def cancel() -> list[AnyEvent]:
        async with serving(falls_silent) as server, Client(FAKE, server.url, policy=PLAIN) as client:
            stream = client.stream(REQUEST)
            seen = [await anext(stream)]
            asyncio.get_running_loop().call_soon(stream.cancel)
            seen += [event async for event in stream]
            await server.peer_left.wait()
            return seen

    events = run(cancel())
    assert (texts(events), events[-1]) == ("Hel", End("cancelled"))


def test_leaving_hangs_up_at_once() -> None:
    async def leave() -> bool:
        async with serving(falls_silent) as server, Client(FAKE, server.url, policy=PLAIN) as client:
            async with client.stream(REQUEST) as stream:
                await anext(stream)
            return await server.peer_left.wait()

    assert run(leave())


def test_a_connection_is_used_again() -> None:
    async def twice() -> int:
        async with serving(saying(CHUNKED, WHOLE)) as server, Client(FAKE, server.url, policy=PLAIN) as client:
            for _ in range(3):
                assert (await client.collect(REQUEST)).text == "Hello"
            return server.connections

    assert run(twice()) == 1
