"""A request of Anthropic's Messages API as a canonical request: the other way round than `request`.

Results and what else the user says in one turn become messages of their own, in the order in which they stand.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from harness.dialects import reading
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    ReasoningSettings,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

_CHOICES: Mapping[Any, str] = {"auto": "auto", "any": "required", "none": "none"}


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that an HTTP request is. Total: what is no word of ours is left out."""
    asked = reading.read_body(body)
    choice = as_dict(asked.get("tool_choice"))
    return Request(
        model=as_str(asked.get("model")),
        messages=[read for each in as_list(asked.get("messages")) for read in _messages(as_dict(each))],
        system=reading.joined(asked.get("system"), "\n\n") or None,
        stream=asked.get("stream") is True,
        tools=[tool for each in as_list(asked.get("tools")) if (tool := _tool(as_dict(each)))] or None,
        tool_choice=_choice(choice),
        parallel_tool_calls=_parallel(choice),
        max_output_tokens=reading.whole(asked.get("max_tokens")),
        temperature=reading.number(asked.get("temperature")),
        top_p=reading.number(asked.get("top_p")),
        stop=reading.texts(asked.get("stop_sequences")),
        reasoning=_reasoning(asked),
        response_format=_response_format(asked),
        top_k=reading.whole(asked.get("top_k")),
        user=as_str(as_dict(asked.get("metadata")).get("user_id")) or None,
    )


def _response_format(asked: dict[str, Any]) -> ResponseFormat | None:
    """The form of the answer, under its present name or the one that it had as a beta."""
    form = as_dict(as_dict(asked.get("output_config")).get("format")) or as_dict(asked.get("output_format"))
    return reading.json_schema({"schema": form.get("schema")}) if form.get("type") == "json_schema" else None


def _messages(message: dict[str, Any]) -> Iterator[Message]:
    role, content = message.get("role"), message.get("content")
    if role not in ("user", "assistant", "system"):
        return
    parts: list[tuple[Any, Part]] = []
    if type(content) is str:
        parts = [(role, TextPart(content))] if content else []
    else:
        for block in map(as_dict, as_list(content)):
            whose = "tool" if role == "user" and block.get("type") == "tool_result" else role
            parts += [(whose, part) for part in _block(block)]
    for speaker, run in groupby(parts, key=lambda pair: pair[0]):
        yield Message(speaker, [part for _, part in run])


def _block(block: dict[str, Any]) -> Iterator[Part]:
    match block.get("type"):
        case "text":
            yield TextPart(as_str(block.get("text")))
        case "image":
            yield from _image(as_dict(block.get("source")))
        case "document":
            yield from _document(block)
        case "thinking":
            yield ReasoningPart(as_str(block.get("thinking")), signature=as_str(block.get("signature")) or None)
        case "redacted_thinking":
            yield ReasoningPart(redacted=as_str(block.get("data")) or None)
        case "tool_use":
            given = reading.arguments(block.get("input"))
            yield ToolCallPart(as_str(block.get("id")), as_str(block.get("name")), given)
        case "tool_result":
            yield from _result(block)


def _image(source: dict[str, Any]) -> Iterator[ImagePart]:
    match source:
        case {"type": "base64"}:
            yield ImagePart(as_str(source.get("media_type")), as_str(source.get("data")))
        case {"type": "url", "url": str(url)}:
            yield ImagePart(url=url)


def _document(block: dict[str, Any]) -> Iterator[FilePart]:
    """A file: in base64, at a URL, or in plain text."""
    name = as_str(block.get("title")) or None
    match as_dict(block.get("source")):
        case {"type": "base64"} as source:
            yield FilePart(as_str(source.get("media_type")), as_str(source.get("data")), name=name)
        case {"type": "url", "url": str(url)}:
            yield FilePart(url=url, name=name)
        case {"type": "text", "data": str(text)}:
            yield FilePart("text/plain", base64.b64encode(text.encode("utf-8", "replace")).decode(), name=name)


def _result(block: dict[str, Any]) -> Iterator[Part]:
    """What a tool said, with the images and documents that it gave."""
    content = block.get("content")
    media: list[ImagePart | FilePart] = []
    for part in map(as_dict, as_list(content)):
        if part.get("type") == "image":
            media += _image(as_dict(part.get("source")))
        elif part.get("type") == "document":
            media += _document(part)
    failed = block.get("is_error") is True
    yield ToolResultPart(as_str(block.get("tool_use_id")), reading.joined(content), failed, media)


def _tool(tool: dict[str, Any]) -> Tool | None:
    return reading.function(tool, "input_schema") if tool.get("type") in (None, "custom") else None


def _choice(choice: dict[str, Any]) -> Any:
    if choice.get("type") == "tool":
        return reading.named(choice.get("name"))
    return _CHOICES.get(as_str(choice.get("type")))


def _parallel(choice: dict[str, Any]) -> bool | None:
    stopped = reading.flag(choice.get("disable_parallel_tool_use"))
    return None if stopped is None else not stopped


def _reasoning(asked: dict[str, Any]) -> ReasoningSettings | None:
    """A thinking budget, or the effort that newer models take in its place."""
    thinking = as_dict(asked.get("thinking"))
    if thinking.get("type") == "disabled":
        return ReasoningSettings(effort="none")
    budget = reading.whole(thinking.get("budget_tokens")) if thinking.get("type") == "enabled" else None
    return reading.effort(as_dict(asked.get("output_config")).get("effort"), budget)
