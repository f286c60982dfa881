# /// script
# dependencies = ["groq==1.7.0"]
# ///
"""Groq's Python SDK: `chat.completions.create(stream=True)` on the async client, which its README shows.

It posts to `/openai/v1/chat/completions`. Reasoning is a delta's `reasoning` there, which is not where this dialect's
own answers have it, so it is read but not claimed. `create` has no `stream_options`, which go into `extra_body`; usage
is also read from the vendor's own place, `x_groq`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import groq
from harness_kit import Case, Event, chat, serve
from harness_kit.fields import field, given


async def run(case: Case) -> AsyncIterator[Event]:
    options = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    kept = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    asked, results, calls = parameters(case.request), case.options.get("tool_results") or {}, 0
    async with groq.AsyncGroq(api_key=case.api_key, base_url=case.base_url, **kept) as sdk:
        while True:
            reader, turn = chat.Reader(reasoning="reasoning", calls=calls), []
            async with await sdk.chat.completions.create(**asked) as stream:
                async for chunk in stream:
                    counted = field(field(chunk, "x_groq"), "usage")
                    for event in [*reader.read(chunk), *([chat.usage(counted)] if counted else [])]:
                        turn.append(event)
                        yield event
            if not (more := chat.replies(turn, results)):
                return
            asked["messages"] += more
            calls = reader.calls


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    asked = chat.parameters(request)
    extra = {"stream_options": asked.pop("stream_options")}
    return {**asked, "extra_body": extra, **given({"reasoning_format": "parsed" if request.get("reasoning") else None})}


serve(
    name="groq",
    distribution="groq",
    dialects=["openai-chat"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage"),
        *("history", "images", "settings", "tool_loop"),
    ],
    default_retries=2,
    run=run,
)
