# /// script
# dependencies = ["anthropic==2.11.0"]
# ///
"""Anthropic's Python SDK: the plain stream of `messages.create(stream=True)`, on the async client.

Its events are the wire's own, and the caller puts the blocks together. Where the caller's tools answer, the helper
`messages.stream()` does, and the content of its final message goes back. What the SDK raises is not caught. Its
`create` takes no sampling settings any more, so a temperature that a request asks for is not sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import anthropic
from harness_kit import Case, Event, ToolCall, messages, serve


async def run(case: Case) -> AsyncIterator[Event]:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    asked, results = messages.parameters(case.request), case.options.get("tool_results")
    async with anthropic.AsyncAnthropic(api_key=case.api_key, base_url=case.base_url, **given) as sdk:
        events = loop(sdk, asked, results) if results else answer(sdk, asked)
        async with aclosing(events):
            async for event in events:
                yield event


async def answer(sdk: anthropic.AsyncAnthropic, asked: dict[str, Any]) -> AsyncIterator[Event]:
    reader = messages.Reader()
    async with await sdk.messages.create(**asked) as stream:
        async for event in stream:
            for canonical in reader.read(event):
                yield canonical


async def loop(sdk: anthropic.AsyncAnthropic, asked: dict[str, Any], results: dict[str, str]) -> AsyncIterator[Event]:
    """A talk in which the content of each message goes back as the SDK's own helper has put it together."""
    del asked["stream"]
    made = 0
    while True:
        reader = messages.Reader()
        async with sdk.messages.stream(**asked) as stream:
            async for event in stream:
                for canonical in reader.read(event):
                    moved = isinstance(canonical, ToolCall)
                    yield replace(canonical, index=canonical.index + made) if moved else canonical
            content = (await stream.get_final_message()).content
        calls = [block for block in content if block.type == "tool_use"]
        if not calls:
            return
        made += len(calls)
        said = [{"type": "tool_result", "tool_use_id": call.id, "content": results[call.name]} for call in calls]
        turns = [{"role": "assistant", "content": content}, {"role": "user", "content": said}]
        asked["messages"] = [*asked["messages"], *turns]


def classify(error: BaseException) -> str | None:
    """The SDK reads the broad category of an error for its caller, also where the status is 200."""
    return messages.ERROR_KINDS.get(error.type or "") if isinstance(error, anthropic.APIStatusError) else None


serve(
    name="anthropic-python",
    distribution="anthropic",
    dialects=["anthropic-messages"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "reasoning", "signatures"),
        *("history", "images", "settings", "tool_loop"),
    ],
    default_retries=2,
    run=run,
    classify=classify,
)
