"""Clients of four kinds (httpx and httpx2, async and sync), recorded and unrecorded, and a server of literal bytes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import httpx2

from harness.recording.tape import Recorder
from harness.recording.transport import RecordingTransport, SyncRecordingTransport
from harness.recording.transport_httpx2 import RecordingTransport2, SyncRecordingTransport2


@dataclass(frozen=True)
class Kind:
    """One kind of client: its class, and its recording transport."""

    client: Callable[..., Any]
    transport: Callable[..., Any]
    inner: Callable[..., Any]
    """Its library's own transport."""
    is_async: bool

    def connect(self, recorder: Recorder | None, **options: Any) -> Any:
        """A client, recorded if there is a recorder, with 10 s of patience unless told otherwise."""
        options = {"timeout": 10, **options}
        inner = self.inner(verify=options.pop("verify", True))
        return self.client(transport=inner if recorder is None else self.transport(recorder, inner), **options)

    async def run(self, steps: Callable[[], Any]) -> Any:
        """The result of async steps, or of sync ones in a thread, so that a server in this loop can answer."""
        return await (steps() if self.is_async else asyncio.to_thread(steps))


KINDS = {
    "httpx": Kind(httpx.AsyncClient, RecordingTransport, httpx.AsyncHTTPTransport, True),
    "httpx-sync": Kind(httpx.Client, SyncRecordingTransport, httpx.HTTPTransport, False),
    "httpx2": Kind(httpx2.AsyncClient, RecordingTransport2, httpx2.AsyncHTTPTransport, True),
    "httpx2-sync": Kind(httpx2.Client, SyncRecordingTransport2, httpx2.HTTPTransport, False),
}


@dataclass
class Sight:
    """What a client saw of one answer."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    raised: str | None = None
    said: str = ""


Reaction = Callable[[list[bytes]], bool]
"""Given what has come so far, whether to leave."""


async def look(
    kind: Kind,
    recorder: Recorder | None,
    url: str,
    *,
    leave: Reaction = lambda _: False,
    patience: float = 10,
    verify: Any = True,
) -> Sight:
    """What a client of that kind sees of a POST; it leaves when `leave` says so. The client is closed then."""
    sight = Sight()

    async def steps() -> None:
        async with kind.connect(recorder, timeout=patience, verify=verify) as client:  # noqa: SIM117
            async with client.stream("POST", url, json={"q": 1}) as answer:
                _saw_head(sight, answer)
                async for piece in answer.aiter_raw():
                    sight.pieces.append(piece)
                    if leave(sight.pieces):
                        break

    def sync_steps() -> None:
        with kind.connect(recorder, timeout=patience, verify=verify) as client:  # noqa: SIM117
            with client.stream("POST", url, json={"q": 1}) as answer:
                _saw_head(sight, answer)
                for piece in answer.iter_raw():
                    sight.pieces.append(piece)
                    if leave(sight.pieces):
                        break

    try:
        await kind.run(steps if kind.is_async else sync_steps)
    except (httpx.HTTPError, httpx2.HTTPError) as error:
        sight.raised, sight.said = type(error).__name__, str(error)
    return sight


def _saw_head(sight: Sight, answer: Any) -> None:
    sight.status = answer.status_code
    sight.headers = [(name, value) for name, value in answer.headers.items() if name != "date"]


@dataclass
class Line:
    """The server's end of a connection: what the request was, and what to do with it."""

    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *parts: bytes) -> None:
        """Sends bytes in one write."""
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    async def until_left(self) -> None:
        """Returns when the client has hung up."""
        with suppress(ConnectionError, ssl.SSLError):
            await self.reader.read(1)

    def reset(self) -> None:
        """Breaks the connection with a reset."""
        self.writer.transport.abort()


Talk = Callable[[Line], Awaitable[object]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that has `talk` answer each request and then closes; gives its URL."""

    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await talk(await _line(reader, writer))
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*serving)


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Line:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    body = b""
    if fields.get(b"transfer-encoding") == b"chunked":
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
    elif length := int(fields.get(b"content-length", b"0")):
        body = await reader.readexactly(length)
    return Line(head, body, reader, writer)
