# /// script
# dependencies = ["pydantic-ai-slim[openai,anthropic,google]==2.68.0"]
# ///
"""Pydantic AI: its models for OpenAI's chat and responses, for Anthropic and for Google.

One answer is a stream of `model_request_stream`; where the caller's tools answer, an `Agent` runs its own loop, stepped
through with `agent.iter`. Both give the same events. What a user knows of the end of an answer is `finish_reason`, the
provider's own word for it, and `state`, which tells an incomplete answer apart.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

from harness_kit import Case, End, Event, Finish, Other, Reasoning, Refusal, Signature, Text, ToolCall, Usage, serve
from harness_kit.fields import given
from harness_kit.messages import REASONS as ANTHROPIC_REASONS
from harness_kit.messages import thinking as anthropic_thinking
from pydantic_ai import Agent, BinaryContent, Tool, ToolDefinition, exceptions
from pydantic_ai import messages as ai
from pydantic_ai.direct import model_request_stream
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider

KINDS = {
    exceptions.ModelQuotaExceededError: "quota",
    exceptions.ModelRateLimitError: "rate_limit",
    exceptions.ModelOverloadedError: "overloaded",
    exceptions.ModelTimeoutError: "timeout",
    exceptions.ModelRequestTimeout: "timeout",
    exceptions.ModelConnectionError: "connection",
    exceptions.ModelContextWindowExceededError: "context_overflow",
    exceptions.ModelAuthenticationError: "auth",
    exceptions.ModelNotFoundError: "not_found",
    exceptions.ModelRequestRejectedError: "invalid_request",
    exceptions.ModelUnavailableError: "overloaded",
    exceptions.ModelServerError: "server",
    exceptions.ContentFilterError: "content_filter",
    exceptions.UnexpectedModelBehavior: "protocol",
}
"""What its classes of exceptions say; the narrower ones first."""

OF_REASONING_MODELS = OpenAIModelProfile(openai_supports_encrypted_reasoning_content=True)
"""What it knows of OpenAI's reasoning models by their names."""


def model_of(case: Case) -> Model:
    name, key = case.request["model"], case.api_key
    if case.dialect == "anthropic-messages":
        return AnthropicModel(name, provider=AnthropicProvider(api_key=key, base_url=case.base_url))
    if case.dialect == "gemini":
        return GoogleModel(name, provider=GoogleProvider(api_key=key, base_url=case.base_url))
    provider = OpenAIProvider(api_key=key, base_url=f"{case.base_url}/v1")
    if case.dialect == "openai-chat":
        return OpenAIChatModel(name, provider=provider)
    return OpenAIResponsesModel(name, provider=provider, profile=OF_REASONING_MODELS)


def settings(case: Case) -> dict[str, Any]:
    request, choice = case.request, case.request.get("tool_choice")
    common = {
        "max_tokens": request.get("max_output_tokens"),
        "temperature": request.get("temperature"),
        "top_p": request.get("top_p"),
        "stop_sequences": request.get("stop"),
        "parallel_tool_calls": request.get("parallel_tool_calls"),
        "tool_choice": [choice["name"]] if isinstance(choice, dict) else choice,
        "max_retries": case.options.get("max_retries"),
        "timeout": case.options.get("timeout_s"),
    }
    return given({**common, **thinking(case.dialect, request)})


def thinking(dialect: str, request: dict[str, Any]) -> dict[str, Any]:
    """The request's reasoning in the words of the one provider."""
    asked = request.get("reasoning") or {}
    effort, budget = asked.get("effort"), asked.get("budget_tokens")
    if dialect == "gemini":
        wanted = {"thinking_budget": budget} if budget else {"thinking_level": (effort or "").upper()}
        return {"google_thinking_config": {"include_thoughts": True, **wanted}} if asked else {}
    if dialect == "anthropic-messages":
        told = anthropic_thinking(request)
        return {
            "anthropic_thinking": told.get("thinking"),
            "anthropic_effort": (told.get("output_config") or {}).get("effort"),
            **({"max_tokens": told["max_tokens"]} if "max_tokens" in told else {}),
        }
    summary = "auto" if effort and dialect == "openai-responses" else None
    return {"openai_reasoning_effort": effort, "openai_reasoning_summary": summary}


def tool_of(tool: dict[str, Any], results: dict[str, str]) -> Tool[None]:
    def answer(**_: Any) -> str:
        return results[tool["name"]]

    return Tool.from_schema(answer, tool["name"], tool.get("description"), schema(tool))


def schema(tool: dict[str, Any]) -> dict[str, Any]:
    return tool.get("parameters") or {"type": "object", "properties": {}}


async def run(case: Case) -> AsyncIterator[Event]:
    model, reader = model_of(case), Reader(case.dialect)
    events = loop(case, model, reader) if case.options.get("tool_results") else answer(case, model, reader)
    async with aclosing(events):
        async for event in events:
            yield event
    if reader.incomplete:
        yield End("truncated")


