"""Why OpenAI's Responses API would refuse a request: strict where the vendor is known to be, silent elsewhere.

Item, part and tool types that are not known here are accepted, since new ones come often; those of chat completions
and of other vendors are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, as_str, read_json
from harness.dialects.openai_responses.history import check_items
from harness.dialects.openai_responses.request import MIN_OUTPUT_TOKENS, PATH

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_ID_LENGTH = 64  # characters that an id of an item or a call may have
_ROLES = ("user", "assistant", "system", "developer")
_FOREIGN_FIELDS = (
    "messages", "max_tokens", "max_completion_tokens", "response_format", "stop", "n", "frequency_penalty",
    "presence_penalty", "logit_bias", "logprobs", "reasoning_effort", "functions", "function_call", "system",
    "thinking", "stop_sequences", "contents", "type",
)  # fmt: skip
_FOREIGN_PARTS = ("text", "image_url", "image", "tool_use", "tool_result", "thinking", "tool_call", "function_call",
                  "function_call_output", "input_json")  # fmt: skip
_SPOKEN = ("output_text", "refusal")
_HEARD = ("input_text", "input_image", "input_file", "input_audio")
_REQUIRED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "function_call": {"call_id": str, "name": str, "arguments": str},
    "function_call_output": {"output": (str, list)},
    "custom_tool_call": {"call_id": str, "name": str, "input": str},
    "custom_tool_call_output": {"call_id": str, "output": (str, list)},
    "reasoning": {"summary": list},
}
_SAMPLING = (("temperature", 2.0), ("top_p", 1.0))

_Faults = Iterator[RequestFault]


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the vendor would refuse the request."""
    return [*_outside(path, headers), *_body(read_json(body))]


def _outside(path: str, headers: Mapping[str, str]) -> _Faults:
    if path.partition("?")[0] != PATH:
        yield RequestFault("path-unknown", "path", f"{path} is not {PATH}")
    if not (headers.get("authorization") or headers.get("api-key")):
        yield RequestFault("auth-missing", "headers", "You didn't provide an API key in an Authorization header")


def _body(body: Any) -> _Faults:
    if type(body) is not dict:
        yield RequestFault("body-not-object", "body", "the request body is not valid JSON, or no object")
        return
    for field in _FOREIGN_FIELDS:
        if field in body:
            yield RequestFault("field-unknown", field, f"Unsupported parameter: '{field}'")
    if not as_str(body.get("model")) and not body.get("prompt"):
        yield RequestFault("model-missing", "model", "Missing required parameter: 'model'.")
    yield from _input(body)
    yield from _tools(body.get("tools"))
    yield from _tool_choice(body)
    yield from _settings(body)


def _input(body: dict[str, Any]) -> _Faults:
    given = body.get("input")
    if given is None:
        if not (body.get("prompt") or body.get("previous_response_id") or body.get("conversation")):
            yield RequestFault("input-missing", "input", "Missing required parameter: 'input'.")
    elif type(given) is list:
        for position, item in enumerate(given):
            yield from _item(item, f"input[{position}]")
        knows_all = not (body.get("previous_response_id") or body.get("conversation"))
        yield from check_items([as_dict(item) for item in given], knows_all)
    elif type(given) is not str:
        yield RequestFault("input-invalid", "input", "Invalid type for 'input': expected a string or an array.")


def _item(item: Any, where: str) -> _Faults:
    if type(item) is not dict:
        yield RequestFault("item-invalid", where, f"Invalid type for '{where}': expected an object.")
        return
    kind = item.get("type", "message")
    yield from _ids(item, kind, where)
    if kind == "message":
        yield from _message(item, where)
    elif type(kind) is not str or kind in _FOREIGN_PARTS[:-3]:
        yield RequestFault("item-unknown", f"{where}.type", f"Invalid value: {kind!r} for '{where}.type'.")
    for field, wanted in _REQUIRED.get(as_str(kind), {}).items():
        if not isinstance(item.get(field), wanted):
            yield RequestFault("item-field", f"{where}.{field}", f"Missing required parameter: '{where}.{field}'.")
    name = item.get("name")
    if kind == "function_call" and type(name) is str and not _NAME.fullmatch(name):
        message = f"Invalid '{where}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
        yield RequestFault("tool-name-invalid", f"{where}.name", message)


def _ids(item: dict[str, Any], kind: Any, where: str) -> _Faults:
    for field in ("id", "call_id"):
        if len(as_str(item.get(field))) > _ID_LENGTH and kind in (*_REQUIRED, "message"):
            message = f"Invalid '{where}.{field}': string too long. Expected a string with maximum length {_ID_LENGTH}"
            yield RequestFault("id-too-long", f"{where}.{field}", message)
    if kind == "function_call" and as_str(item.get("id")).startswith("call_"):
        message = f"Invalid '{where}.id': {item['id']!r}. Expected an ID that begins with 'fc'."
        yield RequestFault("item-id-prefix", f"{where}.id", message)


