"""What chat front ends post, as a canonical request: the messages of `useChat`, whose parts remember what they were.

An assistant's message holds several answers of the model, parted by `step-start`, with what its tools answered inside
their parts: each step becomes a message, and the answers of its tools one behind it. Calls whose input never came to
its end are left out, as the AI SDK leaves them out. Whatever a front end posts beside its messages is read under the
names of the AI SDK's own settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects import reading
from harness.dialects.ai_sdk_ui.metadata import SIGNATURES
from harness.dialects.base import Loss
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.dialects.unread import READ, Grammar, unread_of
from harness.request import (
    FilePart,
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

_GRAMMAR: dict[str, Grammar] = dict.fromkeys(
    (
        *("id", "messages", "trigger", "messageId", "model", "system", "tools", "toolChoice", "temperature", "topP"),
        *("topK", "maxOutputTokens", "stopSequences", "seed", "presencePenalty", "frequencyPenalty", "reasoning"),
        "stream",
    ),
    READ,
)
_READ_PARTS = frozenset({"text", "reasoning", "file", "step-start", "source-url", "source-document"})
"""Sources only show where words came from, and are of no use to a model."""
_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^;,]*)*?;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_CHOICES = ("auto", "required", "none")


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that a front end posts. Total: what is no word of ours is left out. It always asks for a stream."""
    asked = reading.read_body(body)
    messages = [read for message in as_list(asked.get("messages")) for read in _message(as_dict(message))]
    system, messages = reading.instructions(messages)
    own = as_str(asked.get("system"))
    return Request(
        model=as_str(asked.get("model")),
        messages=messages,
        system="\n".join(text for text in (own, system) if text) or None,
        tools=list(_tools(asked.get("tools"))) or None,
        tool_choice=_choice(asked.get("toolChoice")),
        max_output_tokens=reading.whole(asked.get("maxOutputTokens")),
        temperature=reading.number(asked.get("temperature")),
        top_p=reading.number(asked.get("topP")),
        top_k=reading.whole(asked.get("topK")),
        seed=reading.whole(asked.get("seed")),
        presence_penalty=reading.number(asked.get("presencePenalty")),
        frequency_penalty=reading.number(asked.get("frequencyPenalty")),
        stop=reading.texts(asked.get("stopSequences")),
        reasoning=reading.effort(asked.get("reasoning")),
    )


def unread(path: str, headers: Mapping[str, str], body: bytes) -> tuple[Loss, ...]:
    """What of a request was left out: its settings that have no word of ours, and parts of its messages."""
    asked = reading.read_body(body)
    found = {loss.what: loss for loss in unread_of(asked, _GRAMMAR)}
    for place, message in enumerate(as_list(asked.get("messages"))):
        for part in as_list(as_dict(message).get("parts")):
            if name := _unread_part(as_dict(part)):
                found.setdefault(f"unread-{name}", Loss(f"unread-{name}", f"messages[{place}].parts"))
    return tuple(found.values())


def _unread_part(part: dict[str, Any]) -> str | None:
    """What a part is called that no message of ours holds."""
    kind = as_str(part.get("type"))
    if kind in _READ_PARTS:
        return None
    if not _is_tool(part):
        return "data" if kind.startswith("data-") else "part"
    if part.get("providerExecuted") is True:
        return "provider-executed"
    return "input-streaming" if part.get("state") in (None, "input-streaming") else None


def _message(message: dict[str, Any]) -> Iterator[Message]:
    parts = [as_dict(part) for part in as_list(message.get("parts"))]
    if not parts and type(message.get("content")) is str:  # as front ends of old had it
        parts = [{"type": "text", "text": message["content"]}]
    match message.get("role"):
        case "user" | "system" as role:
            content = [read for part in parts for read in _said(part)]
            if content:
                yield Message(role, content)
        case "assistant":
            for step in _steps(parts):
                yield from _step(step)


