"""Why Anthropic would refuse a request: strict where the vendor is known to be, silent where it is not known.

Block types, tool types and fields that are not known here are accepted, since betas add them; those of other vendors'
requests are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.anthropic_messages.history import check_pairs
from harness.dialects.anthropic_messages.request import MIN_BUDGET, PATH
from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, as_str, read_json

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_ROLES = ("user", "assistant", "system")
_FOREIGN_FIELDS = (
    "max_completion_tokens", "max_output_tokens", "response_format", "stop", "n", "frequency_penalty",
    "presence_penalty", "logit_bias", "logprobs", "reasoning_effort", "functions", "function_call", "input",
    "instructions", "parallel_tool_calls", "stream_options", "contents", "generationConfig", "prompt",
)  # fmt: skip
_FOREIGN_BLOCKS = ("image_url", "input_text", "output_text", "input_image", "input_audio", "refusal", "tool_call",
                   "function", "function_call", "function_call_output", "reasoning")  # fmt: skip
_ASSISTANT_BLOCKS = ("tool_use", "thinking", "redacted_thinking")
_USER_BLOCKS = ("tool_result", "image", "document")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_REQUIRED: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "thinking": {"thinking": str, "signature": str},
    "redacted_thinking": {"data": str},
    "tool_use": {"id": str, "name": str, "input": dict},
    "tool_result": {"tool_use_id": str},
    "image": {"source": dict},
    "document": {"source": dict},
}

_Faults = Iterator[RequestFault]


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the vendor would refuse the request."""
    return [*_outside(path, headers), *_body(read_json(body), headers)]


def _outside(path: str, headers: Mapping[str, str]) -> _Faults:
    if path.partition("?")[0] != PATH:
        yield RequestFault("path-unknown", "path", f"{path} is not {PATH}")
    if not (headers.get("x-api-key") or headers.get("authorization")):
        yield RequestFault("auth-missing", "headers", "x-api-key header is required")
    if not headers.get("anthropic-version"):
        yield RequestFault("version-missing", "headers", "anthropic-version: header is required")


def _body(body: Any, headers: Mapping[str, str]) -> _Faults:
    if type(body) is not dict:
        yield RequestFault("body-not-object", "body", "the request body is not valid JSON, or no object")
        return
    for field in _FOREIGN_FIELDS:
        if field in body:
            yield RequestFault("field-unknown", field, f"{field}: Extra inputs are not permitted")
    if not as_str(body.get("model")):
        yield RequestFault("model-missing", "model", "model: Field required")
    yield from _limits(body)
    yield from _system(body.get("system"))
    yield from _messages(body)
    yield from _tools(body.get("tools"))
    yield from _tool_choice(body)
    yield from _thinking(body, headers)


def _limits(body: dict[str, Any]) -> _Faults:
    limit = body.get("max_tokens")
    if limit is None:
        yield RequestFault("max-tokens-missing", "max_tokens", "max_tokens: Field required")
    elif type(limit) is not int or limit < 0:
        yield RequestFault("max-tokens-invalid", "max_tokens", "max_tokens: Input should be a valid count of tokens")
    for field, highest in (("temperature", 1.0), ("top_p", 1.0)):
        value = body.get(field)
        if value is not None and (type(value) not in (int, float) or not 0 <= value <= highest):
            yield RequestFault("sampling-invalid", field, f"{field}: Input should be from 0 to {highest:g}")
    if type(body.get("stream", False)) is not bool:
        yield RequestFault("stream-invalid", "stream", "stream: Input should be a valid boolean")
    stops = body.get("stop_sequences")
    if stops is None:
        return
    if type(stops) is not list or any(type(stop) is not str for stop in stops):
        yield RequestFault("stop-invalid", "stop_sequences", "stop_sequences: Input should be a list of strings")
    elif any(not stop.strip() for stop in stops):
        message = "stop_sequences: each stop sequence must contain non-whitespace"
        yield RequestFault("stop-blank", "stop_sequences", message)


def _system(system: Any) -> _Faults:
    if system is None or type(system) is str:
        return
    if type(system) is not list:
        yield RequestFault("system-invalid", "system", "system: Input should be a string or a list of text blocks")
        return
    for position, block in enumerate(system):
        where = f"system.{position}"
        if as_dict(block).get("type") != "text":
            yield RequestFault("system-invalid", where, f"{where}: only text blocks are allowed")
        else:
            yield from _text(block, where)


def _messages(body: dict[str, Any]) -> _Faults:
    messages = body.get("messages")
    if messages is None:
        yield RequestFault("messages-missing", "messages", "messages: Field required")
    elif type(messages) is not list:
        yield RequestFault("messages-invalid", "messages", "messages: Input should be a valid list")
    elif not messages:
        yield RequestFault("messages-empty", "messages", "messages: at least one message is required")
    else:
        for position, message in enumerate(messages):
            yield from _message(message, position, last=position == len(messages) - 1)
        yield from check_pairs([as_dict(message) for message in messages])


