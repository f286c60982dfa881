"""A canonical request as an OpenAI chat completion, and which paths are that endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

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
    ReasoningSettings,
    Request,
    ResponseFormat,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
)

PATH = "/v1/chat/completions"
SOUNDS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
"""Sounds that a message may hold, and their formats."""

RULES = RequestRules(
    talks=True,
    tool_name=r"[A-Za-z0-9_-]{1,64}",
    call_id=r"(?s).{1,40}",
    call_id_limit=40,
    images=Media(("image/",), ("https://", "http://")),
    files=Media(("application/pdf", *SOUNDS)),
    stops=4,
    signs=None,
    redacted=False,
    encrypted=False,
    assistant_images=False,
    result_media=False,
)
_OWN_MODELS = re.compile(r"(?:openai/)?(?:gpt-|o\d|chatgpt-)")

_EFFORT_OF_BUDGET = ((1024, "low"), (8192, "medium"))
"""Thinking budgets up to so many tokens, and the effort that they are sent as; above, it is `high`."""


def matches(method: str, path: str) -> bool:
    """Is this the endpoint? Azure's longer paths count too."""
    return method == "POST" and path.partition("?")[0].rstrip("/").endswith("/chat/completions")


def build_request(request: Request, api_key: str | None) -> HttpRequest:
    """The HTTP request; what chat completions cannot say is in its `losses`. Usage is asked for in streams."""
    losses: list[Loss] = []
    body: dict[str, Any] = {"model": request.model, "messages": list(_messages(request, losses))}
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body |= _tool_settings(request)
    elif request.tool_choice is not None or request.parallel_tool_calls is not None:
        losses.append(Loss("tool-choice", "without tools, nothing may be said about their choice"))
    settings = {
        "max_completion_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop": request.stop,
        "reasoning_effort": _effort(request.reasoning, losses),
        "response_format": _response_format(request.response_format),
        "seed": request.seed,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "n": request.choices,
        "user": request.user,
        "metadata": request.metadata,
    }
    body |= {name: value for name, value in settings.items() if value is not None}
    if request.top_k is not None:
        losses.append(Loss("top-k", "chat completions do not limit the number of tokens to choose from"))
    headers = {"content-type": "application/json", "accept": "text/event-stream" if request.stream else "*/*"}
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    return HttpRequest("POST", PATH, headers, compact_json(body).encode(), tuple(losses))


def _messages(request: Request, losses: list[Loss]) -> Iterator[dict[str, Any]]:
    if request.system:
        yield {"role": "system", "content": request.system}
    for message in request.messages:
        for part in message.content:
            if isinstance(part, ToolResultPart):
                yield _tool_message(part, losses)
        parts = [part for part in message.content if not isinstance(part, ToolResultPart)]
        if message.role == "assistant":
            yield _assistant_message(parts, losses)
        elif parts:
            role = "user" if message.role == "tool" else message.role
            if role == "developer" and not _OWN_MODELS.match(request.model):
                role = "system"  # only OpenAI's own models know the other word
            yield {"role": role, "content": _content(parts, message, losses)}


def _tool_message(part: ToolResultPart, losses: list[Loss]) -> dict[str, Any]:
    if part.is_error:
        losses.append(Loss("tool-result-error", "a tool result cannot be marked as an error"))
    if part.media:
        losses.append(Loss("tool-result-media", "a tool result holds texts alone"))
    return {"role": "tool", "tool_call_id": part.tool_call_id, "content": part.content}


def _content(parts: Sequence[Part], message: Message, losses: list[Loss]) -> str | list[dict[str, Any]]:
    """A lone text as a string, anything else as parts."""
    sent: list[dict[str, Any]] = []
    for part in parts:
        match part:
            case TextPart(text=text):
                sent.append({"type": "text", "text": text})
            case ImagePart():
                url = f"data:{part.media_type};base64,{part.data}" if part.url is None else part.url
                detail = {"detail": part.detail} if part.detail else {}
                sent.append({"type": "image_url", "image_url": {"url": url, **detail}})
            case FilePart():
                sent += _file(part, losses)
            case _:
                losses.append(Loss("part", f"a {message.role} message cannot hold a {type(part).__name__}"))
    if len(sent) == 1 and sent[0]["type"] == "text":
        return str(sent[0]["text"])
    return sent or ""


def _file(part: FilePart, losses: list[Loss]) -> list[dict[str, Any]]:
    """A sound or a document, which the request holds itself."""
    if part.url is not None:
        losses.append(Loss("file-url", "a file must be in the request itself"))
        return []
    if sound := SOUNDS.get(part.media_type):
        return [{"type": "input_audio", "input_audio": {"data": part.data, "format": sound}}]
    data = f"data:{part.media_type};base64,{part.data}"
    return [{"type": "file", "file": {"filename": part.name or "file", "file_data": data}}]


def _response_format(asked: ResponseFormat | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    if asked.type == "json" or asked.schema is None:
        return {"type": "json_object"}
    strict = {} if asked.strict is None else {"strict": asked.strict}
    return {"type": "json_schema", "json_schema": {"name": asked.name or "answer", "schema": asked.schema, **strict}}


def _assistant_message(parts: Sequence[Part], losses: list[Loss]) -> dict[str, Any]:
    """One assistant turn. Its reasoning goes back as `reasoning_content`, which some vendors demand."""
    if any(isinstance(part, ImagePart | FilePart) for part in parts):
        losses.append(Loss("assistant-image", "an assistant message cannot hold an image or a file"))
    reasoning = [part for part in parts if isinstance(part, ReasoningPart)]
    if any(part.signature or part.redacted or part.encrypted for part in reasoning):
        losses.append(Loss("reasoning-signature", "signed, redacted and encrypted reasoning has no place"))
    calls = [_tool_call(part) for part in parts if isinstance(part, ToolCallPart)]
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    message: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None}
    if thought := "".join(part.text for part in reasoning):
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = calls
    return message


def _tool_call(part: ToolCallPart) -> dict[str, Any]:
    function = {"name": part.name, "arguments": part.arguments}
    call: dict[str, Any] = {"id": part.id, "type": "function", "function": function}
    if part.signature:  # where Gemini's compatible endpoint wants it
        call["extra_content"] = {"google": {"thought_signature": part.signature}}
    return call


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {"type": "function", "function": {name: value for name, value in function.items() if value is not None}}


def _tool_settings(request: Request) -> dict[str, Any]:
    choice: Any = request.tool_choice
    if isinstance(choice, NamedTool):
        choice = {"type": "function", "function": {"name": choice.name}}
    settings = {"tool_choice": choice, "parallel_tool_calls": request.parallel_tool_calls}
    return {name: value for name, value in settings.items() if value is not None}


def _effort(reasoning: ReasoningSettings | None, losses: list[Loss]) -> str | None:
    if reasoning is None:
        return None
    if reasoning.effort == "max":
        losses.append(Loss("reasoning-effort", "max is sent as xhigh"))
        return "xhigh"
    if reasoning.effort or reasoning.budget_tokens is None:
        return reasoning.effort
    effort = next((word for limit, word in _EFFORT_OF_BUDGET if reasoning.budget_tokens <= limit), "high")
    losses.append(Loss("reasoning-budget", f"{reasoning.budget_tokens} tokens are sent as effort {effort}"))
    return effort
