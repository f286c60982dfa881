"""One request over HTTP: its answer as batches of events, the last of which ends with End. Never raises for its peer.

Whatever goes wrong is a Failure before that End: an error status, a broken connection, silence, a body that is no
stream. What was received before it is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from types import TracebackType

import httpx

from harness.dialects.base import Dialect, HttpRequest
from harness.dialects.retry_after import parse_retry_after
from harness.events import AnyEvent, End, ErrorInfo, Failure, Warning
from harness.stack.answer import AnswerReader
from harness.stack.body import BodyReader
from harness.stack.clock import Clock, SystemClock
from harness.stack.policy import Policy
from harness.stack.think_tags import ThinkTags
from harness.stack.unpacking import unpacked

ERROR_BODY_LIMIT = 1024 * 1024
"""Bytes of an error's body that are read."""

_LOST = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, TimeoutError)
"""Everything that an HTTP transport raises for what its peer or the network does."""


class StreamCancelled(Exception):
    """The caller stopped the stream."""


class Switch:
    """Turns a stream off: interrupts what is being waited for, and everything that would be waited for later."""

    def __init__(self) -> None:
        self.off = False
        self.waits: Waiting | None = None

    def turn_off(self) -> None:
        """Interrupt, at once, from any task of the same event loop."""
        self.off = True
        if self.waits is not None:
            self.waits.interrupt()

    def waiting(self, limit_s: float | None = None) -> Waiting:
        """Around something that waits. Raises StreamCancelled when turned off, TimeoutError after `limit_s`."""
        return Waiting(self, limit_s)


class Waiting:
    """What asyncio.timeout does, for a switch, and for every single read: it has no coroutines of its own."""

    __slots__ = ("_alarm", "_cancelling", "_interrupted", "_limit_s", "_switch", "_task")

    def __init__(self, switch: Switch, limit_s: float | None) -> None:
        self._switch, self._limit_s = switch, limit_s
        self._interrupted = False
        self._alarm: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if self._switch.off:
            raise StreamCancelled
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        if self._limit_s is not None:
            self._alarm = task.get_loop().call_later(max(self._limit_s, 0.0), self.interrupt)
        self._switch.waits = self

    def interrupt(self) -> None:
        """Wake the task that waits, once."""
        if not self._interrupted:
            self._interrupted = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._switch.waits = None
        if self._alarm is not None:
            self._alarm.cancel()
        if self._interrupted and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise (StreamCancelled if self._switch.off else TimeoutError) from None


