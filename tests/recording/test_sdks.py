"""The vendors' SDKs, recorded while they read a live endpoint, read the same again from the cassette."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import pytest
from google import genai

from harness.catalogue.loader import load_catalogue
from harness.catalogue.render import RenderedScenario, render
from harness.origin.case import CasePlan
from harness.origin.cassette import CassetteScript
from harness.origin.server import Origin
from harness.origin.transport import InProcessTransport
from harness.origin.transport_httpx2 import InProcessTransport2
from harness.recording import listening
from harness.recording.cassette import load_cassette
from harness.recording.tape import Recorder
from harness.recording.transport import RecordingTransport, SyncRecordingTransport
from harness.recording.transport_httpx2 import RecordingTransport2, SyncRecordingTransport2
from harness.recording.writer import CassetteWriter
from harness.wire.response import Chunk, WireResponse

KEY = "sk-test"
PROMPT = [{"role": "user", "content": "What is the weather in Oslo?"}]
BUSY = WireResponse(
    429,
    (("content-type", "application/json"), ("retry-after-ms", "1")),
    (Chunk(b'{"error":{"message":"slow down","type":"rate_limit_error"}}'),),
    transfer="length",
)
Ask = Callable[[str, Any], Any]
"""(base URL, transport) -> what the SDK gives, one event after another; a coroutine, or sync."""


async def _async_events(stream: Any) -> list[Any]:
    events: list[Any] = []
    try:
        async for event in stream:
            events.append(event.model_dump())
    except Exception as error:
        events.append((type(error).__name__, str(error)))
    return events


def _events(stream: Any) -> list[Any]:
    events: list[Any] = []
    try:
        for event in stream:
            events.append(event.model_dump())
    except Exception as error:
        events.append((type(error).__name__, str(error)))
    return events


async def openai_chat(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.AsyncClient(transport=transport)
    async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{base_url}/v1", http_client=client) as sdk:
        stream = await sdk.chat.completions.create(model="m", messages=PROMPT, stream=True)  # type: ignore[call-overload]
        return await _async_events(stream)


def openai_chat_sync(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.Client(transport=transport)
    with openai.OpenAI(api_key=KEY, base_url=f"{base_url}/v1", http_client=client) as sdk:
        return _events(sdk.chat.completions.create(model="m", messages=PROMPT, stream=True))  # type: ignore[call-overload]


async def openai_responses(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.AsyncClient(transport=transport)
    async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{base_url}/v1", http_client=client) as sdk:
        return await _async_events(await sdk.responses.create(model="m", input="Hi", stream=True))


def openai_responses_sync(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.Client(transport=transport)
    with openai.OpenAI(api_key=KEY, base_url=f"{base_url}/v1", http_client=client) as sdk:
        return _events(sdk.responses.create(model="m", input="Hi", stream=True))


async def anthropic_messages(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.AsyncClient(transport=transport)
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=base_url, http_client=client) as sdk:
        stream = await sdk.messages.create(model="m", max_tokens=99, messages=PROMPT, stream=True)  # type: ignore[call-overload]
        return await _async_events(stream)


def anthropic_messages_sync(base_url: str, transport: Any) -> list[Any]:
    client = httpx2.Client(transport=transport)
    with anthropic.Anthropic(api_key=KEY, base_url=base_url, http_client=client) as sdk:
        return _events(sdk.messages.create(model="m", max_tokens=99, messages=PROMPT, stream=True))  # type: ignore[call-overload]


async def gemini(base_url: str, transport: Any) -> list[Any]:
    async with httpx2.AsyncClient(transport=transport) as client:
        sdk = genai.Client(api_key=KEY, http_options={"base_url": base_url, "httpx_async_client": client})  # type: ignore[arg-type]
        return await _async_events(await sdk.aio.models.generate_content_stream(model="m", contents="Hi"))


async def ollama_chat(base_url: str, transport: Any) -> list[Any]:
    sdk = ollama.AsyncClient(host=base_url, transport=transport)
    try:
        return await _async_events(await sdk.chat(model="m", messages=PROMPT, stream=True))
    finally:
        await sdk._client.aclose()


def ollama_chat_sync(base_url: str, transport: Any) -> list[Any]:
    sdk = ollama.Client(host=base_url, transport=transport)
    try:
        return _events(sdk.chat(model="m", messages=PROMPT, stream=True))
    finally:
        sdk._client.close()


SDKS: dict[str, tuple[Ask, str]] = {
    "openai-chat": (openai_chat, "openai-chat"),
    "openai-chat-sync": (openai_chat_sync, "openai-chat"),
    "openai-responses": (openai_responses, "openai-responses"),
    "openai-responses-sync": (openai_responses_sync, "openai-responses"),
    "anthropic": (anthropic_messages, "anthropic-messages"),
    "anthropic-sync": (anthropic_messages_sync, "anthropic-messages"),
    "gemini": (gemini, "gemini"),
    "ollama": (ollama_chat, "ollama"),
    "ollama-sync": (ollama_chat_sync, "ollama"),
}


def responses(scenario: str, dialect: str) -> tuple[WireResponse, ...]:
    rendered = render(load_catalogue().get(scenario), dialect)
    assert isinstance(rendered, RenderedScenario)
    return rendered.responses


def transport(ask: Ask, dialect: str, recorder: Recorder | None) -> Any:
    """A transport for the SDK: of its library, async or sync, recording or not."""
    is_async = inspect.iscoroutinefunction(ask)
    if dialect == "ollama":
        plain: Any = httpx.AsyncHTTPTransport() if is_async else httpx.HTTPTransport()
        recording: Any = RecordingTransport if is_async else SyncRecordingTransport
    else:
        plain = httpx2.AsyncHTTPTransport() if is_async else httpx2.HTTPTransport()
        recording = RecordingTransport2 if is_async else SyncRecordingTransport2
    return plain if recorder is None else recording(recorder, plain)


async def asked(ask: Ask, base_url: str, through: Any) -> list[Any]:
    if inspect.iscoroutinefunction(ask):
        events: list[Any] = await ask(base_url, through)
        return events
    return await asyncio.to_thread(ask, base_url, through)


def live_and_again(name: str, planned: tuple[WireResponse, ...], path: Path) -> tuple[list[Any], ...]:
    """What the SDK gives live while it is recorded, from the cassette over a socket, and, if async, in process."""
    ask, dialect = SDKS[name]

    async def main() -> tuple[list[Any], ...]:
        async with Origin() as origin:
            base_url = origin.add(CasePlan("live", dialect, planned))
            with CassetteWriter(path) as cassette, Recorder(cassette.append) as recorder:
                live = await asked(ask, base_url, transport(ask, dialect, recorder))
            again = origin.mount("again", CassetteScript(load_cassette(path)))
            sights = [live, await asked(ask, again, transport(ask, dialect, None))]
        if inspect.iscoroutinefunction(ask):
            script = CassetteScript(load_cassette(path))
            playing: Any = InProcessTransport(script) if dialect == "ollama" else InProcessTransport2(script)
            sights.append(await asked(ask, playing.base_url, playing))
        return tuple(sights)

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def _patience_with_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "END_GRACE_S", 10.0)


@pytest.mark.parametrize("name", SDKS)
def test_the_sdk_reads_from_the_cassette_what_it_read_live(name: str, tmp_path: Path) -> None:
    live, *again = live_and_again(name, responses("canary/tool-call", SDKS[name][1]), tmp_path / "c.yaml")
    assert "get_weather" in str(live)
    assert again == [live] * len(again)
    (exchange,) = load_cassette(tmp_path / "c.yaml").exchanges
    assert exchange.response.ending == "clean"  # though some SDKs stop reading at the vendor's end mark
    assert KEY not in (tmp_path / "c.yaml").read_text()


@pytest.mark.parametrize("name", SDKS)
def test_a_stream_that_broke_breaks_again(name: str, tmp_path: Path) -> None:
    live, *again = live_and_again(name, responses("disconnects/reset-mid-answer", SDKS[name][1]), tmp_path / "c.yaml")
    assert isinstance(live[-1], tuple)  # the error
    assert len(live) > 1
    for events in again:
        assert events[:-1] == live[:-1]
        assert events[-1][0] == live[-1][0]  # in process its words may differ
    assert load_cassette(tmp_path / "c.yaml").exchanges[0].response.ending == "reset"


@pytest.mark.parametrize("name", [name for name, (_, dialect) in SDKS.items() if dialect not in ("gemini", "ollama")])
def test_what_the_sdk_tried_again_is_recorded_twice(name: str, tmp_path: Path) -> None:
    planned = (BUSY, *responses("canary/tool-call", SDKS[name][1]))
    live, *again = live_and_again(name, planned, tmp_path / "c.yaml")
    assert "get_weather" in str(live)
    assert again == [live] * len(again)
    exchanges = load_cassette(tmp_path / "c.yaml").exchanges
    assert [(each.response.status, each.response.ending) for each in exchanges] == [(429, "clean"), (200, "clean")]
    assert b"slow down" in exchanges[0].response.body  # which the SDKs throw away unread
