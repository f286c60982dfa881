"""Ends the whole worker in the middle of a case whose request says so; other cases wait for their end in vain."""

import asyncio
import os
import sys

from harness_kit import Text, serve


async def run(case):
    yield Text("so far")
    match case.request["messages"][-1]["content"][0]["text"]:
        case "exit":
            print("about to leave", file=sys.stderr)
            os._exit(7)
        case "abort":
            os.abort()
        case "wait":
            await asyncio.Event().wait()


serve(name="crashes-in-case", version="1", dialects=["anthropic-messages"], run=run)
