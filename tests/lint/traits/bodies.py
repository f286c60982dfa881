"""Small bodies of each dialect, put together from what a test says of them."""

from __future__ import annotations

import json
from typing import Any

ENVELOPE = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
COUNTS = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def sse(*payloads: Any, named: bool = False) -> bytes:
    """Events; a text is its own data."""
    out = b""
    for payload in payloads:
        data = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        name = f"event: {payload['type']}\n" if named and isinstance(payload, dict) else ""
        out += f"{name}data: {data}\n\n".encode()
    return out


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """A chunk with one choice."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {**ENVELOPE, "choices": [choice], **fields}


def chat(*chunks: dict[str, Any]) -> bytes:
    """A chat stream: its first delta with the role, these chunks, a stop reason, counts, and the end marker."""
    first, last = chunk({"role": "assistant", "content": ""}), chunk({}, "stop")
    return sse(first, *chunks, last, {**ENVELOPE, "choices": [], "usage": COUNTS}, "[DONE]")


def call(arguments: str, **fields: Any) -> dict[str, Any]:
    """A fragment of a call in a delta."""
    name = {"name": fields.pop("name")} if "name" in fields else {}
    return {"index": 0, "function": {**name, "arguments": arguments}, **fields}


def messages(*events: dict[str, Any], stop: str | None = "end_turn", usage: dict[str, Any] | None = None) -> bytes:
    """A stream of messages with these events in the middle."""
    start = {"type": "message_start", "message": {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 1}}}  # fmt: skip
    delta = {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage or {"output_tokens": 2}}
    return sse(start, *events, delta, {"type": "message_stop"}, named=True)


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """A block with its deltas."""
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def responses(*events: dict[str, Any], end: str = "completed", **final: Any) -> bytes:
    """A stream of responses with these events in the middle, numbered."""
    base = {"id": "r", "object": "response", "created_at": 1, "model": "m"}
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "input_tokens_details": {"cached_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}  # fmt: skip
    output = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    every = [
        {"type": "response.created", "response": {**base, "status": "in_progress", "output": []}},
        *events,
        {"type": f"response.{end}", "response": {**base, "status": end, "output": output, "usage": usage, **final}},
    ]
    return sse(*({**event, "sequence_number": number} for number, event in enumerate(every)), named=True)


def item(place: int, kind: str, *inside: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """An item with what happens in it; the fields are those of the finished one."""
    started = {"id": f"i{place}", "type": kind}
    return [
        {"type": "response.output_item.added", "output_index": place, "item": started},
        *({"output_index": place, "item_id": f"i{place}", **each} for each in inside),
        {"type": "response.output_item.done", "output_index": place, "item": {**started, **fields}},
    ]


def gemini(*parts: Any, **fields: Any) -> bytes:
    """An event for each list of parts, and a last one with the stop reason and the counts."""
    events = [{"candidates": [{"content": {"role": "model", "parts": each}, "index": 0}], "modelVersion": "m"}
              for each in parts]  # fmt: skip
    content = {"role": "model", "parts": [{"text": "."}]}
    last = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 2}, "modelVersion": "m", **fields}  # fmt: skip
    return sse(*events, last)


def ollama(*messages_: dict[str, Any], last: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """A line for each message, and the last one."""
    base = {"model": "m", "created_at": "2026-11-01T00:00:00Z"}
    end = {**base, "message": {"role": "assistant", "content": "", **(last or {})}, "done": True,
           "done_reason": "stop", "total_duration": 5, "prompt_eval_count": 9, "eval_count": 1}  # fmt: skip
    end = {name: value for name, value in {**end, **fields}.items() if value is not None}
    lines = [{**base, "message": {"role": "assistant", "content": "", **each}, "done": False} for each in messages_]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in [*lines, end])
