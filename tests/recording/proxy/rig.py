"""A proxy between raw sockets: an upstream that does as a test says, and what the proxy recorded and told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from harness.recording.cassette import Exchange
from harness.recording.proxy.events import Listening, ProxyEvent
from harness.recording.proxy.server import Proxy, proxying
from harness.recording.tape import Recorder

from ...origin.wire import RawClient, Seen

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What an upstream does with a connection; it is closed afterwards."""


@dataclass
class Rig:
    """What came of the exchanges that went through a proxy."""

    exchanges: list[Exchange] = field(default_factory=list)
    events: list[ProxyEvent] = field(default_factory=list)
    proxy: Proxy = field(init=False)

    @property
    def url(self) -> str:
        return self.proxy.url

    @property
    def told(self) -> list[ProxyEvent]:
        """The events behind the first, which says where the proxy listens."""
        assert isinstance(self.events[0], Listening)
        return self.events[1:]


@asynccontextmanager
async def upstream(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that talks so; gives its URL."""
    open_writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        for writer in open_writers:
            writer.close()
        for writer in open_writers:
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
        await server.wait_closed()


@asynccontextmanager
async def rigged(url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Rig]:
    """A proxy before the server at `url`. Behind the block, everything is recorded."""
    rig = Rig()
    recorder = Recorder(rig.exchanges.append)
    async with proxying(url, recorder, on_event=rig.events.append, tls=tls) as rig.proxy:
        yield rig


def through(talk: Talk, do: Callable[[RawClient], Awaitable[Seen]]) -> tuple[Seen, Rig]:
    """What one raw client sees through the proxy, and what was recorded."""

    async def main() -> tuple[Seen, Rig]:
        async with asyncio.timeout(20), upstream(talk) as url, rigged(url) as rig, RawClient(rig.url) as client:
            seen = await do(client)
        return seen, rig

    return asyncio.run(main())


async def head_of(reader: asyncio.StreamReader) -> bytes:
    """The head of the next request that an upstream gets."""
    return await reader.readuntil(b"\r\n\r\n")


def saying(*pieces: bytes) -> Talk:
    """An upstream that answers any request with these pieces, each in a read of its own, and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return talk


async def ask(client: RawClient) -> Seen:
    """One GET, and everything that comes until the end of the connection."""
    await client.send(b"GET /v1/x?a=b HTTP/1.1\r\nHost: client\r\n\r\n")
    return await client.read_to_end()
