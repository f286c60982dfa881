# /// script
# dependencies = ["anthropic==2.11.0"]
# ///
"""Anthropic's Python SDK: the plain stream of `messages.create(stream=True)`, on the async client.

Its events are the wire's own, and the caller puts the blocks together. What the SDK raises is not caught. Its `create`
takes no sampling settings any more, so a temperature that a request asks for is not sent.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anthropic
from harness_kit import Case, Event, Finish, Other, Reasoning, Signature, Start, Text, ToolCall, Usage, serve

DEFAULT_MAX_TOKENS = 4096


async def run(case: Case) -> AsyncIterator[Event]:
    options: dict[str, Any] = {"timeout": case.options.get("timeout_s"), "max_retries": case.options.get("max_retries")}
    given = {name: value for name, value in options.items() if value is not None}  # else the SDK's own defaults
    reader = Reader()
    async with (
        anthropic.AsyncAnthropic(api_key=case.api_key, base_url=case.base_url, **given) as sdk,
        await sdk.messages.create(**parameters(case.request)) as stream,
    ):
        async for event in stream:
            for canonical in reader.read(event):
                yield canonical


class Reader:
    """Keeps what each open block is, and its signature until the block is whole."""

    def __init__(self) -> None:
        self.calls: dict[int, int] = {}
        self.signatures: dict[int, str] = {}

    def read(self, event: Any) -> list[Event]:
        match event.type:
            case "message_start":
                message = event.message
                return [Start(message.id, message.model), *usage(message.usage)]
            case "content_block_start":
                return self.start(event.index, event.content_block)
            case "content_block_delta":
                return self.delta(event.index, event.delta)
            case "content_block_stop":
                signature = self.signatures.pop(event.index, "")
                return [Signature(signature)] if signature else []
            case "message_delta":
                reason = event.delta.stop_reason
                finish = [Finish(REASONS.get(reason, "other"), raw=reason)] if reason else []
                return [*usage(event.usage), *finish]
        return []

    def start(self, index: int, block: Any) -> list[Event]:
        match block.type:
            case "text":
                return [Text(block.text)] if block.text else []
            case "thinking":
                self.signatures[index] = block.signature or ""
                return [Reasoning(block.thinking)] if block.thinking else []
            case "redacted_thinking":
                return [Signature(block.data, "redacted")]
            case "tool_use":
                number = self.calls[index] = len(self.calls)
                whole = json.dumps(block.input, ensure_ascii=False, separators=(",", ":")) if block.input else ""
                return [ToolCall(number, block.id, block.name, whole)]
        return [Other(block.type, block.to_dict())]

    def delta(self, index: int, delta: Any) -> list[Event]:
        match delta.type:
            case "text_delta":
                return [Text(delta.text)]
            case "thinking_delta":
                return [Reasoning(delta.thinking)]
            case "signature_delta":
                self.signatures[index] = self.signatures.get(index, "") + delta.signature
                return []
            case "input_json_delta" if index in self.calls:
                return [ToolCall(self.calls[index], arguments=delta.partial_json)]
        return [Other(delta.type, delta.to_dict())]


REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_overflow",
}


def usage(counted: Any) -> list[Event]:
    if counted is None:
        return []
    details = counted.output_tokens_details
    return [
        Usage(
            input_tokens=counted.input_tokens,
            output_tokens=counted.output_tokens,
            reasoning_tokens=details.thinking_tokens if details else None,
            cache_read_tokens=counted.cache_read_input_tokens,
            cache_write_tokens=counted.cache_creation_input_tokens,
        )
    ]


KINDS = {
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "billing_error": "quota",
    "authentication_error": "auth",
    "permission_error": "auth",
    "not_found_error": "not_found",
    "invalid_request_error": "invalid_request",
    "request_too_large": "invalid_request",
    "timeout_error": "timeout",
    "api_error": "server",
}


def classify(error: BaseException) -> str | None:
    """The SDK reads the broad category of an error for its caller, also where the status is 200."""
    return KINDS.get(error.type or "") if isinstance(error, anthropic.APIStatusError) else None


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    turns = [turn for turn in request["messages"] if turn["role"] not in ("system", "developer")]
    asides = [part["text"] for turn in request["messages"] if turn not in turns for part in turn["content"]]
    system = [text for text in (request.get("system"), *asides) if text]
    given = {
        "model": request["model"],
        "max_tokens": request.get("max_output_tokens") or DEFAULT_MAX_TOKENS,
        "system": "\n\n".join(system),
        "messages": messages(turns),
        "stream": True,
        "tools": [tool(each) for each in request.get("tools") or ()],
        "tool_choice": tool_choice(request),
        "stop_sequences": request.get("stop"),
        **thinking(request),
    }
    return {name: value for name, value in given.items() if value not in (None, [], "")}


def messages(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turns of one role in a row become one, in which the results of tools come first."""
    merged: list[dict[str, Any]] = []
    for turn in turns:
        role = "assistant" if turn["role"] == "assistant" else "user"
        blocks = [made for part in turn["content"] if (made := block(part))]
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] += blocks
        elif blocks:
            merged.append({"role": role, "content": blocks})
    for message in merged:
        message["content"].sort(key=lambda block: block["type"] != "tool_result")
    return merged


