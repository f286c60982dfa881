"""Systems that run in this process and do not do what they should."""

from collections.abc import AsyncGenerator

import httpx

from harness.events import AnyEvent, Finish, Text
from harness.systems.base import Case, Description


class Deaf:
    """Asks the server, and does not listen."""

    description = Description("deaf", "1", "python", ("openai-chat",))

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        headers = {"authorization": f"Bearer {case.api_key}"}
        async with httpx.AsyncClient(base_url=case.base_url, transport=case.transport, headers=headers) as client:
            await client.post("/v1/chat/completions", json=body)
        yield Text("Goodbye.")
        yield Finish("stop")


class Mute:
    """Speaks no dialect that there is."""

    description = Description("mute", "1", "python", ("semaphore",))

    async def run(self, case: Case) -> AsyncGenerator[AnyEvent]:
        yield Finish("stop")
