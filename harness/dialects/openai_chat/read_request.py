"""An OpenAI chat completion request as a canonical request: the other way round than `request`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from harness.dialects import reading
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.request import (
    Message,
    Part,
    ReasoningPart,
    ReasoningSettings,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

_ROLES = ("user", "assistant", "system", "developer")
_CHOICES = ("auto", "required", "none")


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that an HTTP request is. Total: what is no word of ours is left out."""
    asked = reading.read_body(body)
    pairs = reading.Pairs()
    messages = [read for message in as_list(asked.get("messages")) for read in _message(as_dict(message), pairs)]
    system, messages = reading.instructions(messages)
    return Request(
        model=as_str(asked.get("model")) or _deployment(path),
        messages=messages,
        system=system,
        stream=asked.get("stream") is True,
        tools=[tool for each in as_list(asked.get("tools")) if (tool := _tool(as_dict(each)))] or None,
        tool_choice=_choice(asked.get("tool_choice")),
        parallel_tool_calls=reading.flag(asked.get("parallel_tool_calls")),
        max_output_tokens=reading.whole(asked.get("max_completion_tokens") or asked.get("max_tokens")),
        temperature=reading.number(asked.get("temperature")),
        top_p=reading.number(asked.get("top_p")),
        stop=reading.texts(asked.get("stop")),
        reasoning=_reasoning(asked),
    )


def _deployment(path: str) -> str:
    """Azure names the model in the path."""
    _, _, rest = path.partition("/deployments/")
    return unquote(rest.partition("/")[0])


def _message(message: dict[str, Any], pairs: reading.Pairs) -> Iterator[Message]:
    role = message.get("role")
    if role == "tool":
        yield Message("tool", [_result(message.get("tool_call_id"), message, pairs)])
    elif role == "function":
        yield Message("tool", [_result(None, message, pairs)])
    elif role in _ROLES:
        yield Message(role, list(_parts(message, role, pairs)))


def _result(id: Any, message: dict[str, Any], pairs: reading.Pairs) -> ToolResultPart:
    call_id = pairs.result(id, as_str(message.get("name")))
    return ToolResultPart(call_id, reading.joined(message.get("content")))


def _parts(message: dict[str, Any], role: str, pairs: reading.Pairs) -> Iterator[Part]:
    if role == "assistant" and (thought := _reasoning_text(message)):
        yield ReasoningPart(thought)
    yield from _content(message.get("content"))
    if refusal := as_str(message.get("refusal")):
        yield TextPart(refusal)
    if role == "assistant":
        calls = as_list(message.get("tool_calls"))
        old = [{"function": message["function_call"]}] if as_dict(message.get("function_call")) else []
        for call in (*calls, *old):
            yield _call(as_dict(call), pairs)


def _reasoning_text(message: dict[str, Any]) -> str:
    return as_str(message.get("reasoning_content")) or as_str(message.get("reasoning"))


def _content(content: Any) -> Iterator[Part]:
    if type(content) is str:
        if content:
            yield TextPart(content)
        return
    for part in map(as_dict, as_list(content)):
        match part.get("type"):
            case "text" | "refusal" as kind if type(part.get(kind)) is str:
                yield TextPart(part[kind])
            case "image_url":
                source = part.get("image_url")
                if found := reading.image(source if type(source) is str else as_dict(source).get("url")):
                    yield found


def _call(call: dict[str, Any], pairs: reading.Pairs) -> ToolCallPart:
    """A call of a function, or of a custom tool, whose input is any text."""
    custom = as_dict(call.get("custom"))
    function = as_dict(call.get("function")) or custom
    name = as_str(function.get("name"))
    google = as_dict(as_dict(call.get("extra_content")).get("google"))
    return ToolCallPart(
        id=pairs.call(call.get("id"), name),
        name=name,
        arguments=reading.arguments(function.get("input" if custom else "arguments")),
        signature=as_str(google.get("thought_signature")) or None,
    )


def _tool(tool: dict[str, Any]) -> Tool | None:
    return reading.function(as_dict(tool.get("function"))) if tool.get("type") == "function" else None


def _choice(choice: Any) -> Any:
    if choice in _CHOICES:
        return choice
    return reading.named(as_dict(as_dict(choice).get("function")).get("name"))


def _reasoning(asked: dict[str, Any]) -> ReasoningSettings | None:
    """OpenAI's own effort, or the settings that OpenRouter has in its place."""
    settings = as_dict(asked.get("reasoning"))
    word = asked.get("reasoning_effort") or settings.get("effort")
    return reading.effort(word, reading.whole(settings.get("max_tokens")))
