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
from harness_kit import (
    Case,
    Event,
    Failed,
    Finish,
    Other,
    Reasoning,
    Refusal,
    Signature,
    Start,
    Text,
    ToolCall,
    Usage,
    serve,
)


def client(case: Case) -> openai.AsyncOpenAI:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    return openai.AsyncOpenAI(api_key=case.api_key, base_url=f"{case.base_url}/v1", **given)


async def run(case: Case) -> AsyncIterator[Event]:
    drive = chat if case.dialect == "openai-chat" else responses
    async with client(case) as sdk:
        async for event in drive(sdk, case.request):
            yield event


# Chat completions


async def chat(sdk: openai.AsyncOpenAI, request: dict[str, Any]) -> AsyncIterator[Event]:
    calls: dict[Any, int] = {}
    begun = False
    async with await sdk.chat.completions.create(**chat_parameters(request)) as stream:
        async for chunk in stream:
            if not begun:
                begun = True
                yield Start(chunk.id, chunk.model)
            for choice in chunk.choices or ():
                for event in chat_choice(choice, calls):
                    yield event
            if chunk.usage:
                yield chat_usage(chunk.usage)


def chat_choice(choice: Any, calls: dict[Any, int]) -> list[Event]:
    delta, number = choice.delta, choice.index or 0
    events: list[Event] = []
    if delta and delta.content:
        events.append(Text(delta.content, choice=number))
    if delta and delta.refusal:
        events.append(Refusal(delta.refusal, choice=number))
    for call in (delta and delta.tool_calls) or ():
        index = calls.setdefault((number, call.index), sum(key[0] == number for key in calls))
        named = call.function
        arguments = (named and named.arguments) or ""
        events.append(ToolCall(index, call.id or None, (named and named.name) or None, arguments, choice=number))
    if choice.finish_reason:
        reason = CHAT_REASONS.get(choice.finish_reason, "other")
        events.append(Finish(reason, raw=choice.finish_reason, choice=number))
    return events


CHAT_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def chat_usage(usage: Any) -> Usage:
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        reasoning_tokens=written.reasoning_tokens if written else None,
        cache_read_tokens=read.cached_tokens if read else None,
    )


def chat_parameters(request: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "system", "content": request["system"]}] if request.get("system") else []
    messages += [message for turn in request["messages"] for message in chat_messages(turn)]
    parameters = {
        "model": request["model"],
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": tool} for tool in request.get("tools") or ()],
        "tool_choice": chat_tool_choice(request.get("tool_choice")),
        "parallel_tool_calls": request.get("parallel_tool_calls"),
        "max_completion_tokens": request.get("max_output_tokens"),
        "reasoning_effort": (request.get("reasoning") or {}).get("effort"),
        **{name: request.get(name) for name in ("temperature", "top_p", "stop")},
    }
    return {name: value for name, value in parameters.items() if value not in (None, [])}


def chat_messages(turn: dict[str, Any]) -> list[dict[str, Any]]:
    parts = turn["content"]
    results = [part for part in parts if part["type"] == "tool_result"]
    messages = [{"role": "tool", "tool_call_id": part["tool_call_id"], "content": part["content"]} for part in results]
    content = [chat_part(part) for part in parts if part["type"] in ("text", "image")]
    calls = [
        {"id": part["id"], "type": "function", "function": {"name": part["name"], "arguments": part["arguments"]}}
        for part in parts
        if part["type"] == "tool_call"
    ]
    if calls:
        messages.append({"role": turn["role"], "tool_calls": calls, **({"content": content} if content else {})})
    elif content:
        plain = content[0]["text"] if len(content) == 1 and content[0]["type"] == "text" else content
        messages.append({"role": "user" if turn["role"] == "tool" else turn["role"], "content": plain})
    return messages


def chat_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "image":
        return {"type": "image_url", "image_url": {"url": data_url(part)}}
    return {"type": "text", "text": part["text"]}


def data_url(image: dict[str, Any]) -> str:
    return f"data:{image['media_type']};base64,{image['data']}"


def chat_tool_choice(choice: Any) -> Any:
    return {"type": "function", "function": choice} if isinstance(choice, dict) else choice


# Responses


async def responses(sdk: openai.AsyncOpenAI, request: dict[str, Any]) -> AsyncIterator[Event]:
    reader = ResponseReader()
    async with await sdk.responses.create(**response_parameters(request)) as stream:
        async for event in stream:
            for canonical in reader.read(event):
                yield canonical


