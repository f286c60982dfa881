"""The gateway's transport over real sockets: what httpx's own would give, and what came before a break is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from harness.stack.gateway.connections import Connections

from .behind import run

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def server(answer: Answering) -> AsyncGenerator[tuple[httpx.AsyncClient, list[int]]]:
    """A client of a server that lets `answer` have each request; and the number of connections so far."""
    met = [0]

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met[0] += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url, transport=Connections(), timeout=5) as client:
        yield client, met
    listening.close()


def says(*parts: bytes, then: str = "") -> Answering:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if then == "close":
            writer.close()
        if then == "abort":
            writer.transport.abort()

    return answer


async def got(answer: Answering) -> tuple[bytes, str]:
    """What of a body was read, and the name of the exception that ended it."""
    data = b""
    async with server(answer) as (client, _):
        try:
            async with client.stream("GET", "/") as response:
                async for piece in response.aiter_raw():
                    data += piece
        except httpx.HTTPError as error:
            return data, type(error).__name__
    return data, ""


@pytest.mark.parametrize(
    "parts, then, expected",
    [
        ((HEAD, b"content-length: 5\r\n\r\nhello"), "", (b"hello", "")),
        ((HEAD, b"transfer-encoding: chunked\r\n\r\n5\r\nhel", b"lo\r\n0\r\n\r\n"), "", (b"hello", "")),
        ((HEAD, b"\r\nhello"), "close", (b"hello", "")),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, b"content-length: 2\r\n\r\nhi"), "", (b"hi", "")),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), "", (b"", "")),
        ((HEAD, b"content-length: 9\r\n\r\nhello"), "close", (b"hello", "RemoteProtocolError")),
        ((HEAD, b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"), "close", (b"hello", "RemoteProtocolError")),
        ((HEAD, b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"), "", (b"hello", "RemoteProtocolError")),
        ((b"nonsense\r\n\r\n",), "", (b"", "RemoteProtocolError")),
        ((), "close", (b"", "RemoteProtocolError")),
    ],
)
def test_a_body_is_read_to_its_end_or_to_its_break(parts: tuple[bytes, ...], then: str, expected: object) -> None:
    assert run(got(says(*parts, then=then))) == expected


def test_a_reset_is_a_read_error() -> None:
    data, error = run(got(says(HEAD, b"content-length: 9\r\n\r\n", then="abort")))
    assert (data, error in ("ReadError", "RemoteProtocolError")) == (b"", True)


def test_a_connection_is_used_again_after_a_whole_answer_only() -> None:
    async def connections() -> list[int]:
        counts = []
        async with server(says(HEAD, b"content-length: 5\r\n\r\nhello")) as (client, met):
            await client.get("/")
            await client.get("/")
            counts.append(met[0])
            async with client.stream("GET", "/"):
                pass  # left unread, whether or not all of it has come
            assert (await client.get("/")).content == b"hello"
        async with server(says(HEAD, b"content-length: 50\r\n\r\nhello")) as (client, met):
            for _ in range(2):
                async with client.stream("GET", "/"):
                    pass
            counts.append(met[0])
        return counts

    assert run(connections()) == [1, 2]


def test_a_server_that_closes_is_asked_over_a_new_connection() -> None:
    async def connections() -> int:
        async with server(says(HEAD, b"connection: close\r\ncontent-length: 2\r\n\r\nhi")) as (client, met):
            await client.get("/")
            await client.get("/")
            return met[0]

    assert run(connections()) == 2


def test_the_limits_of_a_request_hold() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def raised(answer: Answering) -> str:
        async with server(answer) as (client, _):
            with pytest.raises(httpx.TimeoutException) as caught:
                await client.get("/", timeout=httpx.Timeout(5, read=0.05))
            return caught.typename

    assert run(raised(silence)) == "ReadTimeout"
    assert run(raised(says(HEAD, b"content-length: 5\r\n\r\nh"))) == "ReadTimeout"


def test_what_cannot_be_sent_is_not() -> None:
    async def raised(**options: object) -> str:
        async with server(says()) as (client, met):
            with pytest.raises(httpx.HTTPError) as caught:
                await client.get(**options)  # type: ignore[arg-type]
            assert met == [0]
            return caught.typename

    assert run(raised(url="/", headers={"x": "a\r\nb: c"})) == "LocalProtocolError"
    assert run(raised(url="ftp://127.0.0.1/")) == "UnsupportedProtocol"
    assert run(raised(url="http://127.0.0.1:1/")) == "ConnectError"
