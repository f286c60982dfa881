"""A system that runs in this process, and decodes each read by itself: characters that were cut in two are lost."""

import json
from collections.abc import AsyncGenerator

import httpx

from harness.events import AnyEvent, Finish, Text
from harness.systems.base import Case, Description


class Hasty:
    """Right in all that the test's streams need, but for its one bug."""

    description = Description("hasty", "1", "python", ("openai-chat",))

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        headers = {"authorization": f"Bearer {case.api_key}"}
        held, ended = "", False
        async with (
            httpx.AsyncClient(base_url=case.base_url, transport=case.transport, headers=headers) as client,
            client.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            async for data in response.aiter_bytes():
                *lines, held = (held + data.decode("utf-8", "replace")).split("\n")
                for line in lines:
                    if not line.startswith("data: {"):
                        continue
                    for choice in json.loads(line[6:])["choices"]:
                        if text := choice["delta"].get("content"):
                            yield Text(text)
                        if choice["finish_reason"]:
                            ended = True
                            yield Finish(choice["finish_reason"])
        if not ended:
            raise EOFError("the answer has no end")


SYSTEM = Hasty()
