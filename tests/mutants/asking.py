"""What broken clients make of a request before they send it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from harness.request import (
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

Change = Callable[[Request], Request]
PartFilter = Callable[[Part], list[Part]]


def parts(change: PartFilter) -> Change:
    """Each part as the filter gives it; messages that are left with nothing are not sent."""

    def changed(request: Request) -> Request:
        messages = [
            Message(said.role, [new for part in said.content for new in change(part)]) for said in request.messages
        ]
        return replace(request, messages=[said for said in messages if said.content])

    return changed


def calls(change: Callable[[str], str]) -> Change:
    """The arguments of each call as `change` gives them."""

    def each(part: Part) -> list[Part]:
        return [replace(part, arguments=change(part.arguments)) if isinstance(part, ToolCallPart) else part]

    return parts(each)


def results(change: Callable[[str], str]) -> Change:
    """What each tool said as `change` gives it."""

    def each(part: Part) -> list[Part]:
        return [replace(part, content=change(part.content)) if isinstance(part, ToolResultPart) else part]

    return parts(each)


def texts(change: Callable[[str], str]) -> Change:
    """Each text as `change` gives it."""
    return parts(lambda part: [TextPart(change(part.text))] if isinstance(part, TextPart) else [part])


def without(*kinds: type[Part]) -> Change:
    """No part of these kinds."""
    return parts(lambda part: [] if isinstance(part, kinds) else [part])


def as_words(part: Part) -> list[Part]:
    if isinstance(part, ToolCallPart):
        return [TextPart(f"[called {part.name} with {part.arguments}]")]
    return [TextPart(f"[it said: {part.content}]")] if isinstance(part, ToolResultPart) else [part]


def results_by_place(request: Request) -> Request:
    calls = [part for said in request.messages for part in said.content if isinstance(part, ToolCallPart)]
    ids = iter([call.id for call in calls])
    return parts(lambda part: [replace(part, tool_call_id=next(ids)) if isinstance(part, ToolResultPart) else part])(
        request
    )


def is_call(part: Part) -> bool:
    return isinstance(part, ToolCallPart)


def results_together(request: Request) -> Request:
    answers = [said for said in request.messages if said.role == "tool"]
    return replace(request, messages=[*(said for said in request.messages if said.role != "tool"), *answers])


def one_call_a_name(request: Request) -> Request:
    seen: set[str] = set()
    lost: set[str] = set()

    def each(part: Part) -> list[Part]:
        if isinstance(part, ToolCallPart) and part.name in seen:
            lost.add(part.id)
            return []
        if isinstance(part, ToolCallPart):
            seen.add(part.name)
        return [] if isinstance(part, ToolResultPart) and part.tool_call_id in lost else [part]

    return parts(each)(request)


def unsigned(part: Part) -> list[Part]:
    if isinstance(part, ToolCallPart):
        return [replace(part, signature=None)]
    return [] if isinstance(part, ReasoningPart) else [part]


def only_signed_words(part: Part) -> list[Part]:
    return [] if isinstance(part, ReasoningPart) and not part.signature else [part]


def calls_alone(request: Request) -> Request:
    """A turn with calls is its calls."""
    messages = [
        Message(said.role, [part for part in said.content if is_call(part)])
        if said.role == "assistant" and any(map(is_call, said.content))
        else said
        for said in request.messages
    ]
    return replace(request, messages=messages)


def results_swallow_texts(request: Request) -> Request:
    """What a user says right after a result is dropped."""
    kept = [
        said
        for before, said in zip([None, *request.messages], request.messages, strict=False)
        if not (said.role == "user" and before is not None and before.role == "tool")
    ]
    return replace(request, messages=kept)


def images_first(request: Request) -> Request:
    def order(said: Message) -> Message:
        return Message(said.role, sorted(said.content, key=lambda part: not isinstance(part, ImagePart)))

    return replace(request, messages=[order(said) for said in request.messages])


def through_doubles(text: str) -> str:
    try:
        return json.dumps(json.loads(text, parse_int=lambda digits: int(float(digits))), ensure_ascii=False)
    except ValueError:
        return text


def in_pythons_notation(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def flat(tool: Tool) -> Tool:
    """A tool whose fields have a type each, and nothing else."""
    fields = (tool.parameters or {}).get("properties", {})
    kinds = {name: {"type": schema.get("type", "string")} for name, schema in fields.items()}
    return replace(tool, parameters={"type": "object", "properties": kinds})


def tools_once(request: Request) -> Request:
    began = any(said.role == "tool" for said in request.messages)
    return replace(request, tools=None, tool_choice=None, system=None) if began else request


def last_round_alone(request: Request) -> Request:
    """The first thing that was said, and what came since the last call."""
    speakers = [position for position, said in enumerate(request.messages) if said.role == "assistant"]
    if not speakers:
        return request
    return replace(request, messages=[request.messages[0], *request.messages[speakers[-1] :]])


def with_empty_texts(body: Any) -> Any:
    """A text block before each call, as an empty delta left it."""
    for said in body["messages"]:
        if said["role"] == "assistant" and isinstance(said["content"], list):
            said["content"].insert(0, {"type": "text", "text": ""})
    return body


def ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()
