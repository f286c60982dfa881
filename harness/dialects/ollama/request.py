"""A canonical request as Ollama's /api/chat, and which paths are that endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.base import HttpRequest, Loss
from harness.dialects.decoding import compact_json
from harness.dialects.rules import Media, RequestRules
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    ReasoningPart,
    ReasoningSettings,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from harness.transcript import MADE_ID_PREFIX, parse_arguments

PATH = "/api/chat"

RULES = RequestRules(
    calls_have_ids=False,
    arguments_are_objects=True,
    images=Media(("",)),
    files=Media(),
    ranges={},
    signs=None,
    signs_calls=False,
    redacted=False,
    encrypted=False,
    result_media=False,
)
_THINK: Mapping[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_EXACT_EFFORTS = ("none", "low", "medium", "high")


def matches(method: str, path: str) -> bool:
    """Is this the endpoint? What is asked for is in the body."""
    return method == "POST" and path.partition("?")[0].rstrip("/") == PATH


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    """The HTTP request; what Ollama cannot say is in its `losses`."""
    losses: list[Loss] = []
    names = {part.id: part.name for said in request.messages for part in said.content if isinstance(part, ToolCallPart)}
    system = [{"role": "system", "content": request.system}] if request.system else []
    messages = [spoken for message in request.messages for spoken in _messages(message, names, losses)]
    body: dict[str, Any] = {"model": request.model, "messages": [*system, *messages], "stream": request.stream}
    if tools := _tools(request, losses):
        body["tools"] = tools
    if request.parallel_tool_calls is False:
        losses.append(Loss("parallel-tool-calls", "Ollama cannot be told to make one call at a time"))
    if options := _options(request):
        body["options"] = options
    if request.response_format is not None:
        body["format"] = request.response_format.schema or "json"
    _lose_settings(request, losses)
    if request.reasoning and (think := _think(request.reasoning, losses)) is not None:
        body["think"] = think
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {api_key}"} if api_key else {})}
    return HttpRequest("POST", PATH, headers, compact_json(body).encode("utf-8", "replace"), tuple(losses))


def _messages(message: Message, names: Mapping[str, str], losses: list[Loss]) -> Iterator[dict[str, Any]]:
    """The message, and after it one tool message for each result that it holds."""
    role = "system" if message.role == "developer" else message.role
    spoken: dict[str, Any] = {"role": role, "content": _joined(message, TextPart)}
    if thinking := _joined(message, ReasoningPart):
        spoken["thinking"] = thinking
    if images := [part.data for part in _images(message, losses)]:
        spoken["images"] = images
    if calls := [_call(part) for part in message.content if isinstance(part, ToolCallPart)]:
        spoken["tool_calls"] = calls
    _lose_signatures(message, losses)
    results = [part for part in message.content if isinstance(part, ToolResultPart)]
    if len(spoken) > 2 or spoken["content"]:
        yield spoken
    for result in results:
        yield _result(result, names, losses)


def _images(message: Message, losses: list[Loss]) -> Iterator[ImagePart]:
    for part in message.content:
        if isinstance(part, FilePart):
            losses.append(Loss("file-type", f"Ollama takes no files ({part.media_type or 'of an unknown type'})"))
        elif isinstance(part, ImagePart):
            if part.url is None:
                yield part
            else:
                losses.append(Loss("image-url", "Ollama takes images in the request itself alone"))


def _joined(message: Message, kind: type[TextPart] | type[ReasoningPart]) -> str:
    """The text of all parts of one kind; a message has one string for them."""
    return "\n\n".join(part.text for part in message.content if isinstance(part, kind) and part.text)


def _lose_signatures(message: Message, losses: list[Loss]) -> None:
    for part in message.content:
        match part:
            case ReasoningPart():
                for form in ("signature", "redacted", "encrypted"):
                    if getattr(part, form):
                        losses.append(Loss(f"reasoning-{form}", "Ollama keeps no signatures or hidden reasoning"))
            case ToolCallPart() if part.signature:
                losses.append(Loss("tool-call-signature", "Ollama keeps no signatures of tool calls"))


def _call(part: ToolCallPart) -> dict[str, Any]:
    arguments = parse_arguments(part.arguments or "{}")
    if arguments is None:
        arguments = {"arguments": part.arguments}
    given = {} if part.id.startswith(MADE_ID_PREFIX) else {"id": part.id}
    return {**given, "function": {"name": part.name, "arguments": arguments}}


def _result(part: ToolResultPart, names: Mapping[str, str], losses: list[Loss]) -> dict[str, Any]:
    if part.is_error:
        losses.append(Loss("tool-result-error", part.tool_call_id))
    if part.media:
        losses.append(Loss("tool-result-media", part.tool_call_id))
    name = names.get(part.tool_call_id)
    given = {} if part.tool_call_id.startswith(MADE_ID_PREFIX) else {"tool_call_id": part.tool_call_id}
    return {"role": "tool", "content": part.content, "tool_name": name or part.tool_call_id, **given}


def _tools(request: Request, losses: list[Loss]) -> list[dict[str, Any]]:
    """The tools on offer: none where none may be chosen, which is the one choice that Ollama can be given."""
    if request.tool_choice == "none":
        return []
    if request.tool_choice not in (None, "auto"):
        losses.append(Loss("tool-choice", "Ollama cannot be told to call a tool"))
    return [{"type": "function", "function": _function(tool)} for tool in request.tools or []]


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "parameters": tool.parameters or {"type": "object", "properties": {}},
    }


def _options(request: Request) -> dict[str, Any]:
    options = {
        "num_predict": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop": request.stop or None,
        "top_k": request.top_k,
        "seed": request.seed,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
    }
    return {name: value for name, value in options.items() if value is not None}


def _lose_settings(request: Request, losses: list[Loss]) -> None:
    for name in ("choices", "user", "metadata"):
        if getattr(request, name):
            losses.append(Loss(name, "Ollama has no such setting"))
    if any(tool.strict for tool in request.tools or []):
        losses.append(Loss("strict-tools", "Ollama does not hold arguments to their schema"))


def _think(settings: ReasoningSettings, losses: list[Loss]) -> bool | str | None:
    if settings.effort is None and settings.budget_tokens is None:
        return None
    if settings.budget_tokens:
        losses.append(Loss("reasoning-budget", f"{settings.budget_tokens} tokens cannot be said"))
    if settings.effort is None:
        return settings.budget_tokens != 0
    if settings.effort not in _EXACT_EFFORTS:
        losses.append(Loss("reasoning-effort", f"{settings.effort} is sent as {_THINK[settings.effort]}"))
    return _THINK[settings.effort]
