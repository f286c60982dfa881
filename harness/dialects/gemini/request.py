"""A canonical request as Gemini's streamGenerateContent or generateContent, and which paths are that endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from harness.dialects.base import HttpRequest, Loss
from harness.dialects.decoding import as_dict, as_list, compact_json
from harness.dialects.rules import Media, RequestRules
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
from harness.transcript import MADE_ID_PREFIX, parse_arguments

ENDPOINT = re.compile(
    r"/v\d+\w*/(?:[\w.~%-]+/)*?(?:models|tunedModels|endpoints)/[^/:?]+:(?:streamGenerateContent|generateContent)(?:\?|$)"
)
"""The paths of the endpoint, with the longer ones that the vendor's cloud platform has."""

_SCHEMA_FIELDS = frozenset({
    "type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties",
    "required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf",
    "propertyOrdering", "default", "minimum", "maximum",
})  # fmt: skip
"""What `parameters` may say; a schema that says more goes to `parametersJsonSchema`."""
_FORMATS = frozenset({"", "enum", "date-time", "int32", "int64", "float", "double"})

CANDIDATE_LIMIT = 8  # answers that it gives
STOP_LIMIT = 5  # stop sequences that the API takes
_OWN_URLS = ("gs://", "https://generativelanguage.googleapis.com/")

RULES = RequestRules(
    talks=True,
    tool_name=r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}",
    calls_have_ids=False,
    arguments_are_objects=True,
    user_first=True,
    signs="google",
    stand_in_signature="skip_thought_signature_validator",
    signed_models=r"(?:models/|google/)?gemini-[3-9]",
    images=Media(("image/",), _OWN_URLS),
    files=Media(("application/", "audio/", "video/", "text/"), _OWN_URLS),
    stops=STOP_LIMIT,
    redacted=False,
    encrypted=False,
    result_media=False,
)
_LEVELS: Mapping[str, str] = {
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
"""Effort as tokens, for models before thinking levels; the numbers of the vendor's OpenAI-compatible endpoint."""
_MODES: Mapping[str, str] = {"auto": "AUTO", "required": "ANY", "none": "NONE"}


def matches(method: str, path: str) -> bool:
    """Is this the endpoint, of streams or of whole answers?"""
    return method == "POST" and ENDPOINT.match(path) is not None


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    """The HTTP request; what Gemini cannot say is in its `losses`."""
    losses: list[Loss] = []
    body: dict[str, Any] = {"contents": list(_contents(request.messages, losses))}
    if system := list(_system_parts(request, losses)):
        body["systemInstruction"] = {"parts": system}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]
    if request.tool_choice is not None:
        body["toolConfig"] = {"functionCallingConfig": _calling(request.tool_choice)}
    if any(tool.strict for tool in request.tools or []):
        losses.append(Loss("strict-tools", "Gemini is not told to hold arguments to their schema"))
    if request.parallel_tool_calls is False:
        losses.append(Loss("parallel-tool-calls", "Gemini cannot be told to make one call at a time"))
    if settings := _generation(request, losses):
        body["generationConfig"] = settings
    headers = {"content-type": "application/json", **({"x-goog-api-key": api_key} if api_key else {})}
    return HttpRequest("POST", _path(request), headers, compact_json(body).encode("utf-8", "replace"), tuple(losses))


def _path(request: Request) -> str:
    model = request.model if request.model.startswith(("models/", "tunedModels/")) else f"models/{request.model}"
    method = "streamGenerateContent?alt=sse" if request.stream else "generateContent"
    return f"/v1beta/{quote(model, safe='/')}:{method}"


def _system_parts(request: Request, losses: list[Loss]) -> Iterator[dict[str, Any]]:
    """The system text, then the text of system and developer messages, which have no place in the contents."""
    if request.system:
        yield {"text": request.system}
    talk_began = False
    for message in request.messages:
        if message.role not in ("system", "developer"):
            talk_began = True
            continue
        if talk_began:
            losses.append(Loss("system-position", "a system message within the talk is moved to its beginning"))
        for part in message.content:
            if isinstance(part, TextPart) and part.text:
                yield {"text": part.text}
            elif not isinstance(part, TextPart):
                losses.append(Loss("system-part", f"a {type(part).__name__} in a {message.role} message"))


def _contents(messages: list[Message], losses: list[Loss]) -> Iterator[dict[str, Any]]:
    """The talk. Tool messages in a row are one content, since all calls of a turn are answered in one."""
    names = {part.id: part.name for message in messages for part in message.content if isinstance(part, ToolCallPart)}
    for turn in _turns(messages):
        spoken = (_part(part, names, losses) for message in turn for part in message.content)
        if parts := [part for part in spoken if part is not None]:
            yield {"role": "model" if turn[0].role == "assistant" else "user", "parts": parts}


def _turns(messages: list[Message]) -> list[list[Message]]:
    turns: list[list[Message]] = []
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        if turns and message.role == "tool" == turns[-1][0].role:
            turns[-1].append(message)
        else:
            turns.append([message])
    return turns


def _part(part: Part, names: Mapping[str, str], losses: list[Loss]) -> dict[str, Any] | None:
    match part:
        case TextPart():
            return {"text": part.text} if part.text else None
        case ImagePart() | FilePart():
            return _medium(part, losses)
        case ReasoningPart():
            return _thought(part, losses)
        case ToolCallPart():
            return _call(part)
        case ToolResultPart():
            return _response(part, names, losses)


