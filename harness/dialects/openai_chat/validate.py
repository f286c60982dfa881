"""Why OpenAI would refuse a chat completion request: strict where the vendor is known to be, silent where it is not.

Unknown fields pass: other vendors who speak this dialect have many. The order of messages is in `history`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, read_json
from harness.dialects.openai_chat.history import history_faults

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_WHOLE_NUMBERS: Mapping[str, tuple[int, int]] = {
    "max_tokens": (1, 2**63),
    "max_completion_tokens": (1, 2**63),
    "n": (1, 128),
    "top_logprobs": (0, 20),
}
_FLAGS = ("stream", "logprobs", "parallel_tool_calls", "store")
_OBJECTS = ("response_format", "stream_options", "metadata", "logit_bias", "audio", "prediction")
_STOP_LIMIT = 4


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the vendor would refuse the request."""
    faults = list(_auth(headers))
    value = read_json(body)
    if type(value) is not dict:
        return [*faults, RequestFault("body-not-json", "", "the body is not a JSON object")]
    deployment = "/deployments/" in path  # Azure names the model in the path
    return [*faults, *_model(value, deployment), *_settings(value), *_tools(value), *history_faults(value)]


def _auth(headers: Mapping[str, str]) -> Iterator[RequestFault]:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if not (scheme.lower() == "bearer" and key.strip()) and not headers.get("api-key"):
        yield RequestFault("auth-missing", "authorization", "an API key as a bearer token is required")


def _model(body: dict[str, Any], deployment: bool) -> Iterator[RequestFault]:
    model = body.get("model")
    if not (type(model) is str and model) and not (deployment and model is None):
        yield RequestFault("model-missing", "model", "a model is required")


def _settings(body: dict[str, Any]) -> Iterator[RequestFault]:
    for name, (low, high) in _RANGES.items():
        if not _is_between(body.get(name), low, high, (int, float)):
            yield RequestFault("setting-invalid", name, f"{name} must be a number from {low} to {high}")
    for name, (least, most) in _WHOLE_NUMBERS.items():
        if not _is_between(body.get(name), least, most, (int,)):
            yield RequestFault("setting-invalid", name, f"{name} must be a whole number from {least} to {most}")
    for name in _FLAGS:
        if type(body.get(name)) not in (bool, type(None)):
            yield RequestFault("setting-invalid", name, f"{name} must be true or false")
    for name in _OBJECTS:
        if type(body.get(name)) not in (dict, type(None)):
            yield RequestFault("setting-invalid", name, f"{name} must be an object")
    if not _is_stop(body.get("stop")):
        message = f"stop must be a string, or a list of up to {_STOP_LIMIT}"
        yield RequestFault("setting-invalid", "stop", message)
    yield from _conflicts(body)


def _conflicts(body: dict[str, Any]) -> Iterator[RequestFault]:
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        message = "max_tokens and max_completion_tokens cannot both be set"
        yield RequestFault("output-limit-twice", "max_completion_tokens", message)
    if body.get("stream_options") is not None and body.get("stream") is not True:
        yield RequestFault("stream-options-without-stream", "stream_options", "allowed only when stream is true")
    if body.get("top_logprobs") is not None and body.get("logprobs") is not True:
        yield RequestFault("top-logprobs-without-logprobs", "top_logprobs", "allowed only when logprobs is true")


def _is_between(value: Any, low: float, high: float, kinds: tuple[type, ...]) -> bool:
    return value is None or (type(value) in kinds and low <= value <= high)


def _is_stop(value: Any) -> bool:
    if type(value) is list:
        return len(value) <= _STOP_LIMIT and all(type(item) is str for item in value)
    return value is None or type(value) is str


def _tools(body: dict[str, Any]) -> Iterator[RequestFault]:
    tools = body.get("tools")
    if tools is None:
        yield from _without_tools(body)
        return
    if type(tools) is not list or not tools:
        yield RequestFault("tools-empty", "tools", "tools must be a list with at least one tool")
        return
    for position, tool in enumerate(tools):
        yield from _tool(tool, f"tools[{position}]")
    yield from _tool_choice(body.get("tool_choice"), tools)


def _without_tools(body: dict[str, Any]) -> Iterator[RequestFault]:
    if body.get("tool_choice") not in (None, "none"):
        yield RequestFault("tool-choice-without-tools", "tool_choice", "allowed only when tools are specified")
    if body.get("parallel_tool_calls") is not None:
        message = "allowed only when tools are specified"
        yield RequestFault("parallel-without-tools", "parallel_tool_calls", message)


def _tool(tool: Any, where: str) -> Iterator[RequestFault]:
    kind = as_dict(tool).get("type")
    if type(kind) is not str:
        yield RequestFault("tool-type-missing", f"{where}.type", "a tool needs a type")
        return
    if kind != "function":
        return
    function = as_dict(tool.get("function"))
    name = function.get("name")
    if not (type(name) is str and _NAME.fullmatch(name)):
        message = f"a tool's name has 1 to 64 letters, digits, _ or -, not {name!r}"
        yield RequestFault("tool-name-invalid", f"{where}.function.name", message)
    if type(function.get("parameters")) not in (dict, type(None)):
        yield RequestFault("tool-parameters-invalid", f"{where}.function.parameters", "parameters must be an object")


def _tool_choice(choice: Any, tools: list[Any]) -> Iterator[RequestFault]:
    if choice is None or choice in ("auto", "none", "required"):
        return
    if type(choice) is not dict:
        yield RequestFault("tool-choice-invalid", "tool_choice", "must be auto, none, required or a named tool")
    elif choice.get("type") == "function":
        name = as_dict(choice.get("function")).get("name")
        if name not in [as_dict(as_dict(tool).get("function")).get("name") for tool in as_list(tools)]:
            message = f"the tool {name!r} is not among the tools"
            yield RequestFault("tool-choice-unknown", "tool_choice.function.name", message)
