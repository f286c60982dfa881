"""A canonical request as Anthropic's Messages API, and which path is that endpoint.

Tool results go into the user turn right after their calls, before anything else that the user says; turns of one role
are merged, empty text is left out, and a limit on the output is always given, since the API demands one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from harness.dialects.base import HttpRequest, Loss
from harness.dialects.decoding import compact_json
from harness.dialects.rules import Media, RequestRules
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    NamedTool,
    Part,
    ReasoningPart,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)
from harness.transcript import parse_arguments

PATH = "/v1/messages"
VERSION = "2023-06-01"
MIN_BUDGET = 1024
"""The fewest tokens that thinking may be given."""

RULES = RequestRules(
    talks=True,
    tool_name=r"[a-zA-Z0-9_-]{1,128}",
    call_id=r"[a-zA-Z0-9_-]+",
    arguments_are_objects=True,
    user_first=True,
    blank_texts=False,
    unsigned_reasoning=False,
    signs="anthropic",
    images=Media(("image/jpeg", "image/png", "image/gif", "image/webp"), ("https://", "http://")),
    files=Media(("application/pdf", "text/plain"), ("https://", "http://")),
    ranges={"temperature": (0, 1), "top_p": (0, 1)},
    signs_calls=False,
    encrypted=False,
    assistant_images=False,
)

_DEFAULT_MAX_TOKENS = 4096
_ROOM_TO_ANSWER = 1024  # tokens beyond the thinking budget, where no limit was asked for
_BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}
_CHOICES: Mapping[str, str] = {"auto": "auto", "required": "any", "none": "none"}

_Role = Literal["user", "assistant"]


def matches(method: str, path: str) -> bool:
    """Is this the endpoint? What is asked for is in the body."""
    return method == "POST" and path.partition("?")[0] == PATH


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    """The HTTP request; what the Messages API cannot say is in its `losses`."""
    losses: list[Loss] = []
    body: dict[str, Any] = {"model": request.model}
    body["max_tokens"] = request.max_output_tokens or _DEFAULT_MAX_TOKENS
    if system := "\n\n".join(_system_texts(request, losses)):
        body["system"] = system
    body["messages"] = list(_turns(request.messages, losses))
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    _set_thinking(body, request, losses)
    _set_tool_choice(body, request, losses)
    _set_sampling(body, request, losses)
    _set_format(body, request.response_format, losses)
    if request.user:
        body["metadata"] = {"user_id": request.user}
    body["stream"] = request.stream
    headers = {"content-type": "application/json", "anthropic-version": VERSION}
    if api_key:
        headers["x-api-key"] = api_key
    return HttpRequest("POST", PATH, headers, compact_json(body).encode("utf-8", "replace"), tuple(losses))


def _system_texts(request: Request, losses: list[Loss]) -> Iterator[str]:
    """The system text, then that of system and developer messages, which only some models take among the others."""
    if request.system:
        yield request.system
    talk_began = False
    for message in request.messages:
        if message.role not in ("system", "developer"):
            talk_began = True
            continue
        if talk_began:
            losses.append(Loss("system-position", "a system message within the talk is moved to its beginning"))
        for part in message.content:
            if not isinstance(part, TextPart):
                losses.append(Loss("system-part", f"a {type(part).__name__} in a {message.role} message"))
            elif part.text.strip():
                yield part.text


def _turns(messages: list[Message], losses: list[Loss]) -> Iterator[dict[str, Any]]:
    """The messages, those of one role in a row merged; tool results come first in their turn."""
    blocks: list[dict[str, Any]] = []
    speaker: _Role | None = None
    for message in messages:
        if message.role in ("system", "developer"):
            continue
        role: _Role = "assistant" if message.role == "assistant" else "user"
        if role != speaker:
            yield from _turn(speaker, blocks)
            speaker, blocks = role, []
        blocks += [block for part in message.content if (block := _block(part, role, losses))]
    yield from _turn(speaker, blocks)


def _turn(role: _Role | None, blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if role and blocks:
        yield {"role": role, "content": sorted(blocks, key=lambda block: block["type"] != "tool_result")}


def _block(part: Part, role: _Role, losses: list[Loss]) -> dict[str, Any] | None:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text} if part.text.strip() else None
        case ImagePart():
            if role == "assistant":
                losses.append(Loss("assistant-image", "an assistant's message holds no images"))
                return None
            return _image(part)
        case FilePart():
            if role == "assistant":
                losses.append(Loss("assistant-image", "an assistant's message holds no files"))
                return None
            return _document(part)
        case ReasoningPart():
            return _thinking(part, losses)
        case ToolCallPart():
            return _tool_use(part, losses)
        case ToolResultPart():
            return _tool_result(part)


def _image(part: ImagePart) -> dict[str, Any]:
    if part.url is not None:
        return {"type": "image", "source": {"type": "url", "url": part.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": part.data}}


def _document(part: FilePart) -> dict[str, Any]:
    source = {"type": "base64", "media_type": part.media_type, "data": part.data}
    if part.url is not None:
        source = {"type": "url", "url": part.url}
    elif part.media_type.startswith("text/"):
        source = {"type": "text", "media_type": "text/plain", "data": _decoded(part.data)}
    return {"type": "document", "source": source, **({"title": part.name} if part.name else {})}


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return data


def _tool_result(part: ToolResultPart) -> dict[str, Any]:
    """What a tool said: one text, or several blocks where it gave images; an error says something in any case."""
    content: str | list[dict[str, Any]] = part.content
    if part.media:
        said = [{"type": "text", "text": part.content}] if part.content.strip() else []
        given = [_image(medium) if isinstance(medium, ImagePart) else _document(medium) for medium in part.media]
        content = [*said, *given]
    elif part.is_error and not part.content:
        content = "error"
    result = {"type": "tool_result", "tool_use_id": part.tool_call_id, "content": content}
    return {**result, "is_error": True} if part.is_error else result


def _thinking(part: ReasoningPart, losses: list[Loss]) -> dict[str, Any] | None:
    if part.redacted:
        return {"type": "redacted_thinking", "data": part.redacted}
    if part.signature:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    losses.append(Loss("reasoning-unsigned", "thinking without its signature would be refused"))
    return None


def _tool_use(part: ToolCallPart, losses: list[Loss]) -> dict[str, Any]:
    given = parse_arguments(part.arguments or "{}")
    if given is None:
        given = {"arguments": part.arguments}
    if part.signature:
        losses.append(Loss("tool-call-signature", "a tool call has no signature of its own"))
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": given}


def _tool(tool: Tool) -> dict[str, Any]:
    schema = {"type": "object", "properties": {}} if not tool.parameters else {**tool.parameters, "type": "object"}
    described = {"description": tool.description} if tool.description else {}
    strict = {} if tool.strict is None else {"strict": tool.strict}
    return {"name": tool.name, **described, "input_schema": schema, **strict}


def _set_thinking(body: dict[str, Any], request: Request, losses: list[Loss]) -> None:
    """A thinking budget: the one asked for, or else that of the effort."""
    asked = request.reasoning
    if asked is None or (asked.effort is None and asked.budget_tokens is None):
        return
    if asked.effort == "none" or asked.budget_tokens == 0:
        body["thinking"] = {"type": "disabled"}
        return
    budget = asked.budget_tokens or _BUDGETS[asked.effort or "medium"]
    if budget < MIN_BUDGET:
        losses.append(Loss("reasoning-budget", f"a budget of {budget} is below the least, {MIN_BUDGET}"))
        budget = MIN_BUDGET
    if request.max_output_tokens is None:
        body["max_tokens"] = max(body["max_tokens"], budget + _ROOM_TO_ANSWER)
    elif budget >= request.max_output_tokens:
        if request.max_output_tokens <= MIN_BUDGET:
            losses.append(Loss("reasoning-budget", "max_tokens leaves no room for thinking"))
            return
        if asked.budget_tokens is not None:
            losses.append(Loss("reasoning-budget", f"a budget of {budget} is not below max_tokens"))
        budget = max(MIN_BUDGET, request.max_output_tokens // 2)
    if _is_unthought_round(body["messages"]):
        losses.append(Loss("reasoning-unsigned", "no thinking in a round of tools that began without it"))
        return
    body["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _is_unthought_round(turns: list[dict[str, Any]]) -> bool:
    """Whether tools are being answered whose calls stand in a turn without thinking: the API wants it to begin so."""
    match turns:
        case [*_, {"role": "assistant", "content": [first, *_]}, {"content": [{"type": "tool_result"}, *_]}]:
            return first["type"] not in ("thinking", "redacted_thinking")
    return False


def _set_format(body: dict[str, Any], asked: ResponseFormat | None, losses: list[Loss]) -> None:
    if asked is None:
        return
    if asked.type == "json" or not asked.schema:
        losses.append(Loss("response-format", "JSON can be asked for by a schema alone"))
        return
    body["output_config"] = {"format": {"type": "json_schema", "schema": asked.schema}}


def _thinks(body: dict[str, Any]) -> bool:
    return bool(body.get("thinking", {}).get("type") == "enabled")


def _set_tool_choice(body: dict[str, Any], request: Request, losses: list[Loss]) -> None:
    if not request.tools:
        if request.tool_choice not in (None, "auto", "none"):
            losses.append(Loss("tool-choice", "a tool cannot be demanded where there is none"))
        return
    choice: dict[str, Any] | None = None
    if isinstance(request.tool_choice, NamedTool):
        choice = {"type": "tool", "name": request.tool_choice.name}
    elif request.tool_choice is not None:
        choice = {"type": _CHOICES[request.tool_choice]}
    if choice and choice["type"] in ("any", "tool") and _thinks(body):
        losses.append(Loss("tool-choice", "thinking does not go with a demand for a tool"))
        choice = {"type": "auto"}
    if request.parallel_tool_calls is False:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    if choice:
        body["tool_choice"] = choice


def _set_sampling(body: dict[str, Any], request: Request, losses: list[Loss]) -> None:
    if request.temperature is not None:
        if _thinks(body) and request.temperature != 1:
            losses.append(Loss("temperature", "thinking goes with a temperature of 1 alone"))
        elif request.temperature > 1:
            losses.append(Loss("temperature", "the highest temperature is 1"))
            body["temperature"] = 1
        else:
            body["temperature"] = request.temperature
    if request.top_p is not None:
        if _thinks(body) and request.top_p < 0.95:
            losses.append(Loss("top-p", "thinking goes with a top_p of 0.95 at least"))
        else:
            body["top_p"] = request.top_p
    if request.top_k is not None:
        if _thinks(body):
            losses.append(Loss("top-k", "thinking does not go with top_k"))
        else:
            body["top_k"] = request.top_k
    for name in ("seed", "presence_penalty", "frequency_penalty", "choices", "metadata"):
        if getattr(request, name) is not None:
            losses.append(Loss(name.replace("_", "-"), "the Messages API has no such setting"))
    if request.stop:
        if stops := [stop for stop in request.stop if stop.strip()]:
            body["stop_sequences"] = stops
        if len(stops) < len(request.stop):
            losses.append(Loss("stop", "a stop sequence of white space alone would be refused"))
