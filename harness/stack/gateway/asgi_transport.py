"""An ASGI application as a transport of httpx, which streams: what the application sends is read as it is sent.

httpx's own transport for ASGI hands an answer over when it is whole. This one behaves as a server would over a socket:
chunks come as they are sent, a sender waits for a slow reader, and a reader who leaves is an `http.disconnect`. It
waits only for the given clock and for other tasks of the same loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, TypeAlias

import httpx

from harness.stack.clock import Clock, SystemClock

Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

BUFFER_LIMIT = 64 * 1024
"""Bytes of an answer that may wait for their reader before the application has to wait."""
_PARTING_S = 5.0


class AsgiTransport(httpx.AsyncBaseTransport):
    """Requests to `app`. `clock` is what a read time-out is measured on (default: the machine's)."""

    def __init__(self, app: App, *, clock: Clock | None = None, buffer_bytes: int = BUFFER_LIMIT) -> None:
        self._app = app
        self._clock = clock or SystemClock()
        self._buffer_bytes = buffer_bytes
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, once its head has come. Raises what httpx raises over a socket."""
        call = _Call(request, self._clock, self._buffer_bytes)
        task = asyncio.get_running_loop().create_task(call.run(self._app))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await call.head()
        except BaseException:
            call.leave()
            raise
        extensions = {"http_version": b"HTTP/1.1"}
        return httpx.Response(call.status, headers=call.headers, stream=_Body(call), extensions=extensions)

    async def aclose(self) -> None:
        """Returns when the application is done with every request; one that goes on and on is cancelled."""
        if self._running:
            await asyncio.wait(self._running, timeout=_PARTING_S)
        for task in list(self._running):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class _Body(httpx.AsyncByteStream):
    def __init__(self, call: _Call) -> None:
        self._call = call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._call.chunk()) is not None:
            yield chunk

    async def aclose(self) -> None:
        self._call.leave()


class _Call:
    """One request on its way through the application."""

    def __init__(self, request: httpx.Request, clock: Clock, buffer_bytes: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._request = request
        self._clock = clock
        self._buffer_bytes = buffer_bytes
        self._timeouts = request.extensions.get("timeout", {})
        self._said = asyncio.Event()  # the application said something
        self._read = asyncio.Event()  # the reader took something, or left
        self._gone = asyncio.Event()  # nothing more will be read, or nothing more comes
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._left = False
        self._whole = False  # the application sent the last chunk
        self._over = False  # the application returned or raised

    async def run(self, app: App) -> None:
        """The application's side. What it raises is a broken connection to its client."""
        source = aiter(self._request.stream)  # type: ignore[arg-type]
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if not asked and not self._left:
                body = await anext(source, None)
                asked = body is None
                return {"type": "http.request", "body": body or b"", "more_body": not asked}
            await self._gone.wait()
            return {"type": "http.disconnect"}

        with suppress(Exception):
            await app(self._scope(), receive, self._send)
        self._over = True
        self._gone.set()
        self._said.set()

    def _scope(self) -> MutableMapping[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "root_path": "",
            "query_string": url.query,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port),
        }

    async def _send(self, message: Message) -> None:
        if self._left:  # servers say nothing to the application either
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            await self._take(message.get("body", b""), last=not message.get("more_body", False))
        self._said.set()

    async def _take(self, data: bytes, *, last: bool) -> None:
        if data:
            self._chunks.append(data)
            self._waiting_bytes += len(data)
        if last:
            self._whole = True
            self._gone.set()
        self._said.set()
        while self._waiting_bytes > self._buffer_bytes and not self._left:
            self._read.clear()
            await self._read.wait()

    async def head(self) -> None:
        """Returns when the head has come."""
        while not self.status:
            if self._over:
                raise self._broken("Server disconnected without sending a response.")
            await self._news()

    async def chunk(self) -> bytes | None:
        """The next bytes; None where the answer is over."""
        while not self._chunks:
            if self._whole or self._left:
                return None
            if self._over:
                raise self._broken("peer closed connection without sending complete message body")
            await self._news()
        data = self._chunks.popleft()
        self._waiting_bytes -= len(data)
        self._read.set()
        return data

    def leave(self) -> None:
        """The reader hangs up."""
        self._left = True
        self._gone.set()
        self._read.set()

    def _broken(self, message: str) -> Exception:
        return httpx.RemoteProtocolError(message, request=self._request)

    async def _news(self) -> None:
        """Returns when the application said something. Raises ReadTimeout when the reader's patience ends first."""
        self._said.clear()
        patience = self._timeouts.get("read")
        if patience is None:
            await self._said.wait()
            return
        said = asyncio.ensure_future(self._said.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep(patience))
        try:
            await asyncio.wait((said, sleeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            said.cancel()
            sleeping.cancel()
        if not self._said.is_set():
            self.leave()
            raise httpx.ReadTimeout("", request=self._request)
