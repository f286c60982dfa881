"""What the recording transports of httpx and of httpx2 have in common: how they listen, and what an error means."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import anyio

from harness.recording.cassette import RecordedRequest
from harness.recording.tape import Recorder

END_GRACE_S = 0.05
"""How long the end of a body may take that its reader has left behind the last event; clients stop at the vendor's end
mark, and what ends the body is on its way then."""

RawHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]
Extensions: TypeAlias = Mapping[str, Any]

_NEVER_SENT = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "LocalProtocolError",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "WriteError",
        "WriteTimeout",
    }
)
"""Errors of httpx and httpx2 after which no server has the whole request."""
_REQUEST_IS_OUT = ("send_request_body.complete", "send_request_body.failed")
"""How the names of httpcore's trace events end that come when it turns to reading."""


class Listener:
    """Takes down one exchange from what a transport of httpx's make says of it."""

    def __init__(self, recorder: Recorder, method: str, url: str, headers: RawHeaders, body: bytes) -> None:
        self.tape = recorder.begin(RecordedRequest(method, url, tuple(_lower(headers)), body))
        self.socket: socket.socket | None = None
        """Where the body comes from, if it comes from a connection of its own."""
        self.reads_on = False
        """Whether what the reader leaves is kept too: clients that try again throw an error away unread."""
        self._http2 = False
        self._traced = False
        self._is_out = False

    def trace(self, theirs: Callable[[str, Any], object] | None) -> Callable[[str, Any], None]:
        """For httpcore's sync `trace` extension; calls the one that was there."""

        def traced(name: str, info: Any) -> None:
            self._heard(name)
            if theirs is not None:
                theirs(name, info)

        return traced

    def async_trace(
        self, theirs: Callable[[str, Any], Awaitable[object]] | None
    ) -> Callable[[str, Any], Awaitable[None]]:
        """The same for the async extension."""

        async def traced(name: str, info: Any) -> None:
            self._heard(name)
            if theirs is not None:
                await theirs(name, info)

        return traced

    def _heard(self, name: str) -> None:
        self._traced = True
        if name.endswith(_REQUEST_IS_OUT):
            self._is_out = True
            self.tape.sent()

    def head(self, status: int, headers: RawHeaders, extensions: Extensions) -> None:
        """The head came."""
        self.reads_on = status >= 400
        self._http2 = extensions.get("http_version") in (b"HTTP/2", b"HTTP/3")
        came = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        if not self._http2 and (stream := extensions.get("network_stream")) is not None:
            self.socket = stream.get_extra_info("socket")
        framed = not self._http2 or any(name.lower() == "content-length" for name, _ in came)
        reason = extensions.get("reason_phrase", b"").decode("latin-1")
        self.tape.head(status, came, reason, None if framed else "chunked")

    def failed(self, error: BaseException) -> None:
        """The transport raised this while the head was awaited; if no server has the request, there is no exchange."""
        names = _names(error)
        if not self._is_out and (self._traced or not names.isdisjoint(_NEVER_SENT)):
            self.tape.drop()
        else:
            self.broke(error)

    def broke(self, error: BaseException) -> None:
        """The answer ended with this error."""
        names = _names(error)
        if "ReadTimeout" in names:
            self.tape.end("timeout")
        elif "RemoteProtocolError" in names and not self._http2:
            self._cut_off(error)
        elif "TransportError" in names:
            self.tape.end("reset")
        elif isinstance(error, Exception):
            self.tape.end("cancelled", note=f"the transport raised {type(error).__name__}")
        else:
            self.tape.end("cancelled")

    def left(self, error: Exception) -> None:
        """The reader left, and this came where the end was looked for: an end of the server's making counts."""
        if not _names(error).isdisjoint({"ReadError", "RemoteProtocolError"}):
            self.broke(error)

    def _cut_off(self, error: BaseException) -> None:
        """The connection was closed too early, or what came is no HTTP, which no ending can say."""
        said = str(error)
        closed = "peer closed connection" in said or "Server disconnected" in said
        self.tape.cut_off(note=None if closed else f"what came is no HTTP from here on: {said}")