def _message(item: dict[str, Any], where: str) -> _Faults:
    role = item.get("role")
    if role not in _ROLES:
        message = f"Invalid value: {role!r} for '{where}.role'. Supported values are: {', '.join(_ROLES)}."
        yield RequestFault("role-unknown", f"{where}.role", message)
    content = item.get("content")
    if type(content) is str:
        return
    if type(content) is not list:
        yield RequestFault("content-invalid", f"{where}.content", f"Missing required parameter: '{where}.content'.")
        return
    for number, part in enumerate(content):
        yield from _part(part, role, f"{where}.content[{number}]")


def _part(part: Any, role: Any, where: str) -> _Faults:
    kind = as_dict(part).get("type")
    if type(kind) is not str:
        yield RequestFault("part-invalid", f"{where}.type", f"Missing required parameter: '{where}.type'.")
        return
    misplaced = kind in (_HEARD if role == "assistant" else _SPOKEN)
    if kind in _FOREIGN_PARTS or misplaced:
        wanted = ", ".join(_SPOKEN if role == "assistant" else _HEARD)
        message = f"Invalid value: {kind!r}. Supported values are: {wanted}."
        yield RequestFault("part-unknown", f"{where}.type", message)
    elif kind in ("input_text", "output_text") and type(part.get("text")) is not str:
        yield RequestFault("part-field", f"{where}.text", f"Missing required parameter: '{where}.text'.")
    elif kind == "input_image" and not (part.get("image_url") or part.get("file_id")):
        yield RequestFault("part-field", f"{where}.image_url", f"Missing required parameter: '{where}.image_url'.")
    elif kind == "input_image" and part.get("image_url") and type(part["image_url"]) is not str:
        message = f"Invalid type for '{where}.image_url': expected a string."
        yield RequestFault("part-field", f"{where}.image_url", message)


def _tools(tools: Any) -> _Faults:
    if tools is None:
        return
    if type(tools) is not list:
        yield RequestFault("tools-invalid", "tools", "Invalid type for 'tools': expected an array.")
        return
    for position, tool in enumerate(tools):
        where = f"tools[{position}]"
        tool = as_dict(tool)
        kind = tool.get("type")
        if type(kind) is not str:
            yield RequestFault("tool-invalid", f"{where}.type", f"Missing required parameter: '{where}.type'.")
        elif kind == "function":
            yield from _function(tool, where)


def _function(tool: dict[str, Any], where: str) -> _Faults:
    name = tool.get("name")
    if type(name) is not str or not name:
        # Where `function` is nested, as in chat completions, the name is missing all the same.
        yield RequestFault("tool-name-missing", f"{where}.name", f"Missing required parameter: '{where}.name'.")
    elif not _NAME.fullmatch(name):
        message = f"Invalid '{where}.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
        yield RequestFault("tool-name-invalid", f"{where}.name", message)
    schema = tool.get("parameters")
    if schema is not None and type(schema) is not dict:
        message = f"Invalid type for '{where}.parameters': expected an object."
        yield RequestFault("tool-schema-invalid", f"{where}.parameters", message)


def _tool_choice(body: dict[str, Any]) -> _Faults:
    choice = body.get("tool_choice")
    if choice is None or choice in ("auto", "none"):
        return
    tools = [as_dict(tool) for tool in as_list(body.get("tools"))]
    if choice == "required":
        if not tools:
            message = "Tool choice 'required' must be specified with 'tools' parameter."
            yield RequestFault("tool-choice-without-tools", "tool_choice", message)
        return
    kind = as_dict(choice).get("type")
    if type(kind) is not str:
        yield RequestFault("tool-choice-invalid", "tool_choice", f"Invalid value for 'tool_choice': {choice!r}.")
    elif kind == "function":
        name = choice.get("name")
        if type(name) is not str:
            message = "Missing required parameter: 'tool_choice.name'."
            yield RequestFault("tool-choice-invalid", "tool_choice.name", message)
        elif all(tool.get("type") == "function" and tool.get("name") != name for tool in tools):
            message = f"Tool choice '{name}' not found in 'tools' parameter."
            yield RequestFault("tool-choice-unknown", "tool_choice.name", message)


def _settings(body: dict[str, Any]) -> _Faults:
    limit = body.get("max_output_tokens")
    if limit is not None and (type(limit) is not int or limit < MIN_OUTPUT_TOKENS):
        message = f"Invalid 'max_output_tokens': expected an integer of at least {MIN_OUTPUT_TOKENS}."
        yield RequestFault("max-output-tokens-invalid", "max_output_tokens", message)
    for field, highest in _SAMPLING:
        value = body.get(field)
        if value is not None and (type(value) not in (int, float) or not 0 <= value <= highest):
            yield RequestFault(
                "sampling-invalid", field, f"Invalid '{field}': expected a number from 0 to {highest:g}."
            )
    for field in ("stream", "store", "parallel_tool_calls", "background"):
        if type(body.get(field) or False) is not bool:
            yield RequestFault("flag-invalid", field, f"Invalid type for '{field}': expected a boolean.")
    instructions = body.get("instructions")
    if instructions is not None and type(instructions) not in (str, list):
        message = "Invalid type for 'instructions': expected a string."
        yield RequestFault("instructions-invalid", "instructions", message)
    if type(body.get("reasoning") or {}) is not dict:
        yield RequestFault("reasoning-invalid", "reasoning", "Invalid type for 'reasoning': expected an object.")
