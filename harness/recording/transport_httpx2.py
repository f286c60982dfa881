"""Transports of httpx2 that record: the caller sees the live stream, and the cassette gets every read of it.

    with CassetteWriter("chat.yaml") as cassette, Recorder(cassette.append) as recorder:
        async with httpx2.AsyncClient(transport=RecordingTransport2(recorder)) as client:
            ...

What goes out is exactly what would go out unrecorded, and so is what comes in, errors included. A request that no
server received whole (the connection was refused, say) is no exchange, and is not recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self
from weakref import WeakSet

import httpx2

from harness.recording.listening import AsyncBody, Listener, SyncBody
from harness.recording.tape import Recorder, Tape


class RecordingTransport2(httpx2.AsyncBaseTransport):
    """Records what goes through another transport, for httpx2.AsyncClient."""

    def __init__(self, recorder: Recorder, inner: httpx2.AsyncBaseTransport | None = None) -> None:
        """`inner` None: a transport with httpx2's defaults, without the environment's proxies."""
        self._recorder = recorder
        self._inner = httpx2.AsyncHTTPTransport() if inner is None else inner
        self._tapes: WeakSet[Tape] = WeakSet()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer of the inner transport; raises what it raises."""
        body = _body(request)
        listener = Listener(self._recorder, request.method, str(request.url), request.headers.raw, body or b"")
        self._tapes.add(listener.tape)
        trace = listener.async_trace(request.extensions.get("trace"))
        stream = _AsyncSent(request.stream, listener.tape) if body is None else request.stream
        try:
            response = await self._inner.handle_async_request(_passed_on(request, stream, trace))
        except BaseException as error:
            listener.failed(error)
            raise
        listener.head(response.status_code, response.headers.raw, response.extensions)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_AsyncBody(response.stream, listener),
            extensions=response.extensions,
        )

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        try:
            await self._inner.__aexit__(kind, error, trace)
        finally:
            self._hang_up()

    async def aclose(self) -> None:
        """Closes the inner transport; what was still being read ends as `cancelled`."""
        try:
            await self._inner.aclose()
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        for tape in list(self._tapes):
            tape.end("cancelled")


class SyncRecordingTransport2(httpx2.BaseTransport):
    """Records what goes through another transport, for httpx2.Client."""

    def __init__(self, recorder: Recorder, inner: httpx2.BaseTransport | None = None) -> None:
        """`inner` None: a transport with httpx2's defaults, without the environment's proxies."""
        self._recorder = recorder
        self._inner = httpx2.HTTPTransport() if inner is None else inner
        self._tapes: WeakSet[Tape] = WeakSet()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer of the inner transport; raises what it raises."""
        body = _body(request)
        listener = Listener(self._recorder, request.method, str(request.url), request.headers.raw, body or b"")
        self._tapes.add(listener.tape)
        trace = listener.trace(request.extensions.get("trace"))
        stream = _SyncSent(request.stream, listener.tape) if body is None else request.stream
        try:
            response = self._inner.handle_request(_passed_on(request, stream, trace))
        except BaseException as error:
            listener.failed(error)
            raise
        listener.head(response.status_code, response.headers.raw, response.extensions)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_SyncBody(response.stream, listener),
            extensions=response.extensions,
        )

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        try:
            self._inner.__exit__(kind, error, trace)
        finally:
            self._hang_up()

    def close(self) -> None:
        """Closes the inner transport; what was still being read ends as `cancelled`."""
        try:
            self._inner.close()
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        for tape in list(self._tapes):
            tape.end("cancelled")


class _AsyncBody(AsyncBody, httpx2.AsyncByteStream):
    pass


class _SyncBody(SyncBody, httpx2.SyncByteStream):
    pass


class _AsyncSent(httpx2.AsyncByteStream):
    """A request's body on its way out."""

    def __init__(self, stream: object, tape: Tape) -> None:
        assert isinstance(stream, httpx2.AsyncByteStream)
        self._stream = stream
        self._tape = tape

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self._tape.wrote(data)
            yield data

    async def aclose(self) -> None:
        await self._stream.aclose()


class _SyncSent(httpx2.SyncByteStream):
    """The same for sync clients."""

    def __init__(self, stream: object, tape: Tape) -> None:
        assert isinstance(stream, httpx2.SyncByteStream)
        self._stream = stream
        self._tape = tape

    def __iter__(self) -> Iterator[bytes]:
        for data in self._stream:
            self._tape.wrote(data)
            yield data

    def close(self) -> None:
        self._stream.close()


def _body(request: httpx2.Request) -> bytes | None:
    """The request's body; None where it is a stream that has not been read yet."""
    try:
        return request.content
    except httpx2.RequestNotRead:
        return None


def _passed_on(
    request: httpx2.Request, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream, trace: object
) -> httpx2.Request:
    """The same request, with our ears in it; the caller's own stays as it is."""
    extensions = {**request.extensions, "trace": trace}
    return httpx2.Request(request.method, request.url, headers=request.headers, stream=stream, extensions=extensions)
