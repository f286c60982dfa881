# /// script
# dependencies = ["mistralai==3.7.0"]
# ///
"""Mistral's Python SDK: `chat.stream_async`, driven in the dialect that its API resembles.

The vendor's own streams differ from OpenAI's: a tool call comes whole, in one delta with its name, and the SDK refuses
fragments without one; reasoning is a part of the content list. So neither tool calls nor reasoning are claimed, though
both are read where they come as the vendor sends them. The SDK repeats requests by time and not by count, and only
where it is told to: no retries are claimed. It has no setting for usage in streams, which its API always tells.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from harness_kit import Case, Event, Failed, Finish, Reasoning, Start, Text, ToolCall, chat, serve
from harness_kit.fields import given
from mistralai.client import Mistral, models


class Reader:
    """Turns the chunks of one answer into events. Content is a string, or a list of texts and thoughts."""

    def __init__(self) -> None:
        self._begun = False

    def read(self, chunk: models.CompletionChunk) -> Iterator[Event]:
        if not self._begun:
            self._begun = True
            yield Start(chunk.id, chunk.model)
        for choice in chunk.choices:
            delta, number = choice.delta, choice.index
            yield from self._content(delta.content or "", number)
            for call in delta.tool_calls or ():
                arguments = call.function.arguments
                text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
                yield ToolCall(call.index or 0, call.id, call.function.name, text, choice=number)
            if choice.finish_reason == "error":  # one of the reasons that the SDK's types have
                raise Failed("server", "the answer stopped for the reason `error`")
            if choice.finish_reason:
                yield Finish(chat.REASONS.get(choice.finish_reason, "other"), raw=choice.finish_reason, choice=number)
        if chunk.usage:
            yield chat.usage(chunk.usage)

    def _content(self, content: str | list[Any], number: int) -> Iterator[Event]:
        for part in [content] if isinstance(content, str) else content:
            if isinstance(part, models.ThinkChunk):
                for thought in part.thinking:
                    yield Reasoning(getattr(thought, "text", ""), choice=number)
            elif text := part if isinstance(part, str) else getattr(part, "text", ""):
                yield Text(text, choice=number)


async def run(case: Case) -> AsyncIterator[Event]:
    timeout_s = case.options.get("timeout_s")
    limits = {"timeout_ms": round(timeout_s * 1000)} if timeout_s else {}
    reader = Reader()
    async with (
        Mistral(api_key=case.api_key, server_url=case.base_url, **limits) as sdk,
        await sdk.chat.stream_async(**parameters(case.request)) as stream,
    ):
        async for event in stream:
            for canonical in reader.read(event.data):
                yield canonical


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    asked = chat.parameters(request)
    kept = ("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort")
    same = {name: asked.get(name) for name in (*kept, "temperature", "top_p", "stop")}
    for tool in same["tools"] or ():
        tool["function"] = {"parameters": {"type": "object", "properties": {}}, **tool["function"]}  # they are required
    return given({**same, "max_tokens": request.get("max_output_tokens")})


serve(
    name="mistral-python",
    distribution="mistralai",
    dialects=["openai-chat"],
    features=["timeouts", "cancel", "usage", "history", "images", "settings"],
    run=run,
)