def block(part: dict[str, Any]) -> dict[str, Any] | None:
    match part["type"]:
        case "text":
            return {"type": "text", "text": part["text"]} if part["text"].strip() else None
        case "image":
            source = {"type": "base64", "media_type": part["media_type"], "data": part["data"]}
            return {"type": "image", "source": source}
        case "reasoning" if part.get("redacted"):
            return {"type": "redacted_thinking", "data": part["redacted"]}
        case "reasoning" if part.get("signature"):
            return {"type": "thinking", "thinking": part.get("text", ""), "signature": part["signature"]}
        case "tool_call":
            called = {"id": part["id"], "name": part["name"], "input": tool_input(part["arguments"])}
            return {"type": "tool_use", **called}
        case "tool_result":
            result = {"type": "tool_result", "tool_use_id": part["tool_call_id"], "content": part["content"]}
            return {**result, "is_error": True} if part.get("is_error") else result
    return None


def tool_input(arguments: str) -> dict[str, Any]:
    """The API takes an object and nothing else."""
    try:
        given = json.loads(arguments or "{}")
    except ValueError:
        given = None
    return given if isinstance(given, dict) else {"arguments": arguments}


def tool(tool: dict[str, Any]) -> dict[str, Any]:
    schema = tool.get("parameters") or {"type": "object", "properties": {}}
    described = {"description": tool["description"]} if tool.get("description") else {}
    return {"name": tool["name"], **described, "input_schema": schema}


def tool_choice(request: dict[str, Any]) -> dict[str, Any] | None:
    if not request.get("tools"):
        return None
    asked, parallel = request.get("tool_choice"), request.get("parallel_tool_calls")
    if isinstance(asked, dict):
        choice: dict[str, Any] = {"type": "tool", **asked}
    elif asked is None and parallel is None:
        return None
    else:
        choice = {"type": {"required": "any"}.get(asked or "auto", asked or "auto")}
    if parallel is not None and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = not parallel
    return choice


def thinking(request: dict[str, Any]) -> dict[str, Any]:
    """A budget as it is asked for, or an effort with the rest left to the model."""
    asked = request.get("reasoning") or {}
    effort, budget = asked.get("effort"), asked.get("budget_tokens")
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if budget:
        room = max(request.get("max_output_tokens") or DEFAULT_MAX_TOKENS, budget + 1)
        return {"thinking": {"type": "enabled", "budget_tokens": budget}, "max_tokens": room}
    if effort:
        return {"thinking": {"type": "adaptive"}, "output_config": {"effort": EFFORTS.get(effort, effort)}}
    return {}


EFFORTS = {"minimal": "low"}


serve(
    name="anthropic-python",
    distribution="anthropic",
    dialects=["anthropic-messages"],
    features=["retries", "retry_after", "timeouts", "cancel", "tool_calls", "usage", "reasoning", "signatures"],
    run=run,
    classify=classify,
)
