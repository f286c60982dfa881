"""A gateway on a real socket, an upstream that says what a test tells it to say, and clients, all on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import uvicorn

from harness.dialects import dialect
from harness.events import AnyEvent, Finish, Start, Text, Usage
from harness.request import read_request
from harness.stack.fallback import Target
from harness.stack.gateway import Gateway, GatewaySettings, create_app
from harness.stack.policy import Policy

T = TypeVar("T")

HELLO: tuple[AnyEvent, ...] = (Start("r1", "m1"), Text("Hel"), Text("lo"), Finish("stop"), Usage(3, 4))
REQUEST = read_request({"model": "test-model", "messages": [{"role": "user", "content": "Hello"}]})
PLAIN = Policy(max_retries=0, max_overloads=0)
PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
    "gemini": "/v1beta/models/test-model:streamGenerateContent?alt=sse",
    "ollama": "/api/chat",
}
TALKS: dict[str, dict[str, Any]] = {
    "openai-chat": {"model": "test-model", "stream": True, "messages": [{"role": "user", "content": "Hello"}]},
    "openai-responses": {"model": "test-model", "stream": True, "input": "Hello"},
    "anthropic-messages": {
        "model": "test-model",
        "stream": True,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hello"}],
    },
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
    "ollama": {"model": "test-model", "messages": [{"role": "user", "content": "Hello"}]},
}
"""A plain request for a stream in each dialect."""


def frames(name: str, events: tuple[AnyEvent, ...] = HELLO) -> list[bytes]:
    """The frames of a whole answer."""
    encoder = dialect(name).encoder()
    return [frame for event in events for frame in encoder.feed(event)] + encoder.close()


@dataclass
class Talk:
    """One request at the upstream, which a test answers by hand."""

    request: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def body(self) -> Any:
        return json.loads(self.request.partition(b"\r\n\r\n")[2])

    async def head(self, content_type: str, status: str = "200 OK", *more: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-type: {content_type}", "transfer-encoding: chunked", *more]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        await self.writer.drain()

    async def chunk(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def whole(self, name: str, events: tuple[AnyEvent, ...] = HELLO) -> None:
        await self.head(dialect(name).content_type)
        for frame in frames(name, events):
            await self.chunk(frame)
        await self.end()

    async def left(self) -> None:
        """Returns when whoever asked has hung up."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(1000):
                pass


Answering = Callable[[Talk], Awaitable[None]]


@dataclass
class Stack:
    """What a test works with. `answer` may be changed between requests; `talks` are the requests so far."""

    url: str
    gateway: Gateway
    answer: Answering
    talks: list[Talk] = field(default_factory=list)
    problems: list[BaseException] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=None)

    async def idle(self) -> None:
        """Returns when the gateway answers nobody."""
        while self.gateway.streams:
            await asyncio.sleep(0)

    async def serves_on(self, name: str) -> bool:
        """Whether the next plain request is answered as ever."""
        self.answer = lambda talk: talk.whole(name)
        async with self.client() as client:
            answer = await client.post(PATHS["openai-chat"], json=TALKS["openai-chat"])
        return answer.status_code == 200 and answer.text.endswith("data: [DONE]\n\n")


@asynccontextmanager
async def stack(name: str, answer: Answering, **settings: Any) -> AsyncGenerator[Stack]:
    """A gateway over an upstream of the dialect `name`, which answers with `answer`."""
    standing: Stack | None = None

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert standing is not None
        try:
            while data := await _request(reader):
                talk = Talk(data, reader, writer)
                standing.talks.append(talk)
                await standing.answer(talk)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as problem:
            standing.problems.append(problem)
        finally:
            writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    target = Target(name, upstream, "sk-upstream-secret")
    made = GatewaySettings(**{"upstreams": (target,), "policy": PLAIN, **settings})
    app = create_app(made)
    async with _served(app) as url:
        standing = Stack(url, app.state.gateway, answer)
        yield standing
    server.close()
    assert standing.problems == []


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return head + await reader.readexactly(int(length[1]) if length else 0)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def _served(app: Any) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http="httptools", ws="none", log_level="critical", lifespan="on")
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listening.close()


def run(work: Coroutine[Any, Any, T], limit_s: float = 30) -> T:
    """Run to the end, and fail rather than hang."""

    async def limited() -> T:
        async with asyncio.timeout(limit_s):
            return await work

    return asyncio.run(limited())
