"""A dialect, a network and a clock made of literals.

The dialect writes an event as one SSE frame of its JSON form; `{"type": "finish", …}` is its stop reason and `[DONE]`
its end marker. The network plays a list of answers, one a request, and keeps what was asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from harness.dialects.base import Dialect, HttpRequest, Loss
from harness.dialects.classify import classify
from harness.dialects.retry_after import parse_retry_after
from harness.events import AnyEvent, End, ErrorInfo, Failure, Finish, Retry, Status, Text, from_builtins, to_builtins
from harness.request import Request, read_request, to_dict
from harness.stack.policy import Policy

T = TypeVar("T")

REQUEST = read_request({"model": "test-model", "messages": [{"role": "user", "content": "Hello"}]})
PLAIN = Policy(jitter_high=0.0)
"""The default policy without chance."""
HANG = object()
"""In place of a chunk: nothing more ever comes, on any clock."""


def frame(event: AnyEvent) -> bytes:
    """One event on the fake wire."""
    return b"data: " + json.dumps(to_builtins(event)).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
HELLO = (frame(Text("Hel")), frame(Text("lo")), frame(Finish("stop")), DONE)
"""A whole answer, chunk by chunk."""


class FakeDecoder:
    """Reads the fake wire."""

    def __init__(self) -> None:
        self.ended = False
        self._status: Status = "truncated"
        self._rest = b""

    def feed(self, data: bytes) -> list[AnyEvent]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [event for line in lines if line.startswith(b"data: ") for event in self._read(line[6:])]

    def _read(self, payload: bytes) -> Iterable[AnyEvent]:
        if payload == b"[DONE]":
            self.ended = True
            return
        event = from_builtins(json.loads(payload))
        if isinstance(event, Finish) and self._status != "failed":
            self._status = "completed"
        if isinstance(event, Failure):
            self._status = "failed"
        yield event

    def close(self) -> list[AnyEvent]:
        return [End(self._status)]


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> ErrorInfo:
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = body.decode("utf-8", "replace")
    return classify(status=status, message=message, retry_after_s=parse_retry_after(headers).seconds)


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {api_key}"} if api_key else {})
    losses = (Loss("top-p", "has no place"),) if request.top_p is not None else ()
    return HttpRequest("POST", "/v1/fake?stream=1", headers, json.dumps(to_dict(request)).encode(), losses)


def fake_dialect(name: str = "fake", content_type: str = "text/event-stream", **facts: Any) -> Dialect:
    def absent(*_: object) -> Any:
        raise AssertionError("the client has no business here")

    return Dialect(
        name=name,
        content_type=content_type,
        decoder=FakeDecoder,
        encoder=absent,
        build_request=build_request,
        read_request=absent,
        matches=absent,
        validate=absent,
        read_error=read_error,
        write_error=absent,
        split_frames=absent,
        facts=facts,
    )


FAKE = fake_dialect()


class VirtualClock:
    """Time that passes only when somebody waits for it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@dataclass
class Answer:
    """What one request gets. A number among the chunks is silence in seconds, an exception is raised there."""

    chunks: Iterable[Any] = HELLO
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    before_head: Any = None
    """An exception, a silence, or HANG in place of the status line."""


def error_answer(status: int, message: str = "no", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"message": message}}).encode()
    return Answer([body], status, {"content-type": "application/json", **names})


class Network(httpx.AsyncBaseTransport):
    """Plays the answers in turn; the last one answers all further requests."""

    def __init__(self, *answers: Answer, clock: VirtualClock | None = None) -> None:
        self.answers = answers
        self.clock = clock or VirtualClock()
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self.closed: list[bool] = []

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        self.times.append(self.clock.now())
        self.closed.append(False)
        await self._meet(answer.before_head, request)
        body = _Body(self, answer, request, len(self.requests) - 1)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=body)

    async def _meet(self, item: Any, request: httpx.Request) -> None:
        if item is HANG:
            await asyncio.Event().wait()
        elif isinstance(item, BaseException):
            raise item
        elif isinstance(item, int | float):
            limit = request.extensions["timeout"]["read"]
            if limit is not None and item >= limit:
                self.clock.time += limit
                raise httpx.ReadTimeout("silence", request=request)
            self.clock.time += item


class _Body(httpx.AsyncByteStream):
    def __init__(self, network: Network, answer: Answer, request: httpx.Request, place: int) -> None:
        self._network, self._answer, self._request, self._place = network, answer, request, place

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for item in self._answer.chunks:
            if isinstance(item, bytes):
                yield item
            else:
                await self._network._meet(item, self._request)

    async def aclose(self) -> None:
        self._network.closed[self._place] = True


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and fail rather than hang."""

    async def limited() -> T:
        async with asyncio.timeout(20):
            return await work

    return asyncio.run(limited())


def texts(events: Iterable[AnyEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def failures(events: Iterable[AnyEvent]) -> list[ErrorInfo]:
    return [event.error for event in events if isinstance(event, Failure)]


def retries(events: Iterable[AnyEvent]) -> list[Retry]:
    return [event for event in events if isinstance(event, Retry)]
