"""Our gateway with one thing broken: what it reads, what it makes of it, what it sends, or how it serves."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import httpx

from harness.catalogue.models import FEATURES
from harness.dialects import dialect, dialect_names
from harness.dialects.base import Dialect, HttpRequest
from harness.events import AnyEvent, End
from harness.request import Request
from harness.stack.client import Client, Stream
from harness.stack.fallback import Target
from harness.stack.gate import CONTENT
from harness.stack.gateway import AsgiTransport, GatewaySettings, create_app
from harness.stack.policy import Policy
from harness.systems.base import Case, Description
from harness.systems.front import FrontClient
from tests.mutants.machine import ByteFilter, EventFilter

TOKEN = "sk-client-0123456789"
Payload: TypeAlias = dict[str, Any]
Edit: TypeAlias = Callable[[Payload], Payload | None]
"""One JSON payload as it is, and as it is after the mistake; None: it is skipped."""
Head: TypeAlias = Callable[[int, dict[str, str]], tuple[int, dict[str, str]]]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class MutantGateway:
    """One broken gateway. `story` says what its author got wrong; `kills` names the scenarios that catch it.

    Everything is made anew for each case. `events` sees the upstream's events, `reads` its bytes, `says` the bytes that
    go to the client. An EventFilter of a request is made by calling `events` with what the case's requests share.
    """

    name: str
    story: str
    kills: tuple[str, ...]
    events: Callable[[list[Any]], EventFilter] | None = None
    hears: Edit | None = None
    """What of the client's request it reads: its body, which is JSON."""
    asks: Callable[[Request], Request] | None = None
    """What it makes of a request before it is written down for the upstream."""
    sends: Edit | None = None
    """What it makes of the body that it sends to the upstream."""
    reads: Callable[[], ByteFilter] | None = None
    says: Callable[[], ByteFilter] | None = None
    head: Head | None = None
    wraps: Callable[[App], App] | None = None
    settings: Callable[[GatewaySettings], GatewaySettings] | None = None
    tries_again: bool = False
    """Whether the request is made once more when an answer broke off, whatever was handed on."""
    goes_on: bool = False
    """Whether what is under way is left alone when the case is over."""
    upstreams: tuple[str, ...] = dialect_names()
    serves: tuple[str, ...] = ("openai-chat", "anthropic-messages")

    def over(self, upstream: str) -> MutantOver:
        """The system in front of an upstream of that dialect."""
        return MutantOver(self, upstream)


class MutantOver:
    """A broken gateway in front of one dialect, as a system. It claims everything, so that nothing is excused."""

    def __init__(self, mutant: MutantGateway, upstream: str) -> None:
        self._mutant, self._upstream = mutant, upstream
        retries = dict.fromkeys(mutant.serves, 3)
        self.description = Description(
            mutant.name,
            "0",
            "python",
            mutant.serves,
            frozenset(FEATURES),
            "gateway",
            default_retries=retries,
            upstream=upstream,
        )

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        """What a client of the broken gateway sees."""
        mutant = self._mutant
        assert case.transport is not None
        transport = _Reading(case.transport, mutant.reads) if mutant.reads else case.transport
        app = create_app(self._settings(case), transport=transport, clock=case.clock)
        gateway = app.state.gateway
        sound = gateway.client
        gateway.client = _BentClient(sound, mutant)
        served: App = _hearing(app, mutant.hears) if mutant.hears else app
        if mutant.says or mutant.head:
            served = _saying(served, mutant)
        inside = AsgiTransport(mutant.wraps(served) if mutant.wraps else served, clock=case.clock)
        try:
            async with aclosing(
                FrontClient("http://gateway.invalid", TOKEN, inside, case.clock).events(case)
            ) as events:
                async for event in events:
                    yield event
        finally:
            if not mutant.goes_on:
                await inside.aclose()
                await sound.aclose()

    def _dialect(self) -> Dialect:
        """The upstream's dialect as the broken gateway writes it."""
        record, asks, sends = dialect(self._upstream), self._mutant.asks, self._mutant.sends

        def build_request(request: Request, api_key: str | None) -> HttpRequest:
            built = record.build_request(asks(request) if asks else request, api_key)
            return replace(built, body=json.dumps(sends(json.loads(built.body))).encode()) if sends else built

        return replace(record, build_request=build_request)

    def _settings(self, case: Case) -> GatewaySettings:
        policy = Policy().limited(case.options["max_retries"]).patient_for(case.options["timeout_s"])
        target = Target(self._dialect(), case.base_url, case.api_key)
        settings = GatewaySettings((target,), token=TOKEN, policy=policy, max_request_bytes=4 * 1024 * 1024)
        return self._mutant.settings(settings) if self._mutant.settings else settings