class AsyncBody:
    """The body of a response as its reader gets it, each read on the tape; for AsyncByteStreams."""

    def __init__(self, stream: Any, listener: Listener) -> None:
        """`stream`: the AsyncByteStream that the transport gave."""
        self._stream = stream
        self._listener = listener
        self._reads: AsyncIterator[bytes] | None = None
        self._leaving = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        tape = self._listener.tape
        self._reads = reads = aiter(self._stream)
        try:
            async for data in reads:
                tape.read(data)
                yield data
        except GeneratorExit:
            await self.aclose()
            raise
        except BaseException as error:
            self._listener.broke(error)
            raise
        tape.end("clean")

    async def aclose(self) -> None:
        """The reader is done, or leaves."""
        if self._leaving:  # by another way: an iterator that is given up closes too
            return
        self._leaving = True
        try:
            if not self._listener.tape.ended and self._listener.socket is not None:
                await self._look_for_end()
        finally:
            try:
                await self._stream.aclose()
            finally:
                self._listener.tape.end("cancelled")

    async def _look_for_end(self) -> None:
        """Whether the body is over but for its end, which the reader has not waited for."""
        reads = self._reads or aiter(self._stream)
        with anyio.move_on_after(END_GRACE_S):
            try:
                data = await anext(reads)
                while self._listener.reads_on:
                    self._listener.tape.read(data)
                    data = await anext(reads)
            except StopAsyncIteration:
                self._listener.tape.end("clean")
            except Exception as error:
                self._listener.left(error)


class SyncBody:
    """The same for SyncByteStreams."""

    def __init__(self, stream: Any, listener: Listener) -> None:
        """`stream`: the SyncByteStream that the transport gave."""
        self._stream = stream
        self._listener = listener
        self._reads: Iterator[bytes] | None = None
        self._leaving = False

    def __iter__(self) -> Iterator[bytes]:
        tape = self._listener.tape
        self._reads = reads = iter(self._stream)
        try:
            for data in reads:
                tape.read(data)
                yield data
        except GeneratorExit:
            self.close()
            raise
        except BaseException as error:
            self._listener.broke(error)
            raise
        tape.end("clean")

    def close(self) -> None:
        """The reader is done, or leaves."""
        if self._leaving:  # by another way: an iterator that is given up closes too
            return
        self._leaving = True
        try:
            if not self._listener.tape.ended and self._listener.socket is not None:
                self._look_for_end(self._listener.socket)
        finally:
            try:
                self._stream.close()
            finally:
                self._listener.tape.end("cancelled")

    def _look_for_end(self, connection: socket.socket) -> None:
        """The same as AsyncBody's. Nothing but the end of the connection wakes a sync read, so a thread reads on."""
        seen: list[BaseException] = []
        reads = self._reads or iter(self._stream)

        def look() -> None:
            try:
                data = next(reads)
                while self._listener.reads_on:
                    self._listener.tape.read(data)
                    data = next(reads)
            except BaseException as error:
                seen.append(error)

        looking = threading.Thread(target=look, name="end of a recorded body", daemon=True)
        looking.start()
        looking.join(END_GRACE_S)
        if looking.is_alive():
            with suppress(OSError):
                # Not SSLSocket's own shutdown, which would make of it a plain socket under the reader's feet.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            looking.join(END_GRACE_S)
        elif seen and isinstance(seen[0], StopIteration):
            self._listener.tape.end("clean")
        elif seen and isinstance(seen[0], Exception):
            self._listener.left(seen[0])


def _lower(headers: RawHeaders) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)


def _names(error: BaseException) -> set[str]:
    """The names of the error's classes: those of httpx and of httpx2 are the same."""
    return {kind.__name__ for kind in type(error).__mro__}