def _steps(parts: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    step: list[dict[str, Any]] = []
    for part in parts:
        if part.get("type") == "step-start":
            yield step
            step = []
        else:
            step.append(part)
    yield step


def _step(parts: list[dict[str, Any]]) -> Iterator[Message]:
    """One answer of the model, and what its tools answered."""
    content = [read for part in parts for read in (_call(part) if _is_tool(part) else _said(part))]
    results = [read for part in parts if _is_tool(part) for read in _result(part)]
    if content:
        yield Message("assistant", content)
    if results:
        yield Message("tool", results)


def _is_tool(part: dict[str, Any]) -> bool:
    kind = as_str(part.get("type"))
    return kind == "dynamic-tool" or kind.startswith("tool-")


def _said(part: dict[str, Any]) -> Iterator[Part]:
    match part:
        case {"type": "text", "text": str(text)} if text:
            yield TextPart(text)
        case {"type": "reasoning"}:
            yield from _reasoning(part)
        case {"type": "file", "url": str(url)}:
            yield _file(url, as_str(part.get("mediaType")), as_str(part.get("filename")) or None)


def _reasoning(part: dict[str, Any]) -> Iterator[Part]:
    text, kept = as_str(part.get("text")), as_dict(part.get("providerMetadata"))
    for vendor, field, form in SIGNATURES:
        fields = as_dict(kept.get(vendor))
        if data := as_str(fields.get(field)):
            yield _signed(text, form, data, as_str(fields.get("itemId")) or None)
            return
    if text:
        yield ReasoningPart(text)


def _signed(text: str, form: str, data: str, item: str | None) -> ReasoningPart:
    match form:
        case "redacted":
            return ReasoningPart(text, redacted=data)
        case "encrypted":
            return ReasoningPart(text, encrypted=data, id=item)
    return ReasoningPart(text, signature=data, id=item)


def _file(url: str, media_type: str, name: str | None) -> Part:
    found = _DATA_URL.fullmatch(url.strip())
    kind = media_type or (found["type"].lower() if found else "")
    data, place = (found["data"], None) if found else ("", url)
    if kind.partition("/")[0] == "image":
        return ImagePart(kind, data, place)
    return FilePart(kind, data, place, name)


def _call(part: dict[str, Any]) -> Iterator[Part]:
    state = as_str(part.get("state"))
    if state in ("", "input-streaming") or part.get("providerExecuted") is True:
        return
    given = part.get("rawInput") if part.get("input") is None else part.get("input")
    kept = as_dict(part.get("callProviderMetadata"))
    signatures = [as_str(as_dict(kept.get(vendor)).get("thoughtSignature")) for vendor in ("google", "vertex")]
    yield ToolCallPart(
        id=as_str(part.get("toolCallId")),
        name=_tool_name(part),
        arguments=reading.arguments(given),
        signature=next((one for one in signatures if one), None),
    )


def _tool_name(part: dict[str, Any]) -> str:
    kind = as_str(part.get("type"))
    return as_str(part.get("toolName")) if kind == "dynamic-tool" else kind.removeprefix("tool-")


def _result(part: dict[str, Any]) -> Iterator[Part]:
    if part.get("providerExecuted") is True:
        return
    call_id = as_str(part.get("toolCallId"))
    match part.get("state"):
        case "output-available":
            yield ToolResultPart(call_id, reading.content_text(part.get("output")))
        case "output-error":
            yield ToolResultPart(call_id, as_str(part.get("errorText")), is_error=True)
        case "output-denied":
            reason = as_str(as_dict(part.get("approval")).get("reason"))
            yield ToolResultPart(call_id, reason or "the user did not allow this call", is_error=True)


def _tools(tools: Any) -> Iterator[Tool]:
    """Tools as a list, or by their names."""
    if type(tools) is dict:
        tools = [{**as_dict(tool), "name": name} for name, tool in tools.items()]
    for tool in as_list(tools):
        schema = "inputSchema" if as_dict(as_dict(tool).get("inputSchema")) else "parameters"
        if read := reading.function(as_dict(tool), schema):
            yield read


def _choice(choice: Any) -> Any:
    return choice if choice in _CHOICES else reading.named(as_dict(choice).get("toolName"))
