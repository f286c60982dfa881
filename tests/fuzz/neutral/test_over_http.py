"""What only HTTP says otherwise, over real sockets: the vendors' own SDKs and our client read the same."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google import genai

from harness.catalogue.loader import load_catalogue
from harness.fuzz.neutral import neutral_variants
from harness.fuzz.stream import Stream, catalogue_streams
from harness.origin.case import CasePlan
from harness.origin.server import Origin

KEY = "sk-test"
PROMPT: Any = [{"role": "user", "content": "Hi"}]
OF_HTTP = {"chunk-extension", "content-coding", "content-type", "header-case", "transfer"}


async def openai_chat(base_url: str) -> list[Any]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{base_url}/v1", max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(model="m", messages=PROMPT, stream=True)
        return [chunk.model_dump() async for chunk in stream]


async def openai_responses(base_url: str) -> list[Any]:
    async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{base_url}/v1", max_retries=0) as sdk:
        stream = await sdk.responses.create(model="m", input="Hi", stream=True)
        return [event.model_dump() async for event in stream]


async def anthropic_messages(base_url: str) -> list[Any]:
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=base_url, max_retries=0) as sdk:
        stream = await sdk.messages.create(model="m", max_tokens=99, messages=PROMPT, stream=True)
        return [event.model_dump() async for event in stream]


async def gemini(base_url: str) -> list[Any]:
    sdk = genai.Client(api_key=KEY, http_options={"base_url": base_url})
    stream = await sdk.aio.models.generate_content_stream(model="m", contents="Hi")
    chunks = [chunk.model_dump(exclude={"sdk_http_response"}) async for chunk in stream]
    await sdk.aio.aclose()
    return chunks


async def ollama_chat(base_url: str) -> list[Any]:
    sdk = ollama.AsyncClient(host=base_url)
    try:
        return [part.model_dump() async for part in await sdk.chat(model="m", messages=PROMPT, stream=True)]
    finally:
        await sdk._client.aclose()


SDKS = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic_messages,
    "gemini": gemini,
    "ollama": ollama_chat,
}


def canary(dialect: str) -> Stream:
    return catalogue_streams([load_catalogue().get("canary/tool-call")], [dialect])[0]


async def sights(stream: Stream) -> tuple[list[Any], dict[str, list[Any]]]:
    """What the SDK gives of the stream itself, and of each variant by its words."""
    seen = {}
    async with Origin() as origin:
        intact = await SDKS[stream.dialect](origin.add(CasePlan("intact", stream.dialect, (stream.response,))))
        variants = [each for each in neutral_variants(stream) if each.family in OF_HTTP]
        for number, variant in enumerate(variants):
            base_url = origin.add(CasePlan(f"v{number}", stream.dialect, (variant.response,)))
            seen[variant.words] = await SDKS[stream.dialect](base_url)
    return intact, seen


@pytest.mark.parametrize("dialect", SDKS)
def test_the_sdk_reads_the_same_however_http_says_it(dialect: str) -> None:
    intact, seen = asyncio.run(sights(canary(dialect)))
    assert "get_weather" in str(intact)
    assert len(seen) == 13
    for words, events in seen.items():
        assert events == intact, words
