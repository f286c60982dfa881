# /// script
# dependencies = ["langchain-anthropic==1.7.7"]
# ///
"""LangChain's ChatAnthropic: the chunks of `astream`. Its clients are the anthropic SDK's, which does the retries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import _langchain
from harness_kit import Case, Event, messages, serve
from harness_kit.fields import given
from langchain_anthropic import ChatAnthropic


def model(case: Case) -> ChatAnthropic:
    request, options = case.request, case.options
    limits: dict[str, Any] = {"timeout": options.get("timeout_s"), "max_retries": options.get("max_retries")}
    asked = messages.thinking(request)
    return ChatAnthropic(
        model=request["model"],
        api_key=case.api_key,
        base_url=case.base_url,
        max_tokens=asked.pop("max_tokens", None) or request.get("max_output_tokens") or messages.DEFAULT_MAX_TOKENS,
        **{name: value for name, value in limits.items() if value is not None},  # else its own defaults
        **given(
            {
                "temperature": request.get("temperature"),
                "top_p": request.get("top_p"),
                "stop": request.get("stop"),
                **asked,
            }
        ),
    )


async def run(case: Case) -> AsyncIterator[Event]:
    async with aclosing(_langchain.talk(case, model(case), "anthropic", messages.REASONS)) as events:
        async for event in events:
            yield event


def classify(error: BaseException) -> str | None:
    """The SDK below reads the broad category of an error for its caller, also where the status is 200."""
    return _langchain.classify(error) or messages.ERROR_KINDS.get(getattr(error, "type", None) or "")


serve(
    name="langchain-anthropic",
    distribution="langchain-anthropic",
    dialects=["anthropic-messages"],
    features=[
        *("retries", "retry_after", "timeouts", "cancel", "overflow"),
        *("tool_calls", "tool_loop", "usage", "reasoning", "signatures"),
        *("history", "images", "settings"),
    ],
    default_retries=2,
    run=run,
    classify=classify,
)
