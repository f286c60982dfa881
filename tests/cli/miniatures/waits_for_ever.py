"""Is alive, and never ends a case."""

import asyncio

from harness_kit import Text, serve


async def run(case):
    yield Text("Hel")
    await asyncio.Event().wait()


serve(name="waits-for-ever", version="1", dialects=["openai-chat"], run=run)
