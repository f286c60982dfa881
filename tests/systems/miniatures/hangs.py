"""Never ends a case: it waits for ever, or blocks the whole worker, as the request says."""

import asyncio
import time

from harness_kit import Text, serve


async def run(case):
    yield Text("so far")
    if case.request["messages"][-1]["content"][0]["text"] == "block":
        while True:
            time.sleep(60)
    await asyncio.Event().wait()


serve(name="hangs", version="1", dialects=["anthropic-messages"], run=run)
