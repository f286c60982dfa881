"""A streamGenerateContent request as a canonical request: the other way round than `request`.

Fields are read in camel case and in snake case, as the API takes them. A signature on a text that is no thought stands
after that text, as reasoning without words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from harness.dialects import reading
from harness.dialects.decoding import as_dict, as_list, as_str
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    NamedTool,
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

_MODEL = re.compile(r"(?P<folder>models|tunedModels|endpoints)/(?P<name>[^/:?]+):")
_MODES: Mapping[str, str] = {"AUTO": "auto", "ANY": "required", "NONE": "none"}
_SAID = ("output", "result")
"""Keys under which clients put what a tool said, where it is no object of its own."""


def read_request(path: str, headers: Mapping[str, str], body: bytes) -> Request:
    """The request that an HTTP request is. Total: what is no word of ours is left out."""
    asked = reading.read_body(body)
    settings = _object(asked, "generationConfig")
    system = reading.joined(_several(_object(asked, "systemInstruction"), "parts"), "\n\n")
    return Request(
        model=_model(path),
        messages=list(_messages(asked)),
        system=system or None,
        stream=":streamGenerateContent" in path,
        tools=list(_tools(asked)) or None,
        tool_choice=_choice(_object(_object(asked, "toolConfig"), "functionCallingConfig")),
        max_output_tokens=reading.whole(_number(settings, "maxOutputTokens")),
        temperature=_number(settings, "temperature"),
        top_p=_number(settings, "topP"),
        stop=reading.texts(_get(settings, "stopSequences")),
        reasoning=_reasoning(_object(settings, "thinkingConfig")),
        response_format=_response_format(settings),
        top_k=reading.whole(_number(settings, "topK")),
        seed=reading.whole(_number(settings, "seed")),
        presence_penalty=_number(settings, "presencePenalty"),
        frequency_penalty=_number(settings, "frequencyPenalty"),
        choices=reading.several(_number(settings, "candidateCount")),
    )


def _response_format(settings: Mapping[str, Any]) -> ResponseFormat | None:
    if _get(settings, "responseMimeType") != "application/json":
        return None
    schema = _object(settings, "responseJsonSchema") or _plain(_object(settings, "responseSchema"))
    return ResponseFormat("json_schema", schema) if schema else ResponseFormat("json")


def _model(path: str) -> str:
    """The model as `build_request` takes it: without its folder, unless that is another than `models`."""
    found = _MODEL.search(unquote(path))
    if found is None:
        return ""
    return found["name"] if found["folder"] == "models" else f"{found['folder']}/{found['name']}"


def _get(value: Mapping[str, Any], name: str) -> Any:
    """The field of that camel-case name, in either case."""
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    return value.get(name, value.get(snake))


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return as_dict(_get(value, name))


def _several(value: Mapping[str, Any], name: str) -> list[Any]:
    """A repeated field, which may be written as its only element."""
    given = _get(value, name)
    return [given] if type(given) is dict else as_list(given)


def _number(settings: Mapping[str, Any], name: str) -> float | None:
    """A number, which may be written as a text."""
    given = _get(settings, name)
    if type(given) is not str:
        return reading.number(given)
    try:
        return float(given)
    except ValueError:
        return None


def _messages(asked: dict[str, Any]) -> Iterator[Message]:
    pairs = reading.Pairs()
    for content in map(as_dict, _several(asked, "contents")):
        messages: list[Message] = []
        for part in map(as_dict, _several(content, "parts")):
            reading.add(messages, _role(content, part), list(_part(part, pairs)))
        yield from messages


def _role(content: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    if content.get("role") == "model":
        return "assistant"
    return "tool" if _get(part, "functionResponse") is not None else "user"


def _part(part: dict[str, Any], pairs: reading.Pairs) -> Iterator[Part]:
    signature = as_str(_get(part, "thoughtSignature")) or None
    if call := _object(part, "functionCall"):
        name = as_str(call.get("name"))
        yield ToolCallPart(pairs.call(call.get("id"), name), name, reading.arguments(call.get("args")), signature)
    elif answer := _object(part, "functionResponse"):
        yield _result(answer, pairs)
    elif blob := _object(part, "inlineData"):
        called = as_str(_get(blob, "displayName")) or None
        yield reading.medium(as_str(_get(blob, "mimeType")), as_str(blob.get("data")), name=called)
    elif place := _object(part, "fileData"):
        yield reading.medium(as_str(_get(place, "mimeType")), url=as_str(_get(place, "fileUri")))
    elif part.get("thought") is True:
        yield ReasoningPart(as_str(part.get("text")), signature=signature)
    else:
        if text := as_str(part.get("text")):
            yield TextPart(text)
        if signature:
            yield ReasoningPart(signature=signature)


def _result(answer: dict[str, Any], pairs: reading.Pairs) -> ToolResultPart:
    """What a tool said: the value under a usual key, beside the name that some clients repeat, or else the whole."""
    call_id = pairs.result(answer.get("id"), as_str(answer.get("name")))
    said = as_dict(answer.get("response"))
    if said.keys() in ({"name", "content"}, {"name", "error"}) and said["name"] == answer.get("name"):
        said = {"output": said["content"]} if "content" in said else {"error": said["error"]}
    key = next(iter(said)) if len(said) == 1 else ""
    media = list(_media(answer))
    if key == "error" and said["error"]:
        return ToolResultPart(call_id, reading.content_text(said["error"]), is_error=True, media=media)
    return ToolResultPart(call_id, reading.content_text(said[key] if key in _SAID else said or None), media=media)


def _media(answer: Mapping[str, Any]) -> Iterator[ImagePart | FilePart]:
    """The images and files that stand in a tool's answer itself."""
    for part in map(as_dict, _several(answer, "parts")):
        if blob := _object(part, "inlineData"):
            name = as_str(_get(blob, "displayName")) or None
            yield reading.medium(as_str(_get(blob, "mimeType")), as_str(blob.get("data")), name=name)


def _tools(asked: dict[str, Any]) -> Iterator[Tool]:
    for tool in map(as_dict, _several(asked, "tools")):
        for declaration in map(as_dict, _several(tool, "functionDeclarations")):
            schema = _object(declaration, "parametersJsonSchema") or _plain(_object(declaration, "parameters"))
            if read := reading.function({**declaration, "parameters": schema}):
                yield read


def _plain(schema: Any) -> Any:
    """The vendor's own schema as JSON schema: its types are in capitals."""
    match schema:
        case dict():
            return {
                key: value.lower() if key == "type" and type(value) is str else _plain(value)
                for key, value in schema.items()
            }
        case list():
            return [_plain(item) for item in schema]
    return schema


def _choice(calling: dict[str, Any]) -> Any:
    allowed = as_list(_get(calling, "allowedFunctionNames"))
    mode = as_str(calling.get("mode")).upper()
    if mode == "ANY" and len(allowed) == 1 and type(allowed[0]) is str:
        return NamedTool(allowed[0])
    return _MODES.get(mode)


def _reasoning(config: dict[str, Any]) -> ReasoningSettings | None:
    budget = reading.whole(_number(config, "thinkingBudget"))
    if budget == 0:
        return ReasoningSettings(effort="none")
    return reading.effort(_get(config, "thinkingLevel"), None if budget is not None and budget < 0 else budget)
