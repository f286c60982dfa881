"""OpenAI's responses, for clients whose parameters and events have that form: objects or dictionaries.

`parameters(request)` are those of `responses.create`; a `Reader` turns one event after another into ours. An error of
the stream, which the vendor's SDK hands to its caller as an event, is raised as `Failed`.
"""

from __future__ import annotations

from typing import Any

from .chat import data_url
from .errors import Failed
from .events import Event, Finish, Other, Reasoning, Refusal, Signature, Start, Text, ToolCall, Usage
from .fields import field, given, plain

KINDS = {"server_error": "server", "rate_limit_exceeded": "rate_limit", "invalid_prompt": "invalid_request"}


class Reader:
    """Keeps which call an item is, and what came in deltas: the rest comes only when it is done."""

    def __init__(self) -> None:
        self._with_deltas: set[tuple[Any, str]] = set()
        self._calls: dict[Any, int] = {}
        self._with_arguments: set[Any] = set()

    def read(self, event: Any) -> list[Event]:
        """The events of one event of the stream; raises Failed for an error of the stream."""
        match field(event, "type"):
            case "response.created":
                response = field(event, "response")
                return [Start(field(response, "id"), field(response, "model"))]
            case "response.output_text.delta" | "response.output_text.done":
                return [Text(text) for text in self._words(event, "text")]
            case "response.refusal.delta" | "response.refusal.done":
                return [Refusal(text) for text in self._words(event, "refusal")]
            case "response.reasoning_text.delta" | "response.reasoning_text.done":
                return [Reasoning(text) for text in self._words(event, "text")]
            case "response.reasoning_summary_text.delta" | "response.reasoning_summary_text.done":
                return [Reasoning(text, summary=True) for text in self._words(event, "text")]
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                item_id = field(event, "item_id")
                self._with_arguments.add(item_id)
                return [ToolCall(self._index(item_id), arguments=field(event, "delta") or "")]
            case "response.output_item.added" | "response.output_item.done" as kind:
                return self._item(field(event, "item"), kind.endswith("done"))
            case "response.completed" | "response.incomplete":
                return self._end(field(event, "response"))
            case "response.failed":
                error = field(field(event, "response"), "error")
                raise failed(field(error, "code"), field(error, "message") or "the response failed")
            case "error":
                raise failed(field(event, "code"), field(event, "message") or "the stream failed")
        return []

    def _words(self, event: Any, name: str) -> list[str]:
        """A delta, or the whole of an item of which no delta came."""
        channel, _, step = event_type(event).rpartition(".")
        key = (field(event, "item_id"), channel)
        if step == "delta":
            self._with_deltas.add(key)
            return [field(event, "delta") or ""]
        return [] if key in self._with_deltas else [field(event, name) or ""]

    def _index(self, item_id: Any) -> int:
        return self._calls.setdefault(item_id, len(self._calls))

    def _item(self, item: Any, done: bool) -> list[Event]:
        kind, item_id = field(item, "type"), field(item, "id")
        if kind in ("function_call", "custom_tool_call"):
            arguments = field(item, "arguments" if kind == "function_call" else "input") or ""
            known = done and item_id in self._calls
            if item_id in self._with_arguments or (known and not arguments):
                return []
            if arguments:
                self._with_arguments.add(item_id)
            return [ToolCall(self._index(item_id), field(item, "call_id"), field(item, "name"), arguments)]
        if kind == "reasoning":
            encrypted = field(item, "encrypted_content")
            return [Signature(encrypted, "encrypted", id=item_id)] if done and encrypted else []
        return [] if kind == "message" or not done else [Other(kind, plain(item))]

    def _end(self, response: Any) -> list[Event]:
        status = field(response, "status")
        raw = field(field(response, "incomplete_details"), "reason") or status
        reason = "tool_calls" if self._calls else "stop"
        if status == "incomplete":
            reason = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(raw, "other")
        counted = field(response, "usage")
        return [*([usage(counted)] if counted else []), Finish(reason, raw=raw)]


def event_type(event: Any) -> str:
    """The type of an event of the stream."""
    return field(event, "type") or ""


def failed(code: str | None, message: str) -> Failed:
    """An error that the stream itself tells of."""
    return Failed(KINDS.get(code or "", "unknown"), message, code=code)


def usage(counted: Any) -> Usage:
    """A response's `usage`."""
    read, written = field(counted, "input_tokens_details"), field(counted, "output_tokens_details")
    return Usage(
        input_tokens=field(counted, "input_tokens"),
        output_tokens=field(counted, "output_tokens"),
        reasoning_tokens=field(written, "reasoning_tokens"),
        cache_read_tokens=field(read, "cached_tokens"),
    )


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a streamed request that the vendor does not store; reasoning comes back encrypted."""
    effort = (request.get("reasoning") or {}).get("effort")
    return given(
        {
            "model": request["model"],
            "instructions": request.get("system"),
            "input": items(request),
            "stream": True,
            "store": False,
            "tools": tools(request),
            "tool_choice": tool_choice(request.get("tool_choice")),
            "parallel_tool_calls": request.get("parallel_tool_calls"),
            "max_output_tokens": request.get("max_output_tokens"),
            "reasoning": {"effort": effort, "summary": "auto"} if effort else None,
            "include": ["reasoning.encrypted_content"] if effort else None,
            **{name: request.get(name) for name in ("temperature", "top_p")},
        }
    )


def items(request: dict[str, Any]) -> list[dict[str, Any]]:
    """All turns as items of the input."""
    return [item for turn in request["messages"] for item in _turn(turn)]


def _turn(turn: dict[str, Any]) -> list[dict[str, Any]]:
    role = "user" if turn["role"] == "tool" else turn["role"]
    return [item for part in turn["content"] if (item := _item(part, role))]


def _item(part: dict[str, Any], role: str) -> dict[str, Any] | None:
    match part["type"]:
        case "text":
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": "message", "role": role, "content": [{"type": kind, "text": part["text"]}]}
        case "image":
            image = {"type": "input_image", "detail": "auto", "image_url": data_url(part)}
            return {"type": "message", "role": role, "content": [image]}
        case "tool_call":
            called = {"call_id": part["id"], "name": part["name"], "arguments": part["arguments"]}
            return {"type": "function_call", **called}
        case "tool_result":
            return {"type": "function_call_output", "call_id": part["tool_call_id"], "output": part["content"]}
        case "reasoning" if part.get("encrypted"):
            summary = [{"type": "summary_text", "text": part["text"]}] if part.get("text") else []
            item = {"type": "reasoning", "summary": summary, "encrypted_content": part["encrypted"]}
            return {**item, "id": part["id"]} if part.get("id") else item
    return None


def tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools as functions, not strict."""
    return [{"type": "function", "strict": False, **tool} for tool in request.get("tools") or ()]


def tool_choice(choice: Any) -> Any:
    """The canonical choice: a word, or the one tool by name."""
    return {"type": "function", **choice} if isinstance(choice, dict) else choice
