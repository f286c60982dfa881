"""A vendor of models on 127.0.0.1: it answers every probe as it should, in any dialect, or as a test wants it to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.dialects import dialect
from harness.dialects.base import Dialect
from harness.events import AnyEvent, ErrorInfo, ErrorKind, Finish, Reasoning, Refusal, Start, Text, ToolCall, Usage
from harness.origin.case import Answer, ReceivedRequest, Script
from harness.origin.server import Origin
from harness.request import Request, TextPart
from harness.wire.response import Chunk, Ending, WireResponse

KEY = "sk-canary-5f2c81d09ae7"
CONTEXT_TOKENS = 900
COUNTED = Usage(input_tokens=11, output_tokens=7)

Behaviour = Callable[["Vendor", Request], WireResponse | None]
"""What a test wants instead of the right answer; None: the right answer."""


@dataclass
class Vendor:
    """A script for the origin: one provider in one dialect."""

    name: str
    instead: Behaviour = lambda vendor, request: None
    asked: list[Request] = field(default_factory=list)
    received: list[ReceivedRequest] = field(default_factory=list)

    @property
    def spoken(self) -> Dialect:
        return dialect(self.name)

    def answer(self, request: ReceivedRequest) -> Answer:
        headers = dict(request.headers)
        asked = self.spoken.read_request(request.path, headers, request.body)
        self.asked.append(asked)
        self.received.append(request)
        return Answer(self.instead(self, asked) or self._right(request, headers, asked))

    def _right(self, request: ReceivedRequest, headers: Mapping[str, str], asked: Request) -> WireResponse:
        shown = headers.get("authorization", "").removeprefix("Bearer ")
        if KEY not in (shown, headers.get("x-api-key"), headers.get("x-goog-api-key"), headers.get("api-key")):
            return self.error("auth", 401, "Incorrect API key provided")
        if asked.model == "no-such-model":
            return self.error("not_found", 404, "no such model")
        if temperature_of(request.body) == "hot":
            return self.error("invalid_request", 400, "temperature: a number is wanted")
        return self._to(asked, text_of(asked))

    def _to(self, asked: Request, said: str) -> WireResponse:
        if len(said) > 4 * CONTEXT_TOKENS:
            return self.error("context_overflow", 400, "prompt is too long: 99999 tokens > 900 maximum")
        if asked.tools:
            return self.stream([*weather(3 if "Lima" in said else 1), Finish("tool_calls"), COUNTED])
        if asked.response_format:
            return self.stream([*self._refusal(), COUNTED])
        if asked.reasoning:
            return self.stream([Reasoning("155 it is, "), Reasoning("surely."), Text("155"), Finish("stop"), COUNTED])
        if asked.stop:
            return self.stream([Text("1, 2, 3, "), Text("4, 5, 6, "), Finish("stop"), COUNTED])
        if "lighthouse" in said:
            story = [Text("Once upon a time "), Text("there was a lighthouse ")]
            if (asked.max_output_tokens or 0) < 100:
                return self.stream([*story, Finish("length"), COUNTED])
            return self.stream(story, "stall")
        return self.stream([Text(said[-30:]), Finish("stop"), COUNTED])

    def _refusal(self) -> list[AnyEvent]:
        if self.name in ("anthropic-messages", "gemini"):
            return [Finish("refusal" if self.name.startswith("anthropic") else "content_filter")]
        return [Finish("content_filter")] if self.name == "ollama" else [Refusal("I will not."), Finish("stop")]

    def stream(self, events: Iterable[AnyEvent], ending: Ending = "clean") -> WireResponse:
        """A stream of these events, a chunk for each frame; one that does not end well lacks the last frames."""
        encoder = self.spoken.encoder()
        frames = [frame for event in (Start("r-1", "m-1"), *events) for frame in encoder.feed(event)]
        if ending == "clean":
            frames += encoder.close()
        content_type = (("content-type", self.spoken.content_type),)
        return WireResponse(200, content_type, tuple(Chunk(frame) for frame in frames), ending)

    def error(self, kind: ErrorKind, status: int, message: str, **headers: str) -> WireResponse:
        """An error in the vendor's own form."""
        written = self.spoken.write_error(ErrorInfo(kind, message, status=status))
        named = {**{name.lower(): value for name, value in written.headers.items()}, **headers}
        return WireResponse(status, tuple(named.items()), (Chunk(written.body),), transfer="length")


def text_of(asked: Request) -> str:
    return "".join(part.text for message in asked.messages for part in message.content if isinstance(part, TextPart))


def weather(cities: int) -> list[AnyEvent]:
    return [
        ToolCall(number, id=f"call_{number}", name="get_weather", arguments=json.dumps({"city": city}))
        for number, city in enumerate(["Oslo", "Lima", "Hanoi"][:cities])
    ]


def temperature_of(body: bytes) -> Any:
    """The temperature as it stands in the body, wherever the dialect has it."""
    document = json.loads(body)
    for place in (document, document.get("generationConfig", {}), document.get("options", {})):
        if "temperature" in place:
            return place["temperature"]
    return None


@contextmanager
def serving(scripts: Mapping[str, Script]) -> Iterator[dict[str, str]]:
    """An origin in a thread of its own that plays each script below its name; gives the base URLs."""
    ready = threading.Event()
    urls: dict[str, str] = {}
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with Origin() as origin:
            urls.update({name: origin.mount(name, script) for name, script in scripts.items()})
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield urls
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
