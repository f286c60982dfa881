"""An OpenAI chat completion request as a canonical request: the other way round than `request`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

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
        response_format=_response_format(as_dict(asked.get("response_format"))),
        top_k=reading.whole(asked.get("top_k")),
        seed=reading.whole(asked.get("seed")),
        presence_penalty=reading.number(asked.get("presence_penalty")),
        frequency_penalty=reading.number(asked.get("frequency_penalty")),
        choices=reading.several(asked.get("n")),
        user=as_str(asked.get("user")) or as_str(asked.get("safety_identifier")) or None,
        metadata=reading.words(asked.get("metadata")),
    )


def _response_format(form: dict[str, Any]) -> ResponseFormat | None:
    if form.get("type") == "json_object":
        return ResponseFormat("json")
    return reading.json_schema(as_dict(form.get("json_schema"))) if form.get("type") == "json_schema" else None


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
    media = [part for part in _content(message.get("content")) if not isinstance(part, TextPart)]
    return ToolResultPart(call_id, reading.joined(message.get("content")), media=media)


def _parts(message: dict[str, Any], role: str, pairs: reading.Pairs) -> Iterator[Part]:
    if role == "assistant":
        yield from _reasoning_parts(message)
    yield from _content(message.get("content"))
    if refusal := as_str(message.get("refusal")):
        yield TextPart(refusal)
    if role == "assistant":
        calls = as_list(message.get("tool_calls"))
        old = [{"function": message["function_call"]}] if as_dict(message.get("function_call")) else []
        for call in calls or old:  # where both are there, the one of old is the first of the others
            yield _call(as_dict(call), pairs)


def _reasoning_parts(message: dict[str, Any]) -> Iterator[ReasoningPart]:
    """The reasoning, with what `reasoning_details` keep of its vendor's: our own answers have them too."""
    text = _reasoning_text(message)
    details = [as_dict(each) for each in as_list(message.get("reasoning_details"))]
    spoken = "".join(as_str(each.get("text")) or as_str(each.get("summary")) for each in details)
    signature = next((word for each in details if (word := as_str(each.get("signature")))), None)
    hidden = [each for each in details if each.get("type") == "reasoning.encrypted" and as_str(each.get("data"))]
    encrypted, id = (as_str(hidden[0].get("data")), as_str(hidden[0].get("id")) or None) if hidden else (None, None)
    if text or spoken or signature or encrypted:
        yield ReasoningPart(text or spoken, signature=signature, encrypted=encrypted, id=id)


def _reasoning_text(message: dict[str, Any]) -> str:
    return as_str(message.get("reasoning_content")) or as_str(message.get("reasoning"))


def _content(content: Any) -> Iterator[TextPart | ImagePart | FilePart]:
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
                url = source if type(source) is str else as_dict(source).get("url")
                if found := reading.image(url, as_dict(source).get("detail")):
                    yield found
            case "input_audio":
                sound = as_dict(part.get("input_audio"))
                media_type = {"wav": "audio/wav", "mp3": "audio/mpeg"}.get(as_str(sound.get("format")), "")
                if data := as_str(sound.get("data")):
                    yield FilePart(media_type, data)
            case "file":
                source = as_dict(part.get("file"))
                if document := reading.file(source.get("file_data"), source.get("filename")):
                    yield document


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
