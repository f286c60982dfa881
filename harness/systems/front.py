"""Our client in front of a gateway: it sends what a scenario asks, and writes down everything that comes back.

It repeats nothing by itself, mends no history, and is more patient than the gateway may be with its upstream: what
went wrong, and what was done about it, is then the gateway's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from harness.catalogue.canonical import MODEL
from harness.catalogue.front import FrontRequest
from harness.catalogue.observation import CallerEnd, FrontLog
from harness.dialects import dialect
from harness.dialects.base import HttpRequest
from harness.events import AnyEvent, Start
from harness.request import Message, Request, TextPart, read_request
from harness.stack.clock import SystemClock
from harness.systems.base import Case, Clock
from harness.systems.bundled.reference import Reference
from harness.systems.front_log import RecordingTransport
from harness.systems.in_process import deliver

PATIENCE_S = 5.0
"""How much longer than a gateway waits for its silent upstream our client waits for the silent gateway."""
WRONG_KEY = "sk-nobody-has-this-0000"
"""The key of a client that a gateway does not know."""

_ONE_REQUEST_A_CONNECTION = httpx.Limits(max_keepalive_connections=0)
"""Behind an odd request a server may close the connection without saying so, as uvicorn does behind an answer of 500:
what comes next on such a one would be lost or not by chance."""

_LOST = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, UnicodeError)


class FrontClient:
    """Sends the cases of one gateway, which serves at `base_url` (no version path) and knows `api_key`.

    `transport` and `clock` replace the network and the time; `model` is the model's name where the gateway has one of
    its own. A transport that is given is not closed.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock | None = None,
        model: str | None = None,
    ) -> None:
        self._base_url = base_url
        self._api_key = api_key
        self._transport = transport
        self._clock = clock or SystemClock()
        self._model = model

    async def run(self, case: Case, emit: Callable[[AnyEvent], None]) -> CallerEnd:
        """Runs one case to its end; calls `emit` for every event as it comes."""
        return await deliver(self.events(case), emit, case.options.get("cancel_after_events"))

    async def events(self, case: Case) -> AsyncGenerator[AnyEvent]:
        """What our client sees of the answer to the canonical request, after the literal one where there is one."""
        limits = _ONE_REQUEST_A_CONNECTION if case.front_request is not None else httpx.Limits()
        inner = self._transport or httpx.AsyncHTTPTransport(limits=limits)
        log = case.front if case.front is not None else FrontLog()
        recording = RecordingTransport(
            inner,
            log,
            self._clock,
            base_path=urlsplit(self._base_url).path.rstrip("/"),
            read_pause_s=float(case.options.get("read_pause_s") or 0.0),
        )
        ours = self._ours(case, recording)
        try:
            if case.front_request is not None:
                front = FrontRequest.model_validate(case.front_request)
                await self._send_literally(front, ours)
                if front.only:
                    return
                if front.continued:
                    ours = replace(ours, transport=_Continuing(recording, _answer_id(log, case.dialect)))
            async with aclosing(Reference(literal=True).run(ours)) as events:
                async for event in events:
                    yield event
        finally:
            if self._transport is None:
                await inner.aclose()

    def _ours(self, case: Case, transport: httpx.AsyncBaseTransport) -> Case:
        """The case as our client has it: at the gateway's address, nothing repeated, and with more patience."""
        options: dict[str, Any] = {**case.options, "max_retries": 0}
        if options.get("timeout_s") is not None:
            options["timeout_s"] += PATIENCE_S
        return replace(
            case,
            base_url=self._base_url,
            api_key=self._api_key,
            request={**case.request, "model": self._model or case.request["model"]},
            options=options,
            fallback_base_url=None,
            transport=transport,
            clock=None if isinstance(self._clock, SystemClock) else self._clock,
        )

    async def _send_literally(self, front: FrontRequest, case: Case) -> None:
        """One request, and as much of its answer as is wanted. What goes wrong is in the log."""
        wire = literal(front, case)
        async with httpx.AsyncClient(transport=_Kept(case.transport), timeout=case.options.get("timeout_s")) as http:
            url = case.base_url.rstrip("/") + wire.path
            request = http.build_request(wire.method, url, headers=dict(wire.headers), content=wire.body)
            await _for_at_most(self._clock, front.hang_up_after_s, _exchange(http, request, front))