async def answer(case: Case, model: Model, reader: Reader) -> AsyncIterator[Event]:
    """One answer, of the model itself."""
    tools = [
        ToolDefinition(name=tool["name"], parameters_json_schema=schema(tool), description=tool.get("description"))
        for tool in case.request.get("tools") or ()
    ]
    parameters = ModelRequestParameters(function_tools=tools)
    history = turns(case, model.system)
    history[-1].instructions = case.request.get("system")
    asked = {"model_settings": settings(case), "model_request_parameters": parameters}
    async with (
        model_request_stream(model, history, **asked) as stream,
        aclosing(told(stream, stream.get, reader)) as events,
    ):
        try:
            async for event in events:
                yield event
        except GeneratorExit:
            await stream.cancel()
            raise


async def loop(case: Case, model: Model, reader: Reader) -> AsyncIterator[Event]:
    """An agent's run, which asks the model and calls the tools until it has its answer."""
    results = case.options["tool_results"]
    tools = [tool_of(tool, results) for tool in case.request.get("tools") or ()]
    agent = Agent(model, tools=tools, instructions=case.request.get("system"), model_settings=settings(case))
    async with agent.iter(None, message_history=turns(case, model.system)) as steps:
        async for node in steps:
            if Agent.is_model_request_node(node):
                async with (
                    node.stream(steps.ctx) as stream,
                    aclosing(told(stream, lambda stream=stream: stream.response, reader)) as events,
                ):
                    async for event in events:
                        yield event


async def told(stream: Any, response: Callable[[], ai.ModelResponse], reader: Reader) -> AsyncIterator[Event]:
    """The events of a stream, and what is known then of the answer; of one that breaks off, the counts so far."""
    try:
        async for event in stream:
            for read in reader.read(event):
                yield read
    except Exception:
        for counted in reader.usage(response().usage):
            yield counted
        raise
    for read in reader.end(response()):
        yield read


class Reader:
    """Turns the events of all requests of a run into ours."""

    def __init__(self, dialect: str) -> None:
        self.incomplete = False
        self._dialect = dialect
        self._calls: dict[int, int] = {}
        self._raw: dict[int, dict[str, Any]] = {}
        self._made = 0

    def read(self, event: Any) -> Iterator[Event]:
        if isinstance(event, ai.PartStartEvent):
            yield from self._start(event.index, event.part)
        elif isinstance(event, ai.PartDeltaEvent):
            yield from self._delta(event.index, event.delta)
        elif isinstance(event, ai.PartEndEvent):
            yield from self._whole(event.index, event.part)

    def _start(self, index: int, part: Any) -> Iterator[Event]:
        if isinstance(part, ai.TextPart):
            if part.content:
                yield Text(part.content)
        elif isinstance(part, ai.ThinkingPart):
            if thought := part.content or self._raw_thought(index, part.provider_details):
                yield Reasoning(thought)
        elif isinstance(part, ai.ToolCallPart):
            number = self._calls[index] = self._made
            self._made += 1
            yield ToolCall(number, part.tool_call_id, part.tool_name, written(part.args))
        else:
            yield Other(part.part_kind)

    def _delta(self, index: int, delta: Any) -> Iterator[Event]:
        if isinstance(delta, ai.TextPartDelta):
            if delta.content_delta:
                yield Text(delta.content_delta)
        elif isinstance(delta, ai.ThinkingPartDelta):
            if thought := delta.content_delta or self._raw_thought(index, delta.provider_details):
                yield Reasoning(thought)
        elif isinstance(delta, ai.ToolCallPartDelta) and index in self._calls:
            yield ToolCall(self._calls[index], name=delta.tool_name_delta, arguments=written(delta.args_delta))

    def _raw_thought(self, index: int, details: Any) -> str:
        """Thoughts as they were, not summed up, are a provider's detail of responses, and told as a change of it."""
        before = self._raw.get(index) or {}
        after = self._raw[index] = details(before) if callable(details) else {**before, **(details or {})}
        known, now = ("".join(each.get("raw_content") or ()) for each in (before, after))
        return now.removeprefix(known)

    def _whole(self, index: int, part: Any) -> Iterator[Event]:
        """A part's signature, once the part is whole; Gemini puts it on any part, as a provider's detail."""
        details = part.provider_details or {}
        signed = details.get("thought_signature") or getattr(part, "signature", None)
        if not signed:
            return
        data = base64.b64encode(signed).decode() if isinstance(signed, bytes) else signed
        form = "encrypted" if self._dialect == "openai-responses" else "signature"
        if part.id == "redacted_thinking":
            form = "redacted"
        item = part.id if form == "encrypted" else None
        yield Signature(data, form, tool_index=self._calls.get(index), id=item)

    def end(self, response: ai.ModelResponse) -> Iterator[Event]:
        """What is known of the answer as a whole."""
        self._calls.clear()
        self._raw.clear()
        self.incomplete = response.state in ("incomplete", "interrupted")
        details = response.provider_details or {}
        if details.get("refusal"):
            yield Refusal(details["refusal"])
        yield from self.usage(response.usage)
        reason, raw = response.finish_reason, details.get("finish_reason")
        if self._dialect == "anthropic-messages":
            reason = ANTHROPIC_REASONS.get(raw, reason)
        if reason or raw:
            yield Finish({"tool_call": "tool_calls", "error": "other"}.get(reason, reason or "other"), raw=raw)

    def usage(self, counted: Any) -> Iterator[Usage]:
        """Its input counts what a cache had; on Anthropic's wire it does not."""
        if not counted.has_values() or counted.unmeasured_requests:
            return
        cached = counted.cache_read_tokens + counted.cache_write_tokens
        apart = cached if self._dialect == "anthropic-messages" else 0
        yield Usage(
            counted.input_tokens - apart,
            counted.output_tokens,
            counted.details.get("reasoning_tokens") or counted.details.get("thoughts_tokens"),
            counted.cache_read_tokens,
            counted.cache_write_tokens,
        )