def _message(message: Any, position: int, last: bool) -> _Faults:
    where = f"messages.{position}"
    if type(message) is not dict:
        yield RequestFault("message-invalid", where, f"{where}: Input should be an object")
        return
    role = message.get("role")
    if role not in _ROLES:
        yield RequestFault(
            "role-unknown", f"{where}.role", f'Unexpected role {role!r}. Allowed are "user", "assistant"'
        )
    elif role == "system" and position == 0:
        message_text = "the first message cannot be a system message; use the top-level `system` parameter"
        yield RequestFault("system-placement", f"{where}.role", message_text)
    content = message.get("content")
    if type(content) is str:
        yield from _plain(content, role, where, last)
    elif type(content) is not list:
        yield RequestFault("content-invalid", f"{where}.content", f"{where}.content: a string or a list is required")
    elif not content and not (last and role == "assistant"):
        yield RequestFault("content-empty", f"{where}.content", f"{where}: messages must have non-empty content")
    else:
        # The API has been seen to accept a blank text beside an assistant's tool calls.
        blank_passes = role == "assistant" and any(as_dict(block).get("type") != "text" for block in content)
        for number, block in enumerate(content):
            for fault in _block(block, role, f"{where}.content.{number}"):
                if not (blank_passes and fault.rule == "text-blank"):
                    yield fault
        if last and role == "assistant" and content and as_dict(content[-1]).get("type") == "text":
            yield from _trailing(as_str(content[-1].get("text")), where)


def _plain(text: str, role: Any, where: str, last: bool) -> _Faults:
    if not text:
        if not (last and role == "assistant"):
            yield RequestFault("content-empty", f"{where}.content", f"{where}: messages must have non-empty content")
    elif not text.strip():
        message = "text content blocks must contain non-whitespace text"
        yield RequestFault("text-blank", f"{where}.content", f"messages: {message}")
    elif last and role == "assistant":
        yield from _trailing(text, where)


def _trailing(text: str, where: str) -> _Faults:
    if text.strip() and text != text.rstrip():
        message = "messages: final assistant content cannot end with trailing whitespace"
        yield RequestFault("assistant-trailing-whitespace", f"{where}.content", message)


def _block(block: Any, role: Any, where: str) -> _Faults:
    if type(block) is not dict:
        yield RequestFault("block-invalid", where, f"{where}: Input should be an object")
        return
    kind = block.get("type")
    if type(kind) is not str:
        yield RequestFault("block-invalid", f"{where}.type", f"{where}.type: Field required")
        return
    if kind in _FOREIGN_BLOCKS:
        yield RequestFault("block-unknown", f"{where}.type", f"Input tag {kind!r} does not match any expected tag")
        return
    if (role == "user" and kind in _ASSISTANT_BLOCKS) or (role == "assistant" and kind in _USER_BLOCKS):
        yield RequestFault("block-role", where, f"{where}: {kind} blocks are not allowed in {role} messages")
    for field, wanted in _REQUIRED.get(kind, {}).items():
        if type(block.get(field)) is not wanted:
            yield RequestFault("block-field", f"{where}.{field}", f"{where}.{kind}.{field}: Field required")
            return
    match kind:
        case "text":
            yield from _text(block, where)
        case "thinking" if not block["signature"]:
            yield RequestFault("thinking-unsigned", f"{where}.signature", f"{where}: Invalid `signature` in thinking")
        case "tool_use":
            yield from _tool_use(block, where)
        case "tool_result":
            yield from _tool_result(block, where)
        case "image":
            yield from _image(block["source"], where)


def _text(block: dict[str, Any], where: str) -> _Faults:
    text = block.get("text")
    if type(text) is not str:
        yield RequestFault("block-field", f"{where}.text", f"{where}.text: Field required")
    elif not text:
        yield RequestFault("text-empty", where, "messages: text content blocks must be non-empty")
    elif not text.strip():
        yield RequestFault("text-blank", where, "messages: text content blocks must contain non-whitespace text")


def _tool_use(block: dict[str, Any], where: str) -> _Faults:
    if not _ID.fullmatch(block["id"]):
        yield RequestFault("tool-id-invalid", f"{where}.id", f"{where}.id: should match pattern ^[a-zA-Z0-9_-]+$")
    if not block["name"] or len(block["name"]) > 200:
        yield RequestFault("tool-name-invalid", f"{where}.name", f"{where}.name: should have 1 to 200 characters")


