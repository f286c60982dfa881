# /// script
# dependencies = ["litellm==1.106.2", "mcp==2.3.0"]
# ///
"""LiteLLM as a library: `acompletion(stream=True)`, whose chunks have the form of OpenAI's chat whoever answers.

OpenAI's chat, Anthropic, Gemini and Ollama are reached by `acompletion`, OpenAI's responses by `aresponses`, whose
events have the vendor's own form. Retries are asked for by `num_retries`, as the documentation does.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it fetches its list of models from the network else

import httpx2  # noqa: F401 - else the library imports it in the first of many requests at once, and some meet half of it
import litellm
from harness_kit import Case, Event, Signature, ToolCall, Usage, chat, responses, serve
from harness_kit.fields import field, plain

litellm.telemetry = False
litellm.suppress_debug_info = True

PROVIDERS = {"openai-chat": "openai", "anthropic-messages": "anthropic", "gemini": "gemini", "ollama": "ollama_chat"}

PATHS = {"openai": "/v1", "gemini": "/v1beta"}
"""What LiteLLM wants to have in the base, besides the host; it adds the rest."""


ABILITIES = (
    *("native_streaming", "system_messages", "function_calling", "parallel_function_calling", "tool_choice"),
    *("reasoning", "vision"),
)


def known(case: Case, provider: str) -> str:
    """The model under LiteLLM's name, made known to it: a model that it does not know is taken to be able to do little,
    and responses of such a one are asked for in one piece."""
    name = f"{provider}/{case.request['model']}"
    able = {f"supports_{ability}": True for ability in ABILITIES}
    litellm.register_model({name: {"litellm_provider": provider, "mode": "chat", **able}})
    return name


class Reader(chat.Reader):
    """Reads chunks with what LiteLLM adds to them: reasoning, and the signatures of thinking blocks."""

    def __init__(self, first_call: int) -> None:
        super().__init__("reasoning_content", first_call)

    def read(self, chunk: Any) -> list[Event]:
        deltas = [field(choice, "delta") for choice in field(chunk, "choices") or ()]
        written = field(field(chunk, "usage"), "cache_creation_input_tokens")
        read = [_with_cache(event, written) for event in super().read(chunk)]
        return [*read, *(signature for delta in deltas for signature in _signatures(delta))]


def _with_cache(event: Event, written: int | None) -> Event:
    return replace(event, cache_write_tokens=written) if isinstance(event, Usage) else event


def _signatures(delta: Any) -> list[Signature]:
    found = []
    for block in field(delta, "thinking_blocks") or ():
        if signed := field(block, "signature"):
            found.append(Signature(signed))
        if redacted := field(block, "data"):
            found.append(Signature(redacted, "redacted"))
    return found


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages, with the thinking blocks that LiteLLM wants back in an assistant's message."""
    made = chat.messages(request)
    turns = (turn for turn in request["messages"] if turn["role"] == "assistant")
    for message, turn in zip((each for each in made if each["role"] == "assistant"), turns, strict=False):
        if blocks := [block for part in turn["content"] if (block := _thinking(part))]:
            message["thinking_blocks"] = blocks
    return made


def _thinking(part: dict[str, Any]) -> dict[str, Any] | None:
    if part["type"] != "reasoning":
        return None
    if part.get("redacted"):
        return {"type": "redacted_thinking", "data": part["redacted"]}
    if not part.get("signature"):
        return None
    return {"type": "thinking", "thinking": part.get("text", ""), "signature": part["signature"]}


def limits(case: Case) -> dict[str, Any]:
    """The timeout and the retries that were asked for; LiteLLM's own defaults where none were."""
    asked = {"timeout": case.options.get("timeout_s"), "num_retries": case.options.get("max_retries")}
    return {"api_key": case.api_key, **{name: value for name, value in asked.items() if value is not None}}


async def completion(case: Case) -> AsyncIterator[Event]:
    """The chunks of all turns; LiteLLM's own builder puts each answer together for the history."""
    provider, results = PROVIDERS[case.dialect], case.options.get("tool_results") or {}
    asked = {**chat.parameters(case.request), "messages": messages(case.request), **limits(case)}
    asked["model"] = known(case, provider)
    asked["api_base"] = case.base_url + PATHS.get(provider, "")
    calls = 0
    while True:
        chunks: list[Any] = []
        reader = Reader(calls)
        async with aclosing(await litellm.acompletion(**asked)) as stream:
            async for chunk in stream:
                chunks.append(chunk)
                for event in reader.read(chunk):
                    yield event
        whole = litellm.stream_chunk_builder(chunks, messages=asked["messages"]) if results and chunks else None
        message = whole.choices[0].message if whole else None
        if message is None or not message.tool_calls:
            return
        calls += len(message.tool_calls)
        answers = [
            {"role": "tool", "tool_call_id": call.id, "content": results.get(call.function.name, "")}
            for call in message.tool_calls
        ]
        asked["messages"] = [*asked["messages"], message, *answers]


async def response(case: Case) -> AsyncIterator[Event]:
    """The events of all turns; what the model gave goes back into the input."""
    results, made = case.options.get("tool_results") or {}, 0
    asked = {**responses.parameters(case.request), **limits(case)}
    asked["model"], asked["api_base"] = known(case, "openai"), f"{case.base_url}/v1"
    while True:
        reader, given = responses.Reader(), []
        async for event in await litellm.aresponses(**asked):
            if field(event, "type") == "response.completed":
                given = list(field(field(event, "response"), "output") or ())
            for canonical in reader.read(event):
                yield replace(canonical, index=canonical.index + made) if isinstance(canonical, ToolCall) else canonical
        calls = [item for item in given if field(item, "type") == "function_call"]
        if not results or not calls:
            return
        made += len(calls)
        answers = [
            {
                "type": "function_call_output",
                "call_id": field(call, "call_id"),
                "output": results.get(field(call, "name"), ""),
            }
            for call in calls
        ]
        asked["input"] = [*asked["input"], *map(plain, given), *answers]


async def run(case: Case) -> AsyncIterator[Event]:
    turns = response(case) if case.dialect == "openai-responses" else completion(case)
    async with aclosing(turns) as events:
        async for event in events:
            yield event


KINDS = {
    "ContextWindowExceededError": "context_overflow",
    "ContentPolicyViolationError": "content_filter",
    "AuthenticationError": "auth",
    "PermissionDeniedError": "auth",
    "NotFoundError": "not_found",
    "RateLimitError": "rate_limit",
    "BadRequestError": "invalid_request",
    "Timeout": "timeout",
    "APIConnectionError": "connection",
    "ServiceUnavailableError": "server",
    "InternalServerError": "server",
}


def classify(error: BaseException) -> str | None:
    """By LiteLLM's classes, whose statuses are often its own; what breaks off a stream comes wrapped."""
    cause = getattr(error, "original_exception", None) or error
    return next((KINDS[base.__name__] for base in type(cause).__mro__ if base.__name__ in KINDS), None)


serve(
    name="litellm",
    distribution="litellm",
    dialects=[*PROVIDERS, "openai-responses"],
    features=[
        *("retries", "timeouts", "tool_calls", "tool_loop", "usage", "reasoning", "overflow"),
        *("history", "images", "settings"),
    ],
    features_in={
        "openai-chat": ["cancel", "parallel_choices"],
        "anthropic-messages": ["cancel", "signatures"],
        "gemini": ["cancel"],
        "ollama": ["cancel"],
        "openai-responses": ["signatures", "refusals"],  # its iterator has nothing to stop it by
    },
    run=run,
    classify=classify,
)
