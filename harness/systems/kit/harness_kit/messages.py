"""Anthropic's messages, for clients whose parameters and events have that form: objects or dictionaries.

`parameters(request)` are those of `messages.create`; a `Reader` turns one event after another into ours.
"""

from __future__ import annotations

import json
from typing import Any

from .events import Event, Finish, Other, Reasoning, Signature, Start, Text, ToolCall, Usage
from .fields import field, given, plain

DEFAULT_MAX_TOKENS = 4096

REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_overflow",
}

ERROR_KINDS = {
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
"""The kinds behind the `type` of the API's errors."""

EFFORTS = {"minimal": "low"}


class Reader:
    """Keeps what each open block is, and its signature until the block is whole."""

    def __init__(self) -> None:
        self._calls: dict[Any, int] = {}
        self._signatures: dict[Any, str] = {}

    def read(self, event: Any) -> list[Event]:
        """The events of one event of the stream."""
        index = field(event, "index")
        match field(event, "type"):
            case "message_start":
                message = field(event, "message")
                return [Start(field(message, "id"), field(message, "model")), *usage(field(message, "usage"))]
            case "content_block_start":
                return self._start(index, field(event, "content_block"))
            case "content_block_delta":
                return self._delta(index, field(event, "delta"))
            case "content_block_stop":
                signature = self._signatures.pop(index, "")
                return [Signature(signature)] if signature else []
            case "message_delta":
                reason = field(field(event, "delta"), "stop_reason")
                finish = [Finish(REASONS.get(reason, "other"), raw=reason)] if reason else []
                return [*usage(field(event, "usage")), *finish]
        return []

    def _start(self, index: Any, block: Any) -> list[Event]:
        match field(block, "type"):
            case "text":
                return [Text(text)] if (text := field(block, "text")) else []
            case "thinking":
                self._signatures[index] = field(block, "signature") or ""
                return [Reasoning(text)] if (text := field(block, "thinking")) else []
            case "redacted_thinking":
                return [Signature(field(block, "data") or "", "redacted")]
            case "tool_use":
                number = self._calls[index] = len(self._calls)
                given_at_once = field(block, "input")
                whole = json.dumps(given_at_once, ensure_ascii=False, separators=(",", ":")) if given_at_once else ""
                return [ToolCall(number, field(block, "id"), field(block, "name"), whole)]
        return [Other(str(field(block, "type")), plain(block))]

    def _delta(self, index: Any, delta: Any) -> list[Event]:
        match field(delta, "type"):
            case "text_delta":
                return [Text(field(delta, "text") or "")]
            case "thinking_delta":
                return [Reasoning(field(delta, "thinking") or "")]
            case "signature_delta":
                self._signatures[index] = self._signatures.get(index, "") + (field(delta, "signature") or "")
                return []
            case "input_json_delta" if index in self._calls:
                return [ToolCall(self._calls[index], arguments=field(delta, "partial_json") or "")]
        return [Other(str(field(delta, "type")), plain(delta))]


def usage(counted: Any) -> list[Usage]:
    """The counts of a message; none where it has none."""
    if counted is None:
        return []
    return [
        Usage(
            input_tokens=field(counted, "input_tokens"),
            output_tokens=field(counted, "output_tokens"),
            reasoning_tokens=field(field(counted, "output_tokens_details"), "thinking_tokens"),
            cache_read_tokens=field(counted, "cache_read_input_tokens"),
            cache_write_tokens=field(counted, "cache_creation_input_tokens"),
        )
    ]


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a streamed request. Sampling settings are left out: the API takes none of its newest models."""
    turns = [turn for turn in request["messages"] if turn["role"] not in ("system", "developer")]
    asides = [part["text"] for turn in request["messages"] if turn not in turns for part in turn["content"]]
    return given(
        {
            "model": request["model"],
            "max_tokens": request.get("max_output_tokens") or DEFAULT_MAX_TOKENS,
            "system": "\n\n".join(text for text in (request.get("system"), *asides) if text),
            "messages": messages(turns),
            "stream": True,
            "tools": [tool(each) for each in request.get("tools") or ()],
            "tool_choice": tool_choice(request),
            "stop_sequences": request.get("stop"),
            **thinking(request),
        }
    )


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
    """A canonical part as a content block; None for what the API refuses, such as empty text."""
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
    """The arguments as an object, which is all that the API takes."""
    try:
        parsed = json.loads(arguments or "{}")
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"arguments": arguments}


def tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A canonical tool as the API's."""
    schema = tool.get("parameters") or {"type": "object", "properties": {}}
    described = {"description": tool["description"]} if tool.get("description") else {}
    return {"name": tool["name"], **described, "input_schema": schema}


def tool_choice(request: dict[str, Any]) -> dict[str, Any] | None:
    """The canonical choice and `parallel_tool_calls`, which the API has in one object."""
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
