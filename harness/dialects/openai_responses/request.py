"""A canonical request as OpenAI's Responses API, and which path is that endpoint.

The talk is a flat list of items: messages, reasoning, calls and their outputs. Nothing is stored on the server, so
reasoning is asked for, and sent back, in its encrypted form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.dialects.base import HttpRequest, Loss
from harness.dialects.decoding import compact_json
from harness.dialects.rules import Media, RequestRules
from harness.request import (
    FilePart,
    ImagePart,
    Message,
    NamedTool,
    ReasoningPart,
    ReasoningSettings,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

PATH = "/v1/responses"
MIN_OUTPUT_TOKENS = 16
"""The lowest limit on the output that the API takes."""

RULES = RequestRules(
    tool_name=r"[a-zA-Z0-9_-]{1,128}",
    call_id=r"(?s).{1,64}",
    lone_reasoning=False,
    unsigned_reasoning=False,
    images=Media(("image/",), ("https://", "http://")),
    files=Media(("application/", "text/"), ("https://", "http://")),
    ranges={"temperature": (0, 2), "top_p": (0, 1)},
    least_output_tokens=MIN_OUTPUT_TOKENS,
    signs=None,
    signs_calls=False,
    redacted=False,
    assistant_images=False,
)

_EFFORTS = ((2048, "low"), (8192, "medium"))  # budgets below which an effort stands for them; above, `high`


def matches(method: str, path: str) -> bool:
    """Is this the endpoint? What is asked for is in the body."""
    return method == "POST" and path.partition("?")[0] == PATH


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    """The HTTP request; what the Responses API cannot say is in its `losses`."""
    losses: list[Loss] = []
    items = [item for message in request.messages for item in _items(message, losses)]
    body: dict[str, Any] = {"model": request.model, "input": items, "store": False, "stream": request.stream}
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    elif request.parallel_tool_calls is not None:
        losses.append(Loss("parallel-tool-calls", "there are no tools"))
    if request.tool_choice is not None:
        body["tool_choice"] = _choice(request)
    if request.reasoning is not None and (effort := _effort(request.reasoning, losses)):
        body["reasoning"] = {"effort": effort, **({} if effort == "none" else {"summary": "auto"})}
        if effort != "none":
            body["include"] = ["reasoning.encrypted_content"]
    _set_limits(body, request, losses)
    _set_rest(body, request, losses)
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {api_key}"} if api_key else {})}
    return HttpRequest("POST", PATH, headers, compact_json(body).encode("utf-8", "replace"), tuple(losses))


def _items(message: Message, losses: list[Loss]) -> Iterator[dict[str, Any]]:
    """The items of one message: runs of text and images are one message, everything else stands by itself."""
    role = "user" if message.role == "tool" else message.role
    content: list[dict[str, Any]] = []
    for part in message.content:
        if isinstance(part, TextPart):
            content.append({"type": "output_text" if role == "assistant" else "input_text", "text": part.text})
            continue
        if isinstance(part, ImagePart | FilePart):
            content += _medium(part, role, losses)
            continue
        if content:
            yield {"type": "message", "role": role, "content": content}
            content = []
        yield from _item(part, losses)
    if content:
        yield {"type": "message", "role": role, "content": content}


def _medium(part: ImagePart | FilePart, role: str, losses: list[Loss]) -> list[dict[str, Any]]:
    if role == "assistant":
        losses.append(Loss("assistant-image", "an assistant's message holds no images and files"))
        return []
    return [_given(part)]


def _given(part: ImagePart | FilePart) -> dict[str, Any]:
    url = f"data:{part.media_type};base64,{part.data}" if part.url is None else part.url
    if isinstance(part, ImagePart):
        return {"type": "input_image", "detail": part.detail or "auto", "image_url": url}
    if part.url is not None:
        return {"type": "input_file", "file_url": url}
    return {"type": "input_file", "filename": part.name or "file", "file_data": url}


def _item(part: ReasoningPart | ToolCallPart | ToolResultPart, losses: list[Loss]) -> Iterator[dict[str, Any]]:
    match part:
        case ReasoningPart():
            yield from _reasoning(part, losses)
        case ToolCallPart():
            if part.signature:
                losses.append(Loss("tool-call-signature", "a tool call has no signature of its own"))
            call = {"type": "function_call", "call_id": part.id, "name": part.name}
            yield {**call, "arguments": part.arguments or "{}"}
        case ToolResultPart():
            if part.is_error:
                losses.append(Loss("tool-result-error", "an output cannot be marked as an error"))
            output: str | list[dict[str, Any]] = part.content
            if part.media:
                said = [{"type": "input_text", "text": part.content}] if part.content else []
                output = [*said, *map(_given, part.media)]
            yield {"type": "function_call_output", "call_id": part.tool_call_id, "output": output}


def _reasoning(part: ReasoningPart, losses: list[Loss]) -> Iterator[dict[str, Any]]:
    if not part.encrypted:
        losses.append(Loss("reasoning-unencrypted", "reasoning is sent back in encrypted form only"))
        return
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    item = {"type": "reasoning", "summary": summary, "encrypted_content": part.encrypted}
    yield {**item, "id": part.id} if part.id else item


def _tool(tool: Tool) -> dict[str, Any]:
    described = {"description": tool.description} if tool.description else {}
    schema = tool.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "name": tool.name, **described, "parameters": schema, "strict": bool(tool.strict)}


def _choice(request: Request) -> str | dict[str, Any]:
    match request.tool_choice:
        case NamedTool(name=name):
            return {"type": "function", "name": name}
        case str(word):
            return word
    return "auto"


def _effort(asked: ReasoningSettings, losses: list[Loss]) -> str | None:
    """The effort asked for, or one that stands for the budget."""
    if asked.effort is not None or asked.budget_tokens is None:
        return asked.effort
    losses.append(Loss("reasoning-budget", "reasoning takes an effort, not a number of tokens"))
    if asked.budget_tokens == 0:
        return "none"
    return next((effort for below, effort in _EFFORTS if asked.budget_tokens < below), "high")


def _set_rest(body: dict[str, Any], request: Request, losses: list[Loss]) -> None:
    if request.response_format is not None:
        body["text"] = {"format": _format(request.response_format)}
    if request.user:
        body["user"] = request.user
    if request.metadata:
        body["metadata"] = request.metadata
    for name in ("top_k", "seed", "presence_penalty", "frequency_penalty", "choices"):
        if getattr(request, name) is not None:
            losses.append(Loss(name.replace("_", "-"), "the Responses API has no such setting"))


def _format(asked: ResponseFormat) -> dict[str, Any]:
    if asked.type == "json" or asked.schema is None:
        return {"type": "json_object"}
    strict = {} if asked.strict is None else {"strict": asked.strict}
    return {"type": "json_schema", "name": asked.name or "answer", "schema": asked.schema, **strict}


def _set_limits(body: dict[str, Any], request: Request, losses: list[Loss]) -> None:
    limit = request.max_output_tokens
    if limit is not None:
        if limit < MIN_OUTPUT_TOKENS:
            losses.append(Loss("max-output-tokens", f"the lowest limit is {MIN_OUTPUT_TOKENS} tokens"))
        body["max_output_tokens"] = max(limit, MIN_OUTPUT_TOKENS)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        losses.append(Loss("stop", "there are no stop sequences"))
