"""Small parts for the tests of the origin: responses of literals, a script that always says the same, a raw client."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from harness.origin.case import Answer, ReceivedRequest
from harness.wire.response import Chunk, WireResponse

PLAIN = (("content-type", "text/plain"),)
CHAT = b'{"model":"m","messages":[{"role":"user","content":"Hello"}],"stream":true}'
"""A request that Ollama takes, at /api/chat."""


def response(*pieces: bytes, **fields: Any) -> WireResponse:
    """A plain text response of these chunks."""
    return WireResponse(200, PLAIN, tuple(Chunk(piece) for piece in pieces), **fields)


@dataclass
class Always:
    """A script that gives one response to everything."""

    response: WireResponse

    def answer(self, request: ReceivedRequest) -> Answer:
        return Answer(self.response)


@dataclass(frozen=True)
class Seen:
    """What a raw client saw: all bytes, and how the connection ended: `FIN` or `RST`."""

    data: bytes
    ended: str

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


class RawClient:
    """A client that sends bytes and reads bytes; an async context manager."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self.path = parts.path

    async def __aenter__(self) -> RawClient:
        self.reader, self.writer = await asyncio.open_connection(*self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def post(self, below: str = "/x", body: bytes = b"", *headers: bytes) -> None:
        head = [f"POST {self.path}{below} HTTP/1.1".encode(), b"host: x", b"content-length: %d" % len(body), *headers]
        await self.send(b"\r\n".join(head) + b"\r\n\r\n" + body)

    async def read_until(self, end: bytes) -> bytes:
        return await self.reader.readuntil(end)

    async def read_to_end(self) -> Seen:
        data = b""
        try:
            while piece := await self.reader.read(65536):
                data += piece
        except ConnectionResetError:
            return Seen(data, "RST")
        return Seen(data, "FIN")
