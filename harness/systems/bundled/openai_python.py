# /// script
# dependencies = ["openai==3.52.0"]
# ///
"""OpenAI's Python SDK: the plain stream of `create(stream=True)`, which its README shows first, on the async client.

Chat completions and responses. Where the caller's tools answer, what goes back is the message of the helper
`chat.completions.stream()`, and the output of a response. `reasoning_content` is no part of the SDK's types, so
reasoning is claimed for responses alone. What a chunk says is handed on as it is; what the SDK raises is not caught.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import openai
from harness_kit import Case, Event, ToolCall, chat, responses, serve


def client(case: Case) -> openai.AsyncOpenAI:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    return openai.AsyncOpenAI(api_key=case.api_key, base_url=f"{case.base_url}/v1", **given)


async def run(case: Case) -> AsyncIterator[Event]:
    results = case.options.get("tool_results") or {}
    async with client(case) as sdk:
        if case.dialect == "openai-responses":
            events = response_events(sdk, responses.parameters(case.request), results)
        elif results:
            events = chat_loop(sdk, chat.parameters(case.request), results)
        else:
            events = chat_events(sdk, chat.parameters(case.request))
        async with aclosing(events):
            async for event in events:
                yield event


async def chat_events(sdk: openai.AsyncOpenAI, asked: dict[str, Any]) -> AsyncIterator[Event]:
    reader = chat.Reader()
    async with await sdk.chat.completions.create(**asked) as stream:
        async for chunk in stream:
            for event in reader.read(chunk):
                yield event


async def chat_loop(sdk: openai.AsyncOpenAI, asked: dict[str, Any], results: dict[str, str]) -> AsyncIterator[Event]:
    """A talk in which each message goes back as the SDK's own helper has put it together."""
    del asked["stream"]
    made = 0
    while True:
        reader = chat.Reader()
        async with sdk.chat.completions.stream(**asked) as stream:
            async for event in stream:
                if event.type == "chunk":
                    for read in reader.read(event.chunk):
                        yield moved(read, made)
            message = (await stream.get_final_completion()).choices[0].message
        if not message.tool_calls:
            return
        made += len(message.tool_calls)
        said = [(call.id, results[call.function.name]) for call in message.tool_calls]
        answers = [{"role": "tool", "tool_call_id": call_id, "content": text} for call_id, text in said]
        asked["messages"] = [*asked["messages"], message, *answers]


async def response_events(
    sdk: openai.AsyncOpenAI, asked: dict[str, Any], results: dict[str, str]
) -> AsyncIterator[Event]:
    """One response, or a talk in which the output of each goes back as it is."""
    made = 0
    while True:
        reader, output = responses.Reader(), []
        async with await sdk.responses.create(**asked) as stream:
            async for event in stream:
                if event.type == "response.completed":
                    output = event.response.output
                for read in reader.read(event):
                    yield moved(read, made)
        calls = [item for item in output or () if item.type == "function_call"]
        if not (results and calls):
            return
        made += len(calls)
        said = [(call.call_id, results[call.name]) for call in calls]
        answers = [{"type": "function_call_output", "call_id": call_id, "output": text} for call_id, text in said]
        asked["input"] = [*asked["input"], *output, *answers]


def moved(event: Event, made: int) -> Event:
    """Calls are numbered on from those of the turns before."""
    return replace(event, index=event.index + made) if isinstance(event, ToolCall) else event


serve(
    name="openai-python",
    distribution="openai",
    dialects=["openai-chat", "openai-responses"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "refusals"),
        *("history", "images", "settings", "tool_loop"),
    ],
    features_in={"openai-chat": ["parallel_choices"], "openai-responses": ["reasoning", "signatures"]},
    default_retries=2,
    run=run,
)
