"""A transport of httpx for hundreds of streams at once: plain asyncio, and httptools to read what comes.

httpx's own costs more time for each read than everything else in the gateway together, and its pool looks at every
connection for each request. This one speaks HTTP/1.1, keeps idle connections for a while, and holds no more of an
answer than its reader can keep up with. What arrived before a connection broke is read before the error is raised.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from typing import TypeAlias

import httpx

from harness.stack.gateway.connection import Connection

Origin: TypeAlias = tuple[str, str, int]
"""Scheme, host and port."""

IDLE_S = 5.0
"""Seconds that a connection is kept for another request: less than most servers keep theirs."""
_IDLE_LIMIT = 100  # connections to one origin
_PORTS = {"http": 80, "https": 443}
_UNSENDABLE = re.compile(rb"[\x00\r\n]")


class Connections(httpx.AsyncBaseTransport):
    """Connections to any number of origins, for one event loop. Raises what httpx's own transport raises."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[Connection]] = {}
        self._tls: ssl.SSLContext | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, once its head has come."""
        timeouts = request.extensions.get("timeout", {})
        body = await request.aread()
        head = _head(request)
        origin = _origin(request)
        connection = self._kept(origin) or await self._opened(origin, timeouts.get("connect"), request)
        try:
            async with asyncio.timeout(timeouts.get("read")):
                await connection.ask(head + body, request)
        except TimeoutError:
            connection.close()
            raise httpx.ReadTimeout("", request=request) from None
        except BaseException:
            connection.close()
            raise
        extensions = {"http_version": b"HTTP/1.1", "reason_phrase": connection.reason}
        stream = _Body(self, origin, connection, timeouts)
        return httpx.Response(connection.status, headers=connection.headers, stream=stream, extensions=extensions)

    async def aclose(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _kept(self, origin: Origin) -> Connection | None:
        """An idle connection that still stands."""
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.wake():
                return connection
        return None

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take a connection back whose answer was read to its end."""
        idle = self._idle.setdefault(origin, [])
        if connection.reusable and len(idle) < _IDLE_LIMIT:
            connection.sleep(IDLE_S)
            idle.append(connection)
        else:
            connection.close()
        idle[:] = [one for one in idle if one.open]

    async def _opened(self, origin: Origin, limit_s: float | None, request: httpx.Request) -> Connection:
        scheme, host, port = origin
        tls = self._context() if scheme == "https" else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit_s):
                _, connection = await loop.create_connection(Connection, host, port, ssl=tls)
        except TimeoutError:
            raise httpx.ConnectTimeout("", request=request) from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        return self._tls


class _Body(httpx.AsyncByteStream):
    def __init__(
        self, pool: Connections, origin: Origin, connection: Connection, timeouts: dict[str, float | None]
    ) -> None:
        self._pool, self._origin, self._connection, self._timeouts = pool, origin, connection, timeouts
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        connection = self._connection
        while not (data := connection.taken()):
            if connection.over:
                raise StopAsyncIteration
            if (limit := self._timeouts.get("read")) is None:
                await connection.news()
            else:
                await self._news_within(limit)
        return data

    async def _news_within(self, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await self._connection.news()
        except TimeoutError:
            raise httpx.ReadTimeout("") from None

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._pool.keep(self._origin, self._connection)


def _origin(request: httpx.Request) -> Origin:
    url = request.url
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"{url.scheme!r} is no protocol that is spoken here", request=request)
    return url.scheme, url.host, url.port or _PORTS[url.scheme]


def _head(request: httpx.Request) -> bytes:
    """The request's line and headers. Raises LocalProtocolError for what would end a line too early."""
    parts = [request.method.encode(), request.url.raw_path]
    parts += [part for field in request.headers.raw for part in field]
    if any(_UNSENDABLE.search(part) for part in parts) or b" " in request.url.raw_path:
        raise httpx.LocalProtocolError("a header or the path holds characters that HTTP has not", request=request)
    line = b"%s %s HTTP/1.1\r\n" % (parts[0], parts[1])
    return line + b"".join(b"%s: %s\r\n" % field for field in request.headers.raw) + b"\r\n"