def _tool_result(block: dict[str, Any], where: str) -> _Faults:
    content = block.get("content")
    if block.get("is_error") is True and not content:
        message = f"{where}.tool_result: content cannot be empty if `is_error` is true"
        yield RequestFault("tool-error-empty", f"{where}.content", message)
    if content is None or type(content) is str:
        return
    if type(content) is not list:
        yield RequestFault("block-field", f"{where}.content", f"{where}.content: a string or a list is required")
        return
    for number, part in enumerate(content):
        place = f"{where}.content.{number}"
        kind = as_dict(part).get("type")
        if type(kind) is not str or kind in _FOREIGN_BLOCKS or kind in _ASSISTANT_BLOCKS:
            yield RequestFault("block-unknown", place, f"{place}: Input tag {kind!r} does not match any expected tag")
        elif kind == "text":
            yield from _text(part, place)


def _image(source: dict[str, Any], where: str) -> _Faults:
    if source.get("type") == "base64" and source.get("media_type") not in _IMAGE_TYPES:
        message = f"{where}.source.media_type: should be one of {', '.join(_IMAGE_TYPES)}"
        yield RequestFault("image-type", f"{where}.source.media_type", message)


def _tools(tools: Any) -> _Faults:
    if tools is None:
        return
    if type(tools) is not list:
        yield RequestFault("tools-invalid", "tools", "tools: Input should be a valid list")
        return
    seen: set[str] = set()
    for position, tool in enumerate(tools):
        yield from _tool(as_dict(tool), f"tools.{position}", seen)


def _tool(tool: dict[str, Any], where: str, seen: set[str]) -> _Faults:
    if tool.get("type") not in (None, "custom"):
        if "function" in tool or tool.get("type") == "function":
            yield RequestFault("tool-foreign", where, f"{where}: Input tag 'function' does not match any expected tag")
        return
    name = as_str(tool.get("name"))
    if not _TOOL_NAME.fullmatch(name):
        message = f"{where}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        yield RequestFault("tool-name-invalid", f"{where}.name", message)
    elif name in seen:
        yield RequestFault("tool-name-repeated", f"{where}.name", "tools: Tool names must be unique.")
    seen.add(name)
    schema = tool.get("input_schema")
    if type(schema) is not dict:
        yield RequestFault("tool-schema-missing", f"{where}.input_schema", f"{where}.input_schema: Field required")
    elif schema.get("type") != "object":
        message = f"{where}.input_schema.type: Input should be 'object'"
        yield RequestFault("tool-schema-invalid", f"{where}.input_schema.type", message)


def _tool_choice(body: dict[str, Any]) -> _Faults:
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = as_dict(choice).get("type")
    if kind not in ("auto", "any", "tool", "none"):
        message = "tool_choice: an object with the type auto, any, tool or none is required"
        yield RequestFault("tool-choice-invalid", "tool_choice", message)
        return
    names = [as_dict(tool).get("name") for tool in as_list(body.get("tools"))]
    if kind in ("any", "tool") and not names:
        message = "tool_choice may only be specified while providing tools"
        yield RequestFault("tool-choice-without-tools", "tool_choice", message)
    elif kind == "tool" and choice.get("name") not in names:
        message = f"Tool {choice.get('name')!r} not found in provided tools"
        yield RequestFault("tool-choice-unknown", "tool_choice.name", message)


def _thinking(body: dict[str, Any], headers: Mapping[str, str]) -> _Faults:
    thinking = body.get("thinking")
    if thinking is None:
        return
    if type(as_dict(thinking).get("type")) is not str:
        yield RequestFault("thinking-invalid", "thinking", "thinking: an object with a type is required")
        return
    if thinking["type"] != "enabled":
        return
    budget, limit = thinking.get("budget_tokens"), body.get("max_tokens")
    if type(budget) is not int or budget < MIN_BUDGET:
        message = f"thinking.enabled.budget_tokens: Input should be greater than or equal to {MIN_BUDGET}"
        yield RequestFault("thinking-budget-low", "thinking.budget_tokens", message)
    elif type(limit) is int and budget >= limit and "interleaved-thinking" not in headers.get("anthropic-beta", ""):
        message = "`max_tokens` must be greater than `thinking.budget_tokens`"
        yield RequestFault("thinking-budget-high", "max_tokens", message)
    if body.get("temperature") not in (None, 1):
        message = "`temperature` may only be set to 1 when thinking is enabled"
        yield RequestFault("thinking-temperature", "temperature", message)
    if as_dict(body.get("tool_choice")).get("type") in ("any", "tool"):
        message = "Thinking may not be enabled when tool_choice forces tool use."
        yield RequestFault("thinking-tool-choice", "tool_choice", message)