@dataclass(slots=True)
class Exchange:
    """One attempt. `streams`: whether a stream was asked for, or a whole answer.

    `server_says` is the answer's `x-should-retry` header, once its head has come.
    """

    http: httpx.AsyncClient
    dialect: Dialect
    base_url: str
    wire: HttpRequest
    policy: Policy
    clock: Clock
    switch: Switch
    tags: ThinkTags | None = None
    streams: bool = True
    server_says: bool | None = field(default=None, init=False)
    _limits: dict[str, float | None] = field(default_factory=dict, init=False)

    async def batches(self) -> AsyncGenerator[list[AnyEvent]]:
        """The events, as they come. Closing the iterator closes the connection."""
        try:
            request = self._request()
            with self.switch.waiting():
                response = await self.http.send(request, stream=True, follow_redirects=False)
        except _LOST as error:
            yield [Failure(_connection_error(error, "before the answer began")), End("failed")]
            return
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.server_says = {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())
        try:
            if response.is_success:
                reader = (BodyReader if self.streams else AnswerReader)(self.dialect, headers, self.tags)
                async with aclosing(self._stream(response, reader)) as batches:
                    async for batch in batches:
                        yield batch
            else:
                yield await self._error(response, headers)
        finally:
            await _hang_up(response)

    def _request(self) -> httpx.Request:
        """The request with its limits, which stay ours to change. Raises LocalProtocolError where it cannot be sent."""
        policy = self.policy
        limits = httpx.Timeout(policy.idle_s, connect=policy.connect_s, read=policy.first_byte_s, pool=policy.connect_s)
        try:
            request = self.http.build_request(
                self.wire.method,
                self.base_url.rstrip("/") + self.wire.path,
                headers=dict(self.wire.headers),
                content=self.wire.body,
                timeout=limits,
            )
        except UnicodeError as error:
            raise httpx.LocalProtocolError(
                f"a header or the path holds characters that HTTP has not: {error}"
            ) from None
        self._limits = request.extensions["timeout"]
        return request

    async def _stream(
        self, response: httpx.Response, reader: BodyReader | AnswerReader
    ) -> AsyncGenerator[list[AnyEvent]]:
        """The body's events; a clean end, a lost connection and silence each end it in their own way.

        Each read has its limit. What follows where nothing more can count is not read.
        """
        try:
            chunks = unpacked(response)
            limit = self.policy.first_byte_s
            over_at: float | None = None
            while not reader.refused:
                if reader.ended:
                    over_at = self.clock.now() + self.policy.after_end_s if over_at is None else over_at
                    limit = over_at - self.clock.now()
                data = await self._read(chunks, limit)
                if data is None:
                    break
                if events := reader.feed(data):
                    yield events
                limit = self.policy.idle_s
        except httpx.DecodingError as error:
            yield reader.lost(ErrorInfo("protocol", f"the body cannot be decompressed: {error}"))
        except _LOST as error:
            yield reader.lost(_connection_error(error, "within the answer"))
        else:
            yield reader.close()

    async def _read(self, chunks: AsyncIterator[bytes], limit_s: float) -> bytes | None:
        """The next bytes, None at the body's end. Raises what the transport raises, and ReadTimeout after `limit_s`.

        On a clock that is not the machine's, the transport keeps the limit, which is written into the request for it.
        """
        real = isinstance(self.clock, SystemClock)
        self._limits["read"] = None if real else max(limit_s, 0.0)
        try:
            with self.switch.waiting(limit_s if real else None):
                return await chunks.__anext__()
        except StopAsyncIteration:
            return None
        except TimeoutError:
            raise httpx.ReadTimeout(f"no byte came for {limit_s:g} s") from None

    async def _error(self, response: httpx.Response, headers: Mapping[str, str]) -> list[AnyEvent]:
        """An answer that is no success, in events."""
        if response.is_redirect:
            message = f"the server redirects to {headers.get('location')!r}; redirects are not followed"
            return [Failure(ErrorInfo("protocol", message, status=response.status_code)), End("failed")]
        body = await self._error_body(response)
        warnings: list[AnyEvent] = []
        if problem := parse_retry_after(headers).problem:
            warnings = [Warning("retry-after-unreadable", problem)]
        return [*warnings, Failure(self.dialect.read_error(response.status_code, headers, body)), End("failed")]

    async def _error_body(self, response: httpx.Response) -> bytes:
        """The beginning of an error's body: what of it came."""
        body = b""
        chunks = unpacked(response)
        with suppress(*_LOST):
            while len(body) < ERROR_BODY_LIMIT and (data := await self._read(chunks, self.policy.idle_s)) is not None:
                body += data
        return body


async def _hang_up(response: httpx.Response) -> None:
    """Close the connection, or hand it back to the pool if the body was read to its end."""
    with suppress(*_LOST):
        await response.aclose()


def _connection_error(error: Exception, where: str) -> ErrorInfo:
    """The error that a transport's exception amounts to."""
    words = f"{type(error).__name__}: {error}".rstrip(": ")
    match error:
        case httpx.TimeoutException() | TimeoutError():
            return ErrorInfo("timeout", f"time-out {where} ({words})", retryable=True)
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return ErrorInfo("invalid_request", f"the request cannot be sent ({words})")
        case _:
            return ErrorInfo("connection", f"connection lost {where} ({words})", retryable=True)
