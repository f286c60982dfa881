# /// script
# dependencies = ["langchain-openai==1.7.3"]
# ///
"""LangChain's ChatOpenAI: the chunks of `astream`, for chat completions and for responses.

Its documentation leaves `reasoning_content` of chat completions to other packages, so reasoning is claimed for
responses alone. Its clients are the openai SDK's, which does the retries.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import _langchain
from harness_kit import Case, Event, chat, serve
from harness_kit.fields import given
from langchain_openai import ChatOpenAI

REASONS = {**chat.REASONS, "max_output_tokens": "length"}


def model(case: Case) -> ChatOpenAI:
    request, responses = case.request, case.dialect == "openai-responses"
    effort = (request.get("reasoning") or {}).get("effort")
    more: dict[str, Any] = {"stop": request.get("stop"), "reasoning_effort": effort}
    if responses:
        more = {"store": False, "reasoning": {"effort": effort, "summary": "auto"} if effort else None}
        more["include"] = ["reasoning.encrypted_content"] if effort else None
    return ChatOpenAI(
        model=request["model"],
        api_key=case.api_key,
        base_url=f"{case.base_url}/v1",
        use_responses_api=responses,
        stream_usage=True,  # it is off unless asked for where the base URL is another than OpenAI's
        max_retries=case.options.get("max_retries"),
        timeout=case.options.get("timeout_s"),
        **given(
            {
                "max_tokens": request.get("max_output_tokens"),
                "temperature": request.get("temperature"),
                "top_p": request.get("top_p"),
                **more,
            }
        ),
    )


async def run(case: Case) -> AsyncIterator[Event]:
    async with aclosing(_langchain.talk(case, model(case), "openai", REASONS)) as events:
        async for event in events:
            yield event


serve(
    name="langchain-openai",
    distribution="langchain-openai",
    dialects=["openai-chat", "openai-responses"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "overflow"),
        *("tool_calls", "tool_loop", "usage", "refusals"),
        *("history", "images", "settings"),
    ],
    features_in={"openai-responses": ["reasoning", "signatures"]},
    default_retries=2,
    run=run,
    classify=_langchain.classify,
)
