"""How our client in front of a gateway uses connections."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from harness.catalogue.observation import CallerEnd, FrontLog
from harness.events import AnyEvent, Text
from harness.systems.base import Case
from harness.systems.front import FrontClient

BROKEN = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\noops"
STREAM = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)
GOOD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n%b" % (len(STREAM), STREAM)


class Closing:
    """A server that says nothing of it, and takes no second request on a connection that it answered with 500."""

    def __init__(self) -> None:
        self.connections: list[asyncio.Task[None]] = []

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            size = next(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length"))
            body = await reader.readexactly(size)
            well = isinstance(json.loads(body), dict)
            writer.write(GOOD if well else BROKEN)
            await writer.drain()
            if not well:
                await self._head(reader)  # it closes only once the next request is on its way
                break
        writer.close()
        await writer.wait_closed()

    async def _head(self, reader: asyncio.StreamReader) -> list[bytes]:
        try:
            return (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return []


def test_what_comes_after_an_odd_request_has_a_connection_of_its_own() -> None:
    end, events, connections = asyncio.run(_run({"body": "[1]"}))
    assert "".join(event.text for event in events if isinstance(event, Text)) == "Hello"
    assert (end, connections) == (CallerEnd("completed"), 2)


async def _run(front: dict[str, Any]) -> tuple[CallerEnd, list[AnyEvent], int]:
    closing, events = Closing(), list[AnyEvent]()
    async with asyncio.timeout(20), await asyncio.start_server(closing.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        request = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        options = {"max_retries": 0, "timeout_s": 10.0, "think_tags": False, "compaction": False, "tool_results": {}}
        case = Case("c1", "openai-chat", "", "sk-1", request, options, front=FrontLog(), front_request=front)
        end = await FrontClient(f"http://127.0.0.1:{port}", "sk-1").run(case, events.append)
        await asyncio.gather(*closing.connections)
    return end, events, len(closing.connections)