def _medium(part: ImagePart | FilePart, losses: list[Loss]) -> dict[str, Any] | None:
    kind = {"mimeType": part.media_type} if part.media_type else {}
    if part.url is not None:
        if not part.url.startswith(_OWN_URLS):
            losses.append(Loss("image-url" if isinstance(part, ImagePart) else "file-url", part.url[:80]))
            return None
        return {"fileData": {**kind, "fileUri": part.url}}
    name = {"displayName": part.name} if isinstance(part, FilePart) and part.name else {}
    return {"inlineData": {**kind, "data": part.data, **name}}


def _thought(part: ReasoningPart, losses: list[Loss]) -> dict[str, Any] | None:
    if part.redacted:
        losses.append(Loss("reasoning-redacted", "redacted reasoning is another vendor's"))
    if part.encrypted:
        losses.append(Loss("reasoning-encrypted", "encrypted reasoning is another vendor's"))
    signature = {"thoughtSignature": part.signature} if part.signature else {}
    if part.text:
        return {"text": part.text, "thought": True, **signature}
    return {"text": "", **signature} if signature else None


def _call(part: ToolCallPart) -> dict[str, Any]:
    args = parse_arguments(part.arguments or "{}")
    call = {**_id(part.id), "name": part.name, "args": {"arguments": part.arguments} if args is None else args}
    return {"functionCall": call, **({"thoughtSignature": part.signature} if part.signature else {})}


def _response(part: ToolResultPart, names: Mapping[str, str], losses: list[Loss]) -> dict[str, Any]:
    name = names.get(part.tool_call_id)
    if part.media:
        losses.append(Loss("tool-result-media", "a function's response holds no images or files"))
    content = {"error" if part.is_error else "output": part.content}
    return {"functionResponse": {**_id(part.tool_call_id), "name": name or part.tool_call_id, "response": content}}


def _id(call_id: str) -> dict[str, str]:
    """The call's id, unless we made it because the vendor gave none."""
    return {} if call_id.startswith(MADE_ID_PREFIX) else {"id": call_id}


def _declaration(tool: Tool) -> dict[str, Any]:
    declaration: dict[str, Any] = {"name": tool.name}
    if tool.description:
        declaration["description"] = tool.description
    if tool.parameters and not _is_empty_object(tool.parameters):
        key = "parameters" if _is_plain_schema(tool.parameters) else "parametersJsonSchema"
        declaration[key] = tool.parameters
    return declaration


def _is_empty_object(schema: dict[str, Any]) -> bool:
    """Whether a schema has no fields at all: `parameters` must then be left out."""
    return schema.get("type") == "object" and not schema.get("properties") and schema.keys() <= {"type", "properties"}


def _is_plain_schema(schema: Any) -> bool:
    """Whether a JSON schema keeps within the vendor's own Schema type."""
    match schema:
        case {"type": kind} if type(kind) is not str:
            return False
        case {"format": form} if form not in _FORMATS:
            return False
        case {"enum": values} if not all(type(value) is str for value in as_list(values)):
            return False
        case dict() if schema.keys() <= _SCHEMA_FIELDS:
            items = [schema["items"]] if "items" in schema else []
            inner = [*as_dict(schema.get("properties")).values(), *as_list(schema.get("anyOf")), *items]
            return all(_is_plain_schema(one) for one in inner)
    return False


def _calling(choice: str | NamedTool) -> dict[str, Any]:
    if isinstance(choice, NamedTool):
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": _MODES[choice]}


def _generation(request: Request, losses: list[Loss]) -> dict[str, Any]:
    stop = request.stop or None
    if stop and len(stop) > STOP_LIMIT:
        losses.append(Loss("stop", f"{len(stop)} stop sequences, of which Gemini takes {STOP_LIMIT}"))
        stop = stop[:STOP_LIMIT]
    settings = {
        "maxOutputTokens": request.max_output_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "stopSequences": stop,
        "seed": request.seed,
        "presencePenalty": request.presence_penalty,
        "frequencyPenalty": request.frequency_penalty,
        "candidateCount": _choices(request.choices, losses),
        "thinkingConfig": _thinking(request.reasoning, request.model, losses) if request.reasoning else None,
    }
    if request.response_format is not None:
        settings |= _format(request.response_format)
    for name in ("user", "metadata"):
        if getattr(request, name):
            losses.append(Loss(name, "the Gemini API has no such setting"))
    return {name: value for name, value in settings.items() if value is not None}


def _choices(asked: int | None, losses: list[Loss]) -> int | None:
    if asked is not None and asked > CANDIDATE_LIMIT:
        losses.append(Loss("choices", f"{asked} answers, of which Gemini gives {CANDIDATE_LIMIT}"))
        return CANDIDATE_LIMIT
    return asked


def _format(asked: ResponseFormat) -> dict[str, Any]:
    """JSON, of any form or by a schema: the vendor's own kind of schema where that will do."""
    if not asked.schema:
        return {"responseMimeType": "application/json"}
    key = "responseSchema" if _is_plain_schema(asked.schema) else "responseJsonSchema"
    return {"responseMimeType": "application/json", key: asked.schema}


def _thinking(settings: ReasoningSettings, model: str, losses: list[Loss]) -> dict[str, Any] | None:
    """A budget where one is given or the model (2.5 and before) knows no levels, else a level: never both."""
    effort = settings.effort
    if settings.budget_tokens is not None:
        return {"includeThoughts": settings.budget_tokens != 0, "thinkingBudget": settings.budget_tokens}
    if effort is None:
        return None
    if effort == "none":
        return {"includeThoughts": False, "thinkingBudget": 0}
    if effort in ("xhigh", "max"):
        losses.append(Loss("reasoning-effort", f"{effort} is sent as high"))
    if "gemini-2" in model:
        return {"includeThoughts": True, "thinkingBudget": _BUDGETS[effort]}
    return {"includeThoughts": True, "thinkingLevel": _LEVELS[effort]}