def _hearing(app: App, edit: Edit) -> App:
    """The application, which is told another request than its client sent."""

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        heard = json.dumps(edit(json.loads(body))).encode()
        parts = iter([{"type": "http.request", "body": heard, "more_body": False}])

        async def tell() -> MutableMapping[str, Any]:
            return next(parts, None) or await receive()

        named = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers = [*named, (b"content-length", str(len(heard)).encode())]
        await app({**scope, "headers": headers}, tell, send)

    return changed


class _BentClient:
    """The client that asks the upstream; what it hands on goes through the mutant's filter."""

    def __init__(self, sound: Client, mutant: MutantGateway) -> None:
        self._sound, self._mutant = sound, mutant
        self._shared: list[Any] = []

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[_BentStream]:
        """The answer to a request."""
        bend = self._mutant.events(self._shared) if self._mutant.events else lambda event: [event]
        async with self._sound.stream(request) as first:
            if not self._mutant.tries_again:
                yield _BentStream(first, None, bend)
                return
            async with self._sound.stream(request) as second:
                yield _BentStream(first, second, bend)


class _BentStream:
    def __init__(self, first: Stream, second: Stream | None, bend: EventFilter) -> None:
        self._current, self._second, self._bend = first, second, bend
        self._spoke = False

    def cancel(self) -> None:
        """Stop the request."""
        self._current.cancel()

    async def batch(self) -> list[AnyEvent]:
        """The next events; empty behind the last one."""
        while events := await self._current.batch():
            self._spoke = self._spoke or any(isinstance(event, CONTENT) for event in events)
            if self._second is not None and self._spoke and _broke_off(events[-1]):
                self._current, self._second = self._second, None
                continue
            if bent := [each for event in events for each in self._bend(event)]:
                return bent
        return []


def _broke_off(event: AnyEvent) -> bool:
    return isinstance(event, End) and event.status in ("truncated", "failed")


class _Reading(httpx.AsyncBaseTransport):
    """Gives the gateway other bytes than the upstream sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport, reads: Callable[[], ByteFilter]) -> None:
        self._inner, self._reads = inner, reads

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Bytes(response.stream, self._reads())
        return response


class _Bytes(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, change: ByteFilter) -> None:
        self._inner, self._change = inner, change

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._inner:
            yield self._change(data)
        if rest := self._change(b""):
            yield rest

    async def aclose(self) -> None:
        await self._inner.aclose()


def _saying(app: App, mutant: MutantGateway) -> App:
    """The application with its answers changed on their way to the client."""

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        say = mutant.says() if mutant.says else lambda data: data

        async def change(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and mutant.head:
                headers = {name.decode(): value.decode() for name, value in message["headers"]}
                status, headers = mutant.head(message["status"], headers)
                raw = [(name.encode(), value.encode()) for name, value in headers.items()]
                message = {**message, "status": status, "headers": raw}
            elif message["type"] == "http.response.body" and mutant.says:
                body = say(message.get("body", b""))
                message = {**message, "body": body if message.get("more_body") else body + say(b"")}
            await send(message)

        await app(scope, receive, change)

    return changed


def without_length(status: int, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """The head of a body whose size is not known."""
    return status, {name: value for name, value in headers.items() if name != "content-length"}


def each_payload(edit: Edit) -> Callable[[], ByteFilter]:
    """Changes every JSON payload of a stream or of a document, line by line."""

    def make() -> ByteFilter:
        held = b""

        def change(data: bytes) -> bytes:
            nonlocal held
            lines = (held + data).splitlines(keepends=True)
            held = b"" if not data or not lines or lines[-1].endswith(b"\n") else lines.pop()
            return b"".join(_edited(line, edit) for line in lines)

        return change

    return make


def _edited(line: bytes, edit: Edit) -> bytes:
    prefix = b"data: " if line.startswith(b"data: ") else b""
    body = line[len(prefix) :]
    if not body.startswith(b"{"):
        return line
    try:
        changed = edit(json.loads(body))
    except ValueError:
        return line
    ending = body[len(body.rstrip(b"\r\n")) :]
    return b"" if changed is None else prefix + json.dumps(changed).encode() + ending


def keeping(keep: Callable[[AnyEvent], Iterable[AnyEvent]]) -> Callable[[list[Any]], EventFilter]:
    """A filter without a memory."""
    return lambda shared: keep


def with_settings(**changes: Any) -> Callable[[GatewaySettings], GatewaySettings]:
    """The same settings but for these."""
    return lambda settings: replace(settings, **changes)
