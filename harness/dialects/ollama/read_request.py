"""A request to Ollama's /api/chat as a canonical request: the other way round than `request`.

Calls and results may come without ids: a result then belongs to the first open call of its tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects import reading
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.request import (
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

_ROLES = ("user", "assistant", "system", "developer")
_SIGNS = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}
"""How the base64 of an image begins, by its type: the request does not say it."""


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that an HTTP request is. Total: what is no word of ours is left out."""
    asked = reading.read_body(body)
    options = as_dict(asked.get("options"))
    pairs = reading.Pairs()
    messages = [read for each in as_list(asked.get("messages")) for read in _message(as_dict(each), pairs)]
    system, messages = reading.instructions(messages)
    return Request(
        model=as_str(asked.get("model")),
        messages=messages,
        system=system,
        stream=asked.get("stream") is not False,
        tools=[tool for each in as_list(asked.get("tools")) if (tool := _tool(as_dict(each)))] or None,
        max_output_tokens=reading.whole(options.get("num_predict")),
        temperature=reading.number(options.get("temperature")),
        top_p=reading.number(options.get("top_p")),
        stop=reading.texts(options.get("stop")),
        reasoning=_reasoning(asked.get("think")),
        response_format=_response_format(asked.get("format")),
        top_k=reading.whole(options.get("top_k")),
        seed=reading.whole(options.get("seed")),
        presence_penalty=reading.number(options.get("presence_penalty")),
        frequency_penalty=reading.number(options.get("frequency_penalty")),
    )


def _response_format(form: Any) -> ResponseFormat | None:
    if form == "json":
        return ResponseFormat("json")
    return ResponseFormat("json_schema", form) if type(form) is dict and form else None


def _message(message: dict[str, Any], pairs: reading.Pairs) -> Iterator[Message]:
    role = message.get("role")
    if role == "tool":
        name = as_str(message.get("tool_name")) or as_str(message.get("name"))
        call_id = pairs.result(message.get("tool_call_id"), name)
        yield Message("tool", [ToolResultPart(call_id, as_str(message.get("content")), media=list(_images(message)))])
    elif role in _ROLES:
        yield Message(role, list(_parts(message, pairs)))


def _parts(message: dict[str, Any], pairs: reading.Pairs) -> Iterator[Part]:
    if thinking := as_str(message.get("thinking")):
        yield ReasoningPart(thinking)
    if text := as_str(message.get("content")):
        yield TextPart(text)
    yield from _images(message)
    for call in map(as_dict, as_list(message.get("tool_calls"))):
        function = as_dict(call.get("function"))
        name = as_str(function.get("name"))
        yield ToolCallPart(pairs.call(call.get("id"), name), name, reading.arguments(function.get("arguments")))


def _images(message: dict[str, Any]) -> Iterator[ImagePart]:
    for data in as_list(message.get("images")):
        yield ImagePart(_media_type(as_str(data)), as_str(data))


def _media_type(data: str) -> str:
    return next((kind for sign, kind in _SIGNS.items() if data.startswith(sign)), "")


def _tool(tool: dict[str, Any]) -> Tool | None:
    return reading.function(as_dict(tool.get("function")))


def _reasoning(think: Any) -> ReasoningSettings | None:
    """An effort, or whether to think at all, which is medium."""
    if type(think) is bool:
        return ReasoningSettings(effort="medium" if think else "none")
    return reading.effort(think)
