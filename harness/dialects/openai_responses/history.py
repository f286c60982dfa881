"""How the items of a Responses input belong together: calls and outputs by `call_id`, reasoning by what follows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_str

_CALLS = {"function_call": "function call", "custom_tool_call": "custom tool call"}
_FOLLOWED_BY_MODEL = ("user", "system", "developer")


def check_items(items: list[dict[str, Any]], knows_all: bool) -> Iterator[RequestFault]:
    """What is wrong with the items' order and pairs; `knows_all` where no earlier response is continued."""
    knows_all = knows_all and not any(item.get("type") in ("item_reference", "compaction") for item in items)
    for kind, name in _CALLS.items():
        called = {as_str(item.get("call_id")) for item in items if item.get("type") == kind}
        answered = {as_str(item.get("call_id")) for item in items if item.get("type") == f"{kind}_output"}
        for position, item in enumerate(items):
            call_id = as_str(item.get("call_id"))
            if item.get("type") == kind and call_id and call_id not in answered:
                message = f"No tool output found for {name} {call_id}."
                yield RequestFault("tool-output-missing", f"input[{position}]", message)
            if item.get("type") == f"{kind}_output" and knows_all and call_id and call_id not in called:
                message = f"No tool call found for {name} output with call_id {call_id}."
                yield RequestFault("tool-output-orphan", f"input[{position}]", message)
    yield from _lone_reasoning(items)


def _lone_reasoning(items: list[dict[str, Any]]) -> Iterator[RequestFault]:
    """Reasoning that is known by its id must stand before what it led to."""
    for position, item in enumerate(items):
        if item.get("type") != "reasoning" or not as_str(item.get("id")):
            continue
        follower = items[position + 1] if position + 1 < len(items) else None
        if follower is None or follower.get("role") in _FOLLOWED_BY_MODEL or _is_output(follower):
            message = f"Item '{item['id']}' of type 'reasoning' was provided without its required following item."
            yield RequestFault("reasoning-alone", f"input[{position}]", message)


def _is_output(item: dict[str, Any]) -> bool:
    return as_str(item.get("type")) in ("function_call_output", "custom_tool_call_output")
