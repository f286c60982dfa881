"""The objects that Responses frames carry: the response itself, its items and its usage, as the vendor shapes them."""

from __future__ import annotations

from typing import Any

from harness.dialects.decoding import as_count, as_dict
from harness.events import Usage

CREATED_AT = 1_767_225_600
"""Seconds since 1970 that every response gives as its time: frames are the same whenever they are made."""


def response_object(
    response_id: str, model: str, status: str, output: list[dict[str, Any]], **fields: Any
) -> dict[str, Any]:
    """A response; `fields` replace what an ordinary one says."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": CREATED_AT,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        **fields,
    }


def item_skeleton(item_type: str, index: int, item_id: str | None = None) -> dict[str, Any]:
    """A new output item, as it is announced."""
    match item_type:
        case "message":
            item_id = item_id or f"msg_harness_{index}"
            return {"id": item_id, "type": "message", "status": "in_progress", "content": [], "role": "assistant"}
        case "reasoning":
            return {"id": item_id or f"rs_harness_{index}", "type": "reasoning", "summary": [], "content": []}
        case _:
            item_id = item_id or f"fc_harness_{index}"
            return {"id": item_id, "type": "function_call", "status": "in_progress", "arguments": ""}


def usage_object(usage: Usage) -> dict[str, Any] | None:
    """Usage with all the fields that strict readers demand; None where nothing was counted."""
    if usage == Usage():
        return None
    given, made = usage.input_tokens or 0, usage.output_tokens or 0
    details: dict[str, int] = {"cached_tokens": usage.cache_read_tokens or 0}
    details["cache_write_tokens"] = usage.cache_write_tokens or 0
    return {
        "input_tokens": given,
        "input_tokens_details": details,
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": given + made,
    }


def read_usage(usage: dict[str, Any]) -> Usage:
    """The counts in a `usage` object; some servers use the names of chat completions."""
    get = usage.get
    spent = as_dict(get("input_tokens_details") or get("prompt_tokens_details"))
    made = as_dict(get("output_tokens_details") or get("completion_tokens_details"))
    return Usage(
        as_count(get("input_tokens", get("prompt_tokens"))),
        as_count(get("output_tokens", get("completion_tokens"))),
        as_count(made.get("reasoning_tokens")),
        as_count(spent.get("cached_tokens")),
        as_count(spent.get("cache_write_tokens")),
    )
