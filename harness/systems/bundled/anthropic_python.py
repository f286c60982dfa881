# /// script
# dependencies = ["anthropic==2.11.0"]
# ///
"""Anthropic's Python SDK: the plain stream of `messages.create(stream=True)`, on the async client.

Its events are the wire's own, and the caller puts the blocks together. What the SDK raises is not caught. Its `create`
takes no sampling settings any more, so a temperature that a request asks for is not sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
from harness_kit import Case, Event, messages, serve


async def run(case: Case) -> AsyncIterator[Event]:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    reader = messages.Reader()
    async with (
        anthropic.AsyncAnthropic(api_key=case.api_key, base_url=case.base_url, **given) as sdk,
        await sdk.messages.create(**messages.parameters(case.request)) as stream,
    ):
        async for event in stream:
            for canonical in reader.read(event):
                yield canonical


def classify(error: BaseException) -> str | None:
    """The SDK reads the broad category of an error for its caller, also where the status is 200."""
    return messages.ERROR_KINDS.get(error.type or "") if isinstance(error, anthropic.APIStatusError) else None


serve(
    name="anthropic-python",
    distribution="anthropic",
    dialects=["anthropic-messages"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "reasoning", "signatures"),
        *("history", "images", "settings"),
    ],
    default_retries=2,
    run=run,
    classify=classify,
)