def written(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False) if arguments else ""


def turns(case: Case, provider: str) -> list[ai.ModelMessage]:
    """The turns as its messages; what a signature needs to go back is named as this provider's."""
    said = case.request["messages"]
    names = {part["id"]: part["name"] for turn in said for part in turn["content"] if part["type"] == "tool_call"}
    made: list[ai.ModelMessage] = []
    for turn in said:
        if turn["role"] == "assistant":
            parts = [spoken for part in turn["content"] if (spoken := answered(part, provider, case.dialect))]
            made.append(ai.ModelResponse(parts, provider_name=provider))
        elif made and isinstance(made[-1], ai.ModelRequest):
            made[-1] = ai.ModelRequest([*made[-1].parts, *asked(turn, names)])
        else:
            made.append(ai.ModelRequest(asked(turn, names)))
    return made


def asked(turn: dict[str, Any], names: dict[str, str]) -> list[Any]:
    results = [part for part in turn["content"] if part["type"] == "tool_result"]
    content = [
        BinaryContent(base64.b64decode(part["data"]), media_type=part["media_type"])
        if part["type"] == "image"
        else part["text"]
        for part in turn["content"]
        if part["type"] in ("text", "image")
    ]
    if turn["role"] in ("system", "developer"):
        return [ai.SystemPromptPart(text) for text in content]
    plain = content[0] if len(content) == 1 and isinstance(content[0], str) else content
    return [*(returned(part, names) for part in results), *([ai.UserPromptPart(plain)] if content else [])]


def returned(part: dict[str, Any], names: dict[str, str]) -> ai.ToolReturnPart:
    name = names.get(part["tool_call_id"], part["tool_call_id"])
    outcome = "failed" if part.get("is_error") else "success"
    return ai.ToolReturnPart(name, part["content"], part["tool_call_id"], outcome=outcome)


def answered(part: dict[str, Any], provider: str, dialect: str) -> Any:
    match part["type"]:
        case "text":
            return ai.TextPart(part["text"])
        case "tool_call":
            signed = part.get("signature") if dialect == "gemini" else None
            kept = {"provider_name": provider, "provider_details": {"thought_signature": signed}} if signed else {}
            return ai.ToolCallPart(part["name"], part["arguments"], part["id"], **kept)
        case "reasoning":
            signature = part.get("signature") or part.get("encrypted") or part.get("redacted")
            named = "redacted_thinking" if part.get("redacted") else part.get("id")
            return ai.ThinkingPart(part.get("text") or "", id=named, signature=signature, provider_name=provider)
    return None


def classify(error: BaseException) -> str | None:
    """Its class, but for a refusal of the filter, which is told by the provider's own code alone."""
    if getattr(error, "provider_error_code", None) == "content_filter":
        return "content_filter"
    return next((kind for known, kind in KINDS.items() if isinstance(error, known)), None)


serve(
    name="pydantic-ai",
    distribution="pydantic-ai-slim",
    dialects=["openai-chat", "openai-responses", "anthropic-messages", "gemini"],
    features=[
        *("retries", "timeouts", "tool_calls", "usage", "reasoning", "refusals"),
        *("error_kinds", "overflow", "tool_loop", "history", "images", "settings"),
        *("history", "images", "settings"),
    ],
    features_in={
        "openai-chat": ["retry_after", "cancel"],
        "openai-responses": ["retry_after", "cancel", "signatures"],
        "anthropic-messages": ["retry_after", "cancel", "signatures"],
        "gemini": ["signatures"],
    },
    default_retries={"openai-chat": 2, "openai-responses": 2, "anthropic-messages": 2, "gemini": 0},
    run=run,
    classify=classify,
)
