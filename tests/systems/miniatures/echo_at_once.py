"""Well-behaved, as a coroutine that returns all events at the end."""

from harness_kit import End, Text, serve


async def run(case):
    print("a print of the adapter")
    return [Text(case.request["messages"][-1]["content"][0]["text"]), End(case.options.get("status", "completed"))]


serve(name="echo-at-once", version="1", dialects=["anthropic-messages"], run=run)