class ResponseReader:
    """Keeps which call an item is, and what came in deltas: the rest comes only when it is done."""

    def __init__(self) -> None:
        self.with_deltas: set[tuple[str, str]] = set()
        self.calls: dict[str, int] = {}
        self.with_arguments: set[str] = set()

    def read(self, event: Any) -> list[Event]:
        match event.type:
            case "response.created":
                return [Start(event.response.id, event.response.model)]
            case "response.output_text.delta" | "response.output_text.done":
                return [Text(text) for text in self.words(event, "text")]
            case "response.refusal.delta" | "response.refusal.done":
                return [Refusal(text) for text in self.words(event, "refusal")]
            case "response.reasoning_text.delta" | "response.reasoning_text.done":
                return [Reasoning(text) for text in self.words(event, "text")]
            case "response.reasoning_summary_text.delta" | "response.reasoning_summary_text.done":
                return [Reasoning(text, summary=True) for text in self.words(event, "text")]
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                self.with_arguments.add(event.item_id)
                return [ToolCall(self.index(event.item_id), arguments=event.delta)]
            case "response.output_item.added" | "response.output_item.done":
                return self.item(event.item, event.type.endswith("done"))
            case "response.completed" | "response.incomplete":
                return self.end(event.response)
            case "response.failed":
                error = event.response.error
                raise failed(error.code if error else None, error.message if error else "the response failed")
            case "error":
                raise failed(event.code, event.message)
        return []

    def words(self, event: Any, field: str) -> list[str]:
        """A delta, or the whole of an item of which no delta came."""
        channel, _, step = event.type.rpartition(".")
        if step == "delta":
            self.with_deltas.add((event.item_id, channel))
            return [event.delta]
        return [] if (event.item_id, channel) in self.with_deltas else [getattr(event, field)]

    def index(self, item_id: str) -> int:
        return self.calls.setdefault(item_id, len(self.calls))

    def item(self, item: Any, done: bool) -> list[Event]:
        if item.type in ("function_call", "custom_tool_call"):
            arguments = (item.arguments if item.type == "function_call" else item.input) or ""
            known = done and item.id in self.calls
            if item.id in self.with_arguments or (known and not arguments):
                return []
            if arguments:
                self.with_arguments.add(item.id)
            return [ToolCall(self.index(item.id), item.call_id, item.name, arguments)]
        if item.type == "reasoning":
            return (
                [Signature(item.encrypted_content, "encrypted", id=item.id)] if done and item.encrypted_content else []
            )
        return [] if item.type == "message" or not done else [Other(item.type, item.to_dict())]

    def end(self, response: Any) -> list[Event]:
        details = response.incomplete_details
        raw = (details and details.reason) or response.status
        reason = "tool_calls" if self.calls else "stop"
        if response.status == "incomplete":
            reason = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(raw, "other")
        return [*([response_usage(response.usage)] if response.usage else []), Finish(reason, raw=raw)]


def response_usage(usage: Any) -> Usage:
    read, written = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=written.reasoning_tokens if written else None,
        cache_read_tokens=read.cached_tokens if read else None,
    )


def failed(code: str | None, message: str) -> Failed:
    """The SDK hands an error of the stream to the caller as an event; it does not raise."""
    return Failed(KINDS.get(code or "", "unknown"), message, code=code)


KINDS = {"server_error": "server", "rate_limit_exceeded": "rate_limit", "invalid_prompt": "invalid_request"}


def response_parameters(request: dict[str, Any]) -> dict[str, Any]:
    effort = (request.get("reasoning") or {}).get("effort")
    parameters = {
        "model": request["model"],
        "instructions": request.get("system"),
        "input": [item for turn in request["messages"] for item in response_items(turn)],
        "stream": True,
        "store": False,
        "tools": [{"type": "function", "strict": False, **tool} for tool in request.get("tools") or ()],
        "tool_choice": response_tool_choice(request.get("tool_choice")),
        "parallel_tool_calls": request.get("parallel_tool_calls"),
        "max_output_tokens": request.get("max_output_tokens"),
        "reasoning": {"effort": effort, "summary": "auto"} if effort else None,
        "include": ["reasoning.encrypted_content"] if effort else None,
        **{name: request.get(name) for name in ("temperature", "top_p")},
    }
    return {name: value for name, value in parameters.items() if value not in (None, [])}


def response_items(turn: dict[str, Any]) -> list[dict[str, Any]]:
    role = "user" if turn["role"] == "tool" else turn["role"]
    items: list[dict[str, Any]] = []
    for part in turn["content"]:
        match part["type"]:
            case "text":
                kind = "output_text" if role == "assistant" else "input_text"
                items.append({"type": "message", "role": role, "content": [{"type": kind, "text": part["text"]}]})
            case "image":
                image = {"type": "input_image", "detail": "auto", "image_url": data_url(part)}
                items.append({"type": "message", "role": role, "content": [image]})
            case "tool_call":
                called = {"call_id": part["id"], "name": part["name"], "arguments": part["arguments"]}
                items.append({"type": "function_call", **called})
            case "tool_result":
                result = {"call_id": part["tool_call_id"], "output": part["content"]}
                items.append({"type": "function_call_output", **result})
            case "reasoning" if part.get("encrypted"):
                summary = [{"type": "summary_text", "text": part["text"]}] if part.get("text") else []
                item = {"type": "reasoning", "summary": summary, "encrypted_content": part["encrypted"]}
                items.append({**item, "id": part["id"]} if part.get("id") else item)
    return items


def response_tool_choice(choice: Any) -> Any:
    return {"type": "function", **choice} if isinstance(choice, dict) else choice


serve(
    name="openai-python",
    distribution="openai",
    dialects=["openai-chat", "openai-responses"],
    features=["retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "refusals"],
    features_in={"openai-chat": ["parallel_choices"], "openai-responses": ["reasoning", "signatures"]},
    run=run,
)
