"""Clients that run in this process through a transport, one of httpx and one of its successor."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import openai

from harness.events import AnyEvent, Finish, Text
from harness.systems.base import Case, Description

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


class PerRead:
    """Decodes each read by itself, and else does all right. `hangs` on a stream in more than so many reads."""

    description = Description("per-read", "1", "python", ("openai-chat",), frozenset({"timeouts"}))
    hangs = 500

    async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        text, reads = "", 0
        headers = {"authorization": f"Bearer {case.api_key}"}
        async with (
            httpx.AsyncClient(base_url=case.base_url, transport=case.transport, headers=headers) as client,
            client.stream("POST", "/v1/chat/completions", json=ASKED) as response,
        ):
            async for read in response.aiter_bytes():
                text += read.decode("utf-8", "replace")
                reads += 1
        if reads > self.hangs and case.clock is not None:
            await case.clock.sleep(3600)
        for line in text.splitlines():
            if line.startswith("data: {"):
                [choice] = json.loads(line[6:])["choices"]
                if content := choice["delta"].get("content"):
                    yield Text(content)
                if reason := choice.get("finish_reason"):
                    yield Finish(reason)


class OpenAI:
    """OpenAI's SDK, which speaks through httpx2."""

    description = Description("openai-in-process", openai.__version__, "python", ("openai-chat",))
    http = "httpx2"

    async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        import httpx2

        http = httpx2.AsyncClient(transport=case.transport)  # type: ignore[arg-type]
        async with openai.AsyncOpenAI(
            api_key=case.api_key, base_url=f"{case.base_url}/v1", http_client=http, max_retries=0
        ) as sdk:
            stream = await sdk.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            async for chunk in stream:
                for choice in chunk.choices:
                    if choice.delta.content:
                        yield Text(choice.delta.content)
                    if choice.finish_reason:
                        yield Finish("stop")


class Idle:
    """Says that all is well without asking anybody."""

    description = Description("idle", "1", "python", ("openai-chat",))

    async def run(self, case: Case) -> AsyncIterator[AnyEvent]:
        yield Finish("stop")
