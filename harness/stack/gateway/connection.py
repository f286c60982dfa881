"""One connection to an upstream: a request goes out, and its answer is read as it comes."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools
import httpx

HIGH_WATER = 256 * 1024
"""Bytes that may wait for their reader before no more is read from the socket."""


class Connection(asyncio.Protocol):
    """HTTP/1.1 over one socket, one request at a time.

    `ask` sends one and returns when the head of its answer has come; then `taken` gives what came of the body, `over`
    says whether that was all, and `news` waits for more and raises what went wrong.
    """

    def __init__(self) -> None:
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.over = False
        self.open = True
        self._transport: asyncio.Transport | None = None
        self._request: httpx.Request | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._has_head = False
        self._ends_with_connection = False
        self._keeps = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    async def ask(self, data: bytes, request: httpx.Request) -> None:
        """Send a request; returns when the head of the answer has come. Raises what httpx raises."""
        self.status, self.reason, self.headers = 0, b"", []
        self.over = self._has_head = self._ends_with_connection = False
        self._chunks.clear()  # of an answer that nobody read to its end
        self._size = 0
        self._request = request
        self._parser = httptools.HttpResponseParser(self)
        if self._transport is not None:
            self._transport.write(data)
        while not self._has_head:
            await self.news()

    def taken(self) -> bytes:
        """What came of the body since the last call."""
        if not self._chunks:
            return b""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def news(self) -> None:
        """Returns when something came since; raises what went wrong instead, if anything did."""
        if self._error is not None:
            raise self._error
        if self._chunks or self.over:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._error is not None and not self._chunks:
            raise self._error

    @property
    def reusable(self) -> bool:
        """Whether another request may follow."""
        return self.open and self.over and self._keeps and not self._paused and not self._ends_with_connection

    def sleep(self, seconds: float) -> None:
        """There is nothing to do; close after so long."""
        self._alarm = asyncio.get_running_loop().call_later(seconds, self.close)

    def wake(self) -> bool:
        """Whether the connection still stands for another request."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        return self.open

    def close(self) -> None:
        """Hang up, now."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        if self._parser is None or self.over:  # nobody asked for anything
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.over:
                self._fail(httpx.RemoteProtocolError(f"the answer is no HTTP: {error}", request=self._request))
            self.close()
        if self._size > HIGH_WATER and not self._paused and self._transport is not None and self.open:
            self._paused = True
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self.open = False
        if not self.over and self._parser is not None:
            if error is None and self._has_head and self._ends_with_connection:
                self.over = True
            else:
                self._fail(self._lost(error))
        self._tell()

    def _lost(self, error: Exception | None) -> Exception:
        if error is not None:
            return httpx.ReadError(str(error), request=self._request)
        how = "peer closed connection without sending complete message body"
        if not self._has_head:
            how = "Server disconnected without sending a response."
        return httpx.RemoteProtocolError(how, request=self._request)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error

    def _tell(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def on_status(self, reason: bytes) -> None:
        """httptools: what the status is called."""
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header."""
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """httptools: the head is whole. An interim one (1xx) is as if it had not come."""
        assert self._parser is not None
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.reason, self.headers = b"", []
            return
        self.status = status
        names = {name.lower() for name, _ in self.headers}
        self._has_head = True
        framed = names & {b"transfer-encoding", b"content-length"}
        self._ends_with_connection = not framed and status not in (204, 304)

    def on_body(self, data: bytes) -> None:
        """httptools: bytes of the body, freed of their framing."""
        self._chunks.append(data)
        self._size += len(data)

    def on_message_complete(self) -> None:
        """httptools: the answer is whole."""
        if self._has_head and self._parser is not None:
            self.over = True
            self._keeps = self._parser.should_keep_alive()  # forgotten by the parser a moment later
