"""What no probe can ask for: servers that die or let go in the middle of an answer, and what OpenAI's SDK reads live.

Each records one cassette, `<out>/<dialect>/<name>.yaml`, and gives what there is to say about it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
from servers import KEY, Running

from harness import Client
from harness.endpoints.asking import dialect_at
from harness.endpoints.providers import where
from harness.recording.cassette import Exchange
from harness.recording.golden import Undecoded, decoded
from harness.recording.secrets.redactor import Redactor
from harness.recording.tape import Recorder
from harness.recording.transport import RecordingTransport
from harness.recording.writer import save_cassette
from harness.request import Request, read_request
from harness.stack.gate import CONTENT
from harness.stack.policy import Policy

LONG, SHORT = 96, 4
"""Tokens of an answer that something happens to, and of one that only has to be there."""
FEW = 5
"""Words behind which it happens."""
READINGS = "readings.json"
"""What the SDK read live, beside the cassettes that it was read from."""


def keep(up: Running, path: Path, exchange: Exchange, note: str) -> None:
    """Writes one exchange, cleaned, with what it amounts to."""
    redactor = Redactor([KEY, *up.private])
    cleaned = redactor.clean(exchange)[0]
    seen = decoded(cleaned)
    transcript = None if isinstance(seen, Undecoded) else seen.to_dict()
    save_cassette(path, [replace(cleaned, transcript=transcript, note=note)], redactor=redactor)


def killed(up: Running, out: Path) -> str:
    """The server is killed behind the first words of an answer."""

    async def story() -> Exchange:
        return await _recorded(up, "killed", LONG, _once(lambda: asyncio.to_thread(up.kill)))

    exchange = asyncio.run(story())
    keep(up, out / "openai-chat" / "killed.yaml", exchange, "the server was killed while it answered")
    return exchange.response.ending


def interrupted(up: Running, out: Path) -> str:
    """A second request comes while the first is answered; the server lets go of the first."""

    async def story() -> Exchange:
        second: list[asyncio.Task[Exchange]] = []

        async def ask_again() -> None:
            second.append(asyncio.create_task(_recorded(up, "second", SHORT)))
            await asyncio.sleep(0)  # the first answer is read on meanwhile

        exchange = await _recorded(up, "interrupted", LONG, _once(ask_again))
        await asyncio.gather(*second)
        return exchange

    exchange = asyncio.run(story())
    keep(up, out / "openai-chat" / "interrupted.yaml", exchange, "a second request came while this one was answered")
    return exchange.response.ending


def _once(what: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """Does that behind the first few words."""
    words = itertools.count(1)

    async def at_content() -> None:
        if next(words) == FEW:
            await what()

    return at_content


def _asks(up: Running, tokens: int) -> Request:
    text = "Count from one to fifty, in words."
    return read_request(
        {
            "model": up.server.model,
            "messages": [{"role": "user", "content": text}],
            "max_output_tokens": tokens,
            "temperature": 0,
        }
    )


async def _nothing() -> None: ...


async def _recorded(
    up: Running, scenario: str, tokens: int, at_content: Callable[[], Awaitable[None]] = _nothing
) -> Exchange:
    kept: list[Exchange] = []
    recorder = Recorder(kept.append, provider=up.name, scenario=scenario)
    transport = RecordingTransport(recorder, httpx.AsyncHTTPTransport())
    policy = Policy.named("none").patient_for(300)
    place = where(up.name, "openai-chat", base_url=up.url, model=up.server.model, key=KEY)
    async with (
        Client(dialect_at(place), up.url, api_key=KEY, policy=policy, transport=transport, literal=True) as client,
        client.stream(_asks(up, tokens)) as stream,
    ):
        async for event in stream:
            if isinstance(event, CONTENT):
                await at_content()
    recorder.close()
    return kept[0]


def sdk_text(up: Running, out: Path) -> str:
    """OpenAI's SDK reads a chat answer."""
    return _sdk(up, out, "sdk-text", {"messages": [{"role": "user", "content": "Say hello in one short sentence."}]})


def sdk_tool_call(up: Running, out: Path) -> str:
    """OpenAI's SDK reads a tool call."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"name": "get_weather", "description": "The weather in a city.", "parameters": parameters}
    asked = {
        "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
        "tools": [{"type": "function", "function": tool}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    }
    return _sdk(up, out, "sdk-tool-call", asked)


def _sdk(up: Running, out: Path, name: str, asked: dict[str, Any]) -> str:
    import httpx2
    import openai

    from harness.recording.transport_httpx2 import SyncRecordingTransport2

    kept: list[Exchange] = []
    recorder = Recorder(kept.append, provider=up.name, scenario=name)
    http = httpx2.Client(transport=SyncRecordingTransport2(recorder, httpx2.HTTPTransport()))
    with openai.OpenAI(base_url=f"{up.url}/v1", api_key=KEY, max_retries=0, timeout=300, http_client=http) as client:
        stream = client.chat.completions.create(
            model=up.server.model, stream=True, max_tokens=32, temperature=0, **asked
        )
        read = [chunk.model_dump(mode="json", exclude_unset=True) for chunk in stream]
    recorder.close()
    path = out / "openai-chat" / f"{name}.yaml"
    keep(up, path, kept[0], f"read live by openai {openai.__version__}")
    _note_reading(out / "openai-chat" / READINGS, name, read)
    return f"{len(read)} chunks"


def _note_reading(path: Path, name: str, read: list[Any]) -> None:
    readings = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    readings[name] = read
    lines = (
        f'"{name}": [\n' + ",\n".join(msgspec.json.encode(chunk).decode() for chunk in chunks) + "]"
        for name, chunks in readings.items()
    )
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


SITUATIONS: dict[str, Callable[[Running, Path], str]] = {
    "sdk-text": sdk_text,
    "sdk-tool-call": sdk_tool_call,
    "interrupted": interrupted,
    "killed": killed,
}
"""In the order in which they are carried out; the last one leaves no server behind."""
