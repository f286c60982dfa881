"""Why Ollama would refuse a request: its server reads JSON into typed fields, and refuses what has another type.

It checks little else: any role, orphan results and unknown fields pass. A null is the same as an absent field.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, read_json
from harness.dialects.ollama.request import matches

_THINK = ("high", "medium", "low", "max")
_WHOLE = ("num_predict", "num_ctx", "num_keep", "num_batch", "num_gpu", "num_thread", "seed", "top_k", "repeat_last_n")
_FRACTIONAL = ("temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty")


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the vendor would refuse the request. It asks for no key."""
    faults = [] if matches("POST", path) else [RequestFault("path-unknown", "path", f"{path} is not /api/chat")]
    return [*faults, *_body(read_json(body))]


def _body(body: Any) -> Iterator[RequestFault]:
    if not isinstance(body, dict):
        yield RequestFault("body-not-object", "body", "the body is not a JSON object")
        return
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield RequestFault("model-missing", "model", "model is required")
    yield from _typed(body, "stream", bool, "a boolean", "")
    messages = body.get("messages")
    if messages is not None and not isinstance(messages, list):
        yield RequestFault("messages-type", "messages", "messages is not an array")
    for position, message in enumerate(as_list(messages)):
        yield from _message(message, f"messages[{position}]")
    yield from _tools(body.get("tools"))
    yield from _options(body.get("options"))
    if (response_format := body.get("format")) not in (None, "", "json") and not isinstance(response_format, dict):
        yield RequestFault("format-unknown", "format", f"invalid format: {response_format!r}")
    think = body.get("think")
    if think is not None and not isinstance(think, bool) and think not in _THINK:
        message = f'invalid think value: {think!r} (must be "high", "medium", "low", true, or false)'
        yield RequestFault("think-unknown", "think", message)


def _typed(
    holder: Mapping[str, Any], name: str, kind: type | tuple[type, ...], article: str, where: str
) -> Iterator[RequestFault]:
    """A fault where the field is there and of another type; a boolean is no number."""
    value = holder.get(name)
    if value is None or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return
    place = f"{where}.{name}" if where else name
    yield RequestFault(f"{name.replace('_', '-')}-type", place, f"{name} is not {article}")


def _message(message: Any, where: str) -> Iterator[RequestFault]:
    if not isinstance(message, dict):
        yield RequestFault("message-type", where, "a message is not an object")
        return
    for name in ("role", "content", "thinking", "tool_name", "tool_call_id"):
        yield from _typed(message, name, str, "a string", where)
    yield from _typed(message, "images", list, "an array", where)
    for position, image in enumerate(as_list(message.get("images"))):
        if not isinstance(image, str) or not _is_base64(image):
            yield RequestFault("image-not-base64", f"{where}.images[{position}]", "illegal base64 data")
    yield from _typed(message, "tool_calls", list, "an array", where)
    for position, call in enumerate(as_list(message.get("tool_calls"))):
        yield from _call(call, f"{where}.tool_calls[{position}]")


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _call(call: Any, where: str) -> Iterator[RequestFault]:
    if not isinstance(call, dict) or not isinstance(call.get("function") or {}, dict):
        yield RequestFault("tool-call-type", where, "a tool call is not an object with a function")
        return
    function = as_dict(call.get("function"))
    yield from _typed(function, "name", str, "a string", f"{where}.function")
    yield from _typed(function, "arguments", dict, "an object", f"{where}.function")


def _tools(tools: Any) -> Iterator[RequestFault]:
    if tools is not None and not isinstance(tools, list):
        yield RequestFault("tools-type", "tools", "tools is not an array")
    for position, tool in enumerate(as_list(tools)):
        where = f"tools[{position}]"
        if not isinstance(tool, dict) or not isinstance(tool.get("function") or {}, dict):
            yield RequestFault("tool-type", where, "a tool is not an object with a function")
            continue
        function = as_dict(tool.get("function"))
        for name in ("name", "description"):
            yield from _typed(function, name, str, "a string", f"{where}.function")
        yield from _typed(function, "parameters", dict, "an object", f"{where}.function")


def _options(options: Any) -> Iterator[RequestFault]:
    if options is not None and not isinstance(options, dict):
        yield RequestFault("options-type", "options", "options is not an object")
    given = as_dict(options)
    for name in (*_WHOLE, *_FRACTIONAL):
        yield from _typed(given, name, (int, float), "a number", "options")
    yield from _typed(given, "stop", list, "an array", "options")
    if not all(isinstance(one, str) for one in as_list(given.get("stop"))):
        yield RequestFault("stop-type", "options.stop", "stop is not an array of strings")
