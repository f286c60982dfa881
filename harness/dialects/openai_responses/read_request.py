"""A request of OpenAI's Responses API as a canonical request: the other way round than `request`.

Items are gathered into turns: an assistant's messages, reasoning and calls in a row are one message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from harness.dialects import reading
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

_ROLES = ("user", "assistant", "system", "developer")
_CHOICES = ("auto", "required", "none")
_TEXTS = ("input_text", "output_text", "text", "refusal")


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that an HTTP request is. Total: what is no word of ours is left out."""
    asked = reading.read_body(body)
    settings = as_dict(asked.get("reasoning"))
    return Request(
        model=as_str(asked.get("model")),
        messages=_messages(asked.get("input")),
        system=_instructions(asked.get("instructions")),
        stream=asked.get("stream") is True,
        tools=[tool for each in as_list(asked.get("tools")) if (tool := _tool(as_dict(each)))] or None,
        tool_choice=_choice(asked.get("tool_choice")),
        parallel_tool_calls=reading.flag(asked.get("parallel_tool_calls")),
        max_output_tokens=reading.whole(asked.get("max_output_tokens")),
        temperature=reading.number(asked.get("temperature")),
        top_p=reading.number(asked.get("top_p")),
        reasoning=reading.effort(settings.get("effort")),
        response_format=_response_format(as_dict(as_dict(asked.get("text")).get("format"))),
        user=as_str(asked.get("user")) or as_str(asked.get("safety_identifier")) or None,
        metadata=reading.words(asked.get("metadata")),
    )


def _response_format(form: dict[str, Any]) -> ResponseFormat | None:
    if form.get("type") == "json_object":
        return ResponseFormat("json")
    return reading.json_schema(form) if form.get("type") == "json_schema" else None


def _instructions(given: Any) -> str | None:
    """The instructions: a text, or messages of which the texts count."""
    if type(given) is str:
        return given or None
    spoken = [reading.joined(as_dict(item).get("content")) for item in as_list(given)]
    return "\n\n".join(text for text in spoken if text) or None


def _messages(given: Any) -> list[Message]:
    messages: list[Message] = []
    if type(given) is str:
        reading.add(messages, "user", [TextPart(given)])
    joins = False  # whether the last message was an assistant's: only those have several items
    for item in map(as_dict, as_list(given)):
        role, parts = _item(item)
        if not parts:
            continue
        if joins and role == "assistant":
            reading.add(messages, role, parts)
        else:
            messages.append(Message(role, parts))
        joins = role == "assistant"
    return messages


def _item(item: dict[str, Any]) -> tuple[Any, list[Part]]:
    """Whose the item is, and its parts."""
    match item.get("type", "message"):
        case "message" if item.get("role") in _ROLES:
            return item["role"], list(_content(item.get("content")))
        case "reasoning":
            return "assistant", [_reasoning(item)]
        case "function_call" | "custom_tool_call":
            return "assistant", [_call(item)]
        case "function_call_output" | "custom_tool_call_output":
            return "tool", list(_output(item))
    return None, []


def _content(content: Any) -> Iterator[TextPart | ImagePart | FilePart]:
    if type(content) is str:
        if content:
            yield TextPart(content)
        return
    for part in map(as_dict, as_list(content)):
        kind = part.get("type")
        if kind in _TEXTS and (text := as_str(part.get("refusal" if kind == "refusal" else "text"))):
            yield TextPart(text)
        elif kind == "input_image" and (found := reading.image(part.get("image_url"), part.get("detail"))):
            yield found if found.detail != "auto" else replace(found, detail=None)  # the detail that all have
        elif kind == "input_file" and (document := reading.file(_place(part), part.get("filename"))):
            yield document


def _place(part: dict[str, Any]) -> Any:
    return part.get("file_data") or part.get("file_url")


def _reasoning(item: dict[str, Any]) -> ReasoningPart:
    return ReasoningPart(
        text=reading.joined(item.get("summary"), "\n\n") or reading.joined(item.get("content"), "\n\n"),
        encrypted=as_str(item.get("encrypted_content")) or None,
        id=as_str(item.get("id")) or None,
    )


def _call(item: dict[str, Any]) -> ToolCallPart:
    given = item.get("input" if item.get("type") == "custom_tool_call" else "arguments")
    return ToolCallPart(as_str(item.get("call_id")), as_str(item.get("name")), reading.arguments(given))


def _output(item: dict[str, Any]) -> Iterator[Part]:
    """What a tool said, with the images and files that it gave."""
    parts = list(_content(item.get("output")))
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    media = [part for part in parts if not isinstance(part, TextPart)]
    yield ToolResultPart(as_str(item.get("call_id")), text, media=media)


def _tool(tool: dict[str, Any]) -> Tool | None:
    return reading.function(tool) if tool.get("type") == "function" else None


def _choice(choice: Any) -> Any:
    if choice in _CHOICES:
        return choice
    return reading.named(as_dict(choice).get("name")) if as_dict(choice).get("type") == "function" else None
