# /// script
# dependencies = ["openai==3.52.0"]
# ///
"""OpenAI's Python SDK: the plain stream of `create(stream=True)`, which its README shows first, on the async client.

Chat completions and responses. `reasoning_content` is no part of the SDK's types, so reasoning is claimed for
responses alone; what a chunk says is handed on as it is, and what the SDK raises is not caught.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
from harness_kit import Case, Event, chat, responses, serve


def client(case: Case) -> openai.AsyncOpenAI:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    return openai.AsyncOpenAI(api_key=case.api_key, base_url=f"{case.base_url}/v1", **given)


async def run(case: Case) -> AsyncIterator[Event]:
    async with client(case) as sdk:
        if case.dialect == "openai-chat":
            reader, opening = chat.Reader(), sdk.chat.completions.create(**chat.parameters(case.request))
        else:
            reader, opening = responses.Reader(), sdk.responses.create(**responses.parameters(case.request))
        async with await opening as stream:
            async for chunk in stream:
                for event in reader.read(chunk):
                    yield event


serve(
    name="openai-python",
    distribution="openai",
    dialects=["openai-chat", "openai-responses"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "refusals"),
        *("history", "images", "settings"),
    ],
    features_in={"openai-chat": ["parallel_choices"], "openai-responses": ["reasoning", "signatures"]},
    default_retries=2,
    run=run,
)