def _answer_id(log: FrontLog, dialect_name: str) -> str | None:
    """The id of the last answer, where it has one."""
    answer = log.attempts[-1].response if log.attempts else None
    events = [] if answer is None else dialect(dialect_name).decoder().feed(answer.body)
    return next((event.id for event in events if isinstance(event, Start)), None)


class _Continuing(httpx.AsyncBaseTransport):
    """Has each request go on from an earlier answer."""

    def __init__(self, inner: httpx.AsyncBaseTransport, answer_id: str | None) -> None:
        self._inner, self._answer_id = inner, answer_id

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = {**msgspec.json.decode(await request.aread()), "previous_response_id": self._answer_id}
        headers = [each for each in request.headers.raw if each[0].lower() != b"content-length"]
        content = msgspec.json.encode(asked)
        renewed = httpx.Request(
            request.method, request.url, headers=headers, content=content, extensions=request.extensions
        )
        return await self._inner.handle_async_request(renewed)


async def _exchange(http: httpx.AsyncClient, request: httpx.Request, front: FrontRequest) -> None:
    with suppress(*_LOST):
        response = await http.send(request, stream=True)
        try:
            await _read(response, front)
        finally:
            await response.aclose()


async def _for_at_most(clock: Clock, seconds: float | None, exchange: Coroutine[Any, Any, None]) -> None:
    """The exchange, and nothing more of it once so many seconds have passed."""
    if seconds is None:
        await exchange
        return
    tasks = [asyncio.create_task(exchange), asyncio.create_task(clock.sleep(seconds))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(response: httpx.Response, front: FrontRequest) -> None:
    """The body, or as much of it as is wanted."""
    if front.hang_up_after_bytes == 0:
        return
    body = bytearray()
    async for data in response.aiter_raw():
        body += data
        if front.hang_up_after_bytes is not None and len(body) >= front.hang_up_after_bytes:
            return
        if front.hang_up_after_text is not None and front.hang_up_after_text.encode() in body:
            return


class _Kept(httpx.AsyncBaseTransport):
    """A transport that goes on living after its client."""

    def __init__(self, inner: httpx.AsyncBaseTransport | None) -> None:
        assert inner is not None
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._inner.handle_async_request(request)


def literal(front: FrontRequest, case: Case) -> HttpRequest:
    """The literal request in the case's dialect: the canonical one, with what `front` says besides."""
    key = {"wrong": WRONG_KEY, "none": None}.get(front.token or "", case.api_key)
    build = dialect(case.dialect).build_request
    request = read_request(case.request)
    wire = build(request, key)
    if front.body_size is not None:
        wire = build(_grown(request, front.body_size - len(wire.body)), key)
    return HttpRequest(
        front.method,
        front.path or wire.path,
        _headers({name.lower(): value for name, value in wire.headers.items()}, front.headers),
        _body(front, wire, case),
    )


def _headers(usual: dict[str, str], changed: dict[str, str | None]) -> dict[str, str]:
    merged = {**usual, **{name.lower(): value for name, value in changed.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def _body(front: FrontRequest, wire: HttpRequest, case: Case) -> bytes:
    body = front.body_in(case.dialect)
    if body is not None:  # which names the model as scenarios do
        return body.replace(f'"{MODEL}"', f'"{case.request["model"]}"').encode()
    return b"" if front.method in ("GET", "HEAD") else wire.body


def _grown(request: Request, missing: int) -> Request:
    """The request with that many letters more in its last message."""
    *before, last = request.messages
    filling = TextPart("x" * max(missing, 0))
    texts = [position for position, part in enumerate(last.content) if isinstance(part, TextPart)]
    content = list(last.content)
    if texts:
        part = content[texts[-1]]
        assert isinstance(part, TextPart)
        content[texts[-1]] = TextPart(part.text + filling.text)
    else:
        content.append(filling)
    return msgspec.structs.replace(request, messages=[*before, Message(last.role, content)])
