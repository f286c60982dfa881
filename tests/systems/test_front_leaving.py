"""Our client in front of a gateway leaves before the answer is over, by the bytes that came or by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from harness.catalogue.observation import FrontLog
from harness.events import AnyEvent, Text
from harness.origin.clock import VirtualClock
from harness.systems.base import Case
from harness.systems.front import FrontClient

WHOLE = (
    b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n',
    b'data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)


class SilentFirst(httpx.AsyncBaseTransport):
    """Answers the first request with some bytes and then never again, and every other one well."""

    def __init__(self, clock: VirtualClock, *first: bytes) -> None:
        self.asked = 0
        self.closed: list[int] = []
        self._clock, self._first = clock, first

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked == 1 and not self._first:
            await self._silence()
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, stream=_Stream(self, self.asked))

    async def chunks(self, number: int) -> AsyncIterator[bytes]:
        for chunk in WHOLE if number > 1 else self._first:
            yield chunk
        if number == 1:
            await self._silence()

    async def _silence(self) -> None:
        try:
            await self._clock.sleep(1e6)
        finally:
            self.closed.append(1)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, server: SilentFirst, number: int) -> None:
        self._server, self._number = server, number

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._server.chunks(self._number):
            yield chunk

    async def aclose(self) -> None:
        self._server.closed.append(self._number)


@pytest.mark.parametrize("first", [(), WHOLE[:1]], ids=["nothing-came", "words-came"])
def test_the_client_leaves_when_its_time_is_over_and_asks_again(first: tuple[bytes, ...]) -> None:
    clock = VirtualClock()
    server = SilentFirst(clock, *first)
    events = asyncio.run(_run(server, clock, {"hang_up_after_s": 3.0}))
    assert [event.text for event in events if isinstance(event, Text)] == ["Hello"]
    assert (server.asked, server.closed[0], clock.now() < 4) == (2, 1, True)


def test_the_client_leaves_behind_so_many_bytes() -> None:
    clock = VirtualClock()
    server = SilentFirst(clock, *WHOLE[:1])
    events = asyncio.run(_run(server, clock, {"hang_up_after_bytes": 1}))
    assert [event.text for event in events if isinstance(event, Text)] == ["Hello"]
    assert (server.asked, server.closed[0], clock.now()) == (2, 1, 0.0)


def test_the_client_leaves_behind_letters_and_not_before_them() -> None:
    clock = VirtualClock()
    head, tail = WHOLE[0].split(b"Hel")
    server = SilentFirst(clock, head + b"H", b"el" + tail)
    events = asyncio.run(_run(server, clock, {"hang_up_after_text": "Hel", "hang_up_after_s": 3.0}))
    assert [event.text for event in events if isinstance(event, Text)] == ["Hello"]
    assert (server.asked, clock.now()) == (2, 0.0)


def test_the_client_leaves_in_time_where_its_letters_never_come() -> None:
    clock = VirtualClock()
    server = SilentFirst(clock, b": not yet\n\n")
    asyncio.run(_run(server, clock, {"hang_up_after_text": "Hel", "hang_up_after_s": 3.0}))
    assert (server.asked, 3.0 <= clock.now() < 4.0) == (2, True)


async def _run(server: SilentFirst, clock: VirtualClock, front: dict[str, Any]) -> list[AnyEvent]:
    request = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    options = {"max_retries": 0, "timeout_s": 30.0, "think_tags": False, "compaction": False, "tool_results": {}}
    log = FrontLog()
    case = Case("c1", "openai-chat", "", "sk-1", request, options, front=log, front_request=front)
    events: list[AnyEvent] = []
    await FrontClient("http://gateway.test", "sk-1", server, clock).run(case, events.append)
    assert len(log.attempts) == 2
    return events
