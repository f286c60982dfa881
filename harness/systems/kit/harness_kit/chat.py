"""OpenAI's chat completions, for clients whose parameters and chunks have that form: objects or dictionaries.

`parameters(request)` are those of `chat.completions.create`; a `Reader` turns one chunk after another into events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .events import Event, Finish, Reasoning, Refusal, Start, Text, ToolCall, Usage
from .fields import field, given

REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


class Reader:
    """Reads the chunks of one response. `reasoning` names the delta's field that the client's types have for it.

    In a talk of several turns each has a reader, and `calls` says how many calls were made in the turns before.
    """

    def __init__(self, reasoning: str | None = None, calls: int = 0) -> None:
        self.calls = calls
        """How many calls were made so far, by the first choice."""
        self._begun = False
        self._calls: dict[Any, int] = {}
        self._reasoning = reasoning

    def read(self, chunk: Any) -> list[Event]:
        """The events of one chunk."""
        events: list[Event] = []
        if not self._begun:
            self._begun = True
            events.append(Start(field(chunk, "id"), field(chunk, "model")))
        for choice in field(chunk, "choices") or ():
            events += self._choice(choice)
        counted = field(chunk, "usage")
        return [*events, usage(counted)] if counted else events

    def _choice(self, choice: Any) -> list[Event]:
        delta, number = field(choice, "delta"), field(choice, "index") or 0
        events: list[Event] = []
        if self._reasoning and (thought := field(delta, self._reasoning)):
            events.append(Reasoning(thought, choice=number))
        if text := field(delta, "content"):
            events.append(Text(text, choice=number))
        if refused := field(delta, "refusal"):
            events.append(Refusal(refused, choice=number))
        events += [self._call(call, number) for call in field(delta, "tool_calls") or ()]
        if raw := field(choice, "finish_reason"):
            events.append(Finish(REASONS.get(raw, "other"), raw=raw, choice=number))
        return events

    def _call(self, call: Any, number: int) -> ToolCall:
        key = (number, field(call, "index"))
        if key not in self._calls:
            self._calls[key] = self.calls if number == 0 else sum(known[0] == number for known in self._calls)
            self.calls += number == 0
        index = self._calls[key]
        function = field(call, "function")
        arguments = field(function, "arguments") or ""
        return ToolCall(index, field(call, "id") or None, field(function, "name") or None, arguments, choice=number)


def replies(events: Sequence[Event], results: Mapping[str, str]) -> list[dict[str, Any]]:
    """What goes on with the talk after a turn: the model's turn as a message, put together from its events, and what
    the caller's tools say to its calls. Empty where it made none, or where there are no tools."""
    calls: dict[int, dict[str, str]] = {}
    for event in events:
        if isinstance(event, ToolCall) and event.choice == 0:
            call = calls.setdefault(event.index, {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or event.id or ""
            call["name"] = call["name"] or event.name or ""
            call["arguments"] += event.arguments
    if not calls or not results:
        return []
    text = "".join(event.text for event in events if isinstance(event, Text) and event.choice == 0)
    made = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls.values()
    ]
    answers = [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": results.get(call["name"], f"there is no tool {call['name']}"),
        }
        for call in calls.values()
    ]
    return [{"role": "assistant", **given({"content": text}), "tool_calls": made}, *answers]


def usage(counted: Any) -> Usage:
    """A chunk's `usage`."""
    read, written = field(counted, "prompt_tokens_details"), field(counted, "completion_tokens_details")
    return Usage(
        input_tokens=field(counted, "prompt_tokens"),
        output_tokens=field(counted, "completion_tokens"),
        reasoning_tokens=field(written, "reasoning_tokens"),
        cache_read_tokens=field(read, "cached_tokens"),
    )


def parameters(request: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a streamed request; usage is asked for."""
    return given(
        {
            "model": request["model"],
            "messages": messages(request),
            "stream": True,
            "stream_options": {"include_usage": True},
            "tools": tools(request),
            "tool_choice": tool_choice(request.get("tool_choice")),
            "parallel_tool_calls": request.get("parallel_tool_calls"),
            "max_completion_tokens": request.get("max_output_tokens"),
            "reasoning_effort": (request.get("reasoning") or {}).get("effort"),
            **{name: request.get(name) for name in ("temperature", "top_p", "stop")},
        }
    )


def messages(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The system text and all turns as messages."""
    system = [{"role": "system", "content": request["system"]}] if request.get("system") else []
    return system + [message for turn in request["messages"] for message in _turn(turn)]


def _turn(turn: dict[str, Any]) -> list[dict[str, Any]]:
    parts = turn["content"]
    results = [part for part in parts if part["type"] == "tool_result"]
    made = [{"role": "tool", "tool_call_id": part["tool_call_id"], "content": part["content"]} for part in results]
    content = [_part(part) for part in parts if part["type"] in ("text", "image")]
    calls = [
        {"id": part["id"], "type": "function", "function": {"name": part["name"], "arguments": part["arguments"]}}
        for part in parts
        if part["type"] == "tool_call"
    ]
    if calls:
        made.append({"role": turn["role"], **({"content": content} if content else {}), "tool_calls": calls})
    elif content:
        plain = content[0]["text"] if len(content) == 1 and content[0]["type"] == "text" else content
        made.append({"role": "user" if turn["role"] == "tool" else turn["role"], "content": plain})
    return made


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if part["type"] == "image":
        return {"type": "image_url", "image_url": {"url": data_url(part)}}
    return {"type": "text", "text": part["text"]}


def data_url(image: dict[str, Any]) -> str:
    """A canonical image part as a data URL."""
    return f"data:{image['media_type']};base64,{image['data']}"


def tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools as functions."""
    return [{"type": "function", "function": tool} for tool in request.get("tools") or ()]


def tool_choice(choice: Any) -> Any:
    """The canonical choice: a word, or the one tool by name."""
    return {"type": "function", "function": choice} if isinstance(choice, dict) else choice
