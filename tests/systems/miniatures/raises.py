"""Gives one event and then raises what the request names."""

import sys

from harness_kit import Failed, Text, serve


class RateLimitError(Exception):
    status_code = 429
    code = "slow_down"


class ReadTimeout(Exception):
    pass


class Odd(Exception):
    pass


RAISED = {
    "status": lambda: RateLimitError("too fast"),
    "class name": lambda: ReadTimeout(""),
    "failed": lambda: Failed("content_filter", "it said so", status=451, code="blocked"),
    "classify": lambda: Odd("odd"),
    "unknown": lambda: ValueError("bad value"),
    "exit": lambda: SystemExit(3),
}


async def run(case):
    yield Text("before")
    raise RAISED[case.request["messages"][-1]["content"][0]["text"]]()


def classify(error):
    return "quota" if isinstance(error, Odd) else None


serve(name="raises", version="1", dialects=["anthropic-messages"], run=run, classify=classify)
print("left serve", file=sys.stderr)
