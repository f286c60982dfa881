"""Why Gemini would refuse a request: strict where the vendor is known to be, silent where it is not known.

Field names count in camel case and in snake case, and enums as names of either case or as numbers, as the API takes
them all.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, read_json
from harness.dialects.gemini.request import ENDPOINT, STOP_LIMIT

_ROLES = ("user", "model", "function")
_MODES = ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")
_LEVELS = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_DATA_FIELDS = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
"""The members of a part's `data`, of which exactly one is set."""

_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "body": (
        "messages", "stream", "max_tokens", "max_output_tokens", "max_completion_tokens", "temperature", "top_p",
        "stop", "tool_choice", "n", "response_format", "instructions", "input", "prompt", "system", "options", "think",
        "reasoning_effort", "stream_options",
    ),
    "generationConfig": ("max_tokens", "stop", "n", "stop_sequence", "max_completion_tokens", "reasoning_effort"),
    "part": ("type", "image_url", "input_text", "tool_use_id", "tool_call_id", "cache_control"),
    "declaration": ("type", "function", "input_schema", "strict"),
}  # fmt: skip
"""Fields of other vendors' requests, which the API answers with `Unknown name`."""
_REFUSED_KEYWORDS = frozenset({
    "$schema", "$id", "exclusiveMinimum", "exclusiveMaximum", "propertyNames", "uniqueItems", "const",
    "patternProperties", "allOf", "oneOf", "not", "if", "then", "else",
})  # fmt: skip
"""JSON-schema keywords that `parameters` has no field for; `parametersJsonSchema` takes them."""


def validate(path: str, headers: Mapping[str, str], body: bytes) -> list[RequestFault]:
    """Everything for which the vendor would refuse the request."""
    faults = list(_outside(path, headers))
    try:
        return faults + list(_body(read_json(body)))
    except RecursionError:
        return [*faults, RequestFault("body-too-deep", "body", "the body nests deeper than the API reads")]


def _outside(path: str, headers: Mapping[str, str]) -> Iterator[RequestFault]:
    if not ENDPOINT.match(path):
        known = ".../models/{model}:streamGenerateContent or :generateContent"
        yield RequestFault("path-unknown", "path", f"{path} is not {known}")
    keys = parse_qs(urlsplit(path).query).get("key", [])
    if not (headers.get("x-goog-api-key") or headers.get("authorization") or any(keys)):
        yield RequestFault("auth-missing", "headers", "no x-goog-api-key header, no key parameter and no authorization")


def _body(body: Any) -> Iterator[RequestFault]:
    if not isinstance(body, dict):
        yield RequestFault("body-not-object", "body", "the body is not a JSON object")
        return
    yield from _foreign(body, "body", "")
    contents = _get(body, "contents")
    if isinstance(contents, dict):
        contents = [contents]
    if not contents:
        yield RequestFault("contents-missing", "contents", "contents is not specified")
    elif not isinstance(contents, list):
        yield RequestFault("contents-type", "contents", "contents is not an array")
    else:
        for position, content in enumerate(contents):
            yield from _content(content, f"contents[{position}]")
        yield from _pairing([as_dict(content) for content in contents])
    if (system := _get(body, "systemInstruction")) is not None:
        yield from _system(system)
    yield from _tools(_get(body, "tools"))
    yield from _tool_config(_get(body, "toolConfig"))
    yield from _generation(_get(body, "generationConfig"))


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def _get(value: Mapping[str, Any], name: str) -> Any:
    """The field of that camel-case name, in either case."""
    return value.get(name, value.get(_snake(name)))


def _foreign(value: Mapping[str, Any], kind: str, where: str) -> Iterator[RequestFault]:
    for name in _FOREIGN[kind]:
        if name in value:
            place = f"{where}.{name}" if where else name
            yield RequestFault("field-unknown", place, f'Unknown name "{name}": Cannot find field.')


def _content(content: Any, where: str) -> Iterator[RequestFault]:
    if not isinstance(content, dict):
        yield RequestFault("content-type", where, "a content is not an object")
        return
    role = content.get("role")
    if role and role not in _ROLES:
        yield RequestFault("role-unknown", f"{where}.role", f"Please use a valid role: user, model. Seen: {role!r}")
    if "content" in content:
        yield RequestFault("field-unknown", f"{where}.content", 'Unknown name "content": Cannot find field.')
    yield from _parts(_get(content, "parts"), where)


def _system(system: Any) -> Iterator[RequestFault]:
    if isinstance(system, dict):
        yield from _parts(_get(system, "parts"), "systemInstruction")
    else:
        yield RequestFault("system-type", "systemInstruction", "systemInstruction is not an object with parts")


def _parts(parts: Any, where: str) -> Iterator[RequestFault]:
    if isinstance(parts, dict):
        parts = [parts]
    if not parts:
        yield RequestFault("parts-empty", f"{where}.parts", "contents.parts must not be empty.")
    elif not isinstance(parts, list):
        yield RequestFault("parts-type", f"{where}.parts", "parts is not an array")
    else:
        for position, part in enumerate(parts):
            yield from _part(part, f"{where}.parts[{position}]")


def _part(part: Any, where: str) -> Iterator[RequestFault]:
    if not isinstance(part, dict):
        yield RequestFault("part-type", where, "a part is not an object")
        return
    yield from _foreign(part, "part", where)
    data = [name for name in _DATA_FIELDS if _get(part, name) is not None]
    if not data and not _get(part, "thoughtSignature"):
        yield RequestFault("part-empty", where, "required oneof field 'data' must have one initialized field")
    if len(data) > 1:
        yield RequestFault("part-ambiguous", where, f"oneof field 'data' is set more than once: {', '.join(data)}")
    for name in data:
        yield from _part_data(name, _get(part, name), f"{where}.{name}")


def _part_data(name: str, value: Any, where: str) -> Iterator[RequestFault]:
    if name == "text":
        if not isinstance(value, str):
            yield RequestFault("text-type", where, "text is not a string")
    elif not isinstance(value, dict):
        yield RequestFault("part-type", where, f"{name} is not an object")
    elif name == "functionCall":
        yield from _named(value, "args", where)
    elif name == "functionResponse":
        yield from _named(value, "response", where)
    elif name == "inlineData":
        yield from _blob(value, where)


def _named(call: Mapping[str, Any], payload: str, where: str) -> Iterator[RequestFault]:
    """A functionCall or functionResponse: its name, and the object that it carries."""
    name = call.get("name")
    if not isinstance(name, str) or not name:
        yield RequestFault("function-name-empty", f"{where}.name", "Name cannot be empty.")
    if not isinstance(call.get(payload) or {}, dict):
        yield RequestFault("function-payload-type", f"{where}.{payload}", f"{payload} is not an object")


def _blob(blob: Mapping[str, Any], where: str) -> Iterator[RequestFault]:
    if not _get(blob, "mimeType"):
        yield RequestFault("mime-type-missing", f"{where}.mimeType", "inline data has no mimeType")
    data = blob.get("data")
    if not isinstance(data, str) or not data:
        yield RequestFault("data-missing", f"{where}.data", "inline data has no data")
    elif not _is_base64(data):
        yield RequestFault("data-not-base64", f"{where}.data", "Base64 decoding failed")


def _is_base64(data: str) -> bool:
    plain = data.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _pairing(contents: list[dict[str, Any]]) -> Iterator[RequestFault]:
    """Each turn of calls is answered whole by the very next content, and nothing else is answered."""
    open_calls = 0  # of the model turn just before, whose contents may come in several pieces
    for position, content in enumerate(contents):
        calls, answers = _count(content, "functionCall"), _count(content, "functionResponse")
        where = f"contents[{position}]"
        if answers and not open_calls:
            message = "Please ensure that function response turn comes immediately after a function call turn."
            yield RequestFault("response-without-call", where, message)
        elif open_calls and not calls and answers != open_calls and content.get("role") != "model":
            message = (
                "Please ensure that the number of function response parts is equal to the number of function call "
                f"parts of the function call turn: {open_calls} calls, {answers} responses"
            )
            yield RequestFault("response-count", where, message)
        if calls and not position:
            message = "Please ensure that function call turn comes immediately after a user turn."
            yield RequestFault("call-without-user", where, message)
        open_calls = calls + (open_calls if content.get("role") == "model" else 0)


def _count(content: Mapping[str, Any], name: str) -> int:
    return sum(1 for part in as_list(_get(content, "parts")) if _get(as_dict(part), name) is not None)


def _tools(tools: Any) -> Iterator[RequestFault]:
    if tools is not None and not isinstance(tools, list | dict):
        yield RequestFault("tools-type", "tools", "tools is not an array")
    seen: set[str] = set()
    for position, tool in enumerate([tools] if isinstance(tools, dict) else as_list(tools)):
        if not isinstance(tool, dict):
            yield RequestFault("tools-type", f"tools[{position}]", "a tool is not an object")
            continue
        yield from _foreign(tool, "declaration", f"tools[{position}]")
        for number, declaration in enumerate(as_list(_get(tool, "functionDeclarations"))):
            where = f"tools[{position}].functionDeclarations[{number}]"
            yield from _declaration(as_dict(declaration), where, seen)


def _declaration(declaration: dict[str, Any], where: str, seen: set[str]) -> Iterator[RequestFault]:
    yield from _foreign(declaration, "declaration", where)
    name = declaration.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield RequestFault("function-name", f"{where}.name", f"Invalid function name: {name!r}")
    elif name in seen:
        yield RequestFault("function-name-repeated", f"{where}.name", f"Duplicate function declaration found: {name}")
    else:
        seen.add(name)
    parameters = declaration.get("parameters")
    if parameters is not None:
        if _get(declaration, "parametersJsonSchema") is not None:
            yield RequestFault("parameters-twice", where, "parameters and parametersJsonSchema exclude each other")
        yield from _schema(parameters, f"{where}.parameters")


def _schema(schema: Any, where: str) -> Iterator[RequestFault]:
    if not isinstance(schema, dict):
        yield RequestFault("schema-type", where, "a schema is not an object")
        return
    for keyword in sorted(_REFUSED_KEYWORDS & schema.keys()):
        yield RequestFault("schema-keyword", f"{where}.{keyword}", f'Unknown name "{keyword}": Cannot find field.')
    if isinstance(schema.get("type"), list):
        yield RequestFault("schema-keyword", f"{where}.type", "Proto field is not repeating, cannot start list.")
    for name, inner in as_dict(schema.get("properties")).items():
        yield from _schema(inner, f"{where}.properties.{name}")
    if isinstance(schema.get("items"), dict):
        yield from _schema(schema["items"], f"{where}.items")


def _tool_config(config: Any) -> Iterator[RequestFault]:
    where = "toolConfig.functionCallingConfig"
    calling = as_dict(_get(as_dict(config), "functionCallingConfig"))
    mode = calling.get("mode")
    if isinstance(mode, str) and mode.upper() not in _MODES:
        yield RequestFault("mode-unknown", f"{where}.mode", f"Invalid value: {mode!r}")
    if _get(calling, "allowedFunctionNames") and isinstance(mode, str) and mode.upper() == "AUTO":
        yield RequestFault("allowed-names-mode", where, "allowedFunctionNames needs the mode ANY or VALIDATED")


def _generation(config: Any) -> Iterator[RequestFault]:
    if config is None:
        return
    if not isinstance(config, dict):
        yield RequestFault("generation-config-type", "generationConfig", "generationConfig is not an object")
        return
    yield from _foreign(config, "generationConfig", "generationConfig")
    for name, least, most in (
        ("temperature", 0.0, 2.0),
        ("topP", 0.0, 1.0),
        ("topK", 0.0, float("inf")),
        ("maxOutputTokens", 0.0, float("inf")),
        ("candidateCount", 0.0, 8.0),
    ):
        yield from _number(_get(config, name), least, most, f"generationConfig.{name}")
    stop = _get(config, "stopSequences")
    if stop is not None and not (isinstance(stop, list) and all(isinstance(one, str) for one in stop)):
        yield RequestFault("stop-type", "generationConfig.stopSequences", "stopSequences is not an array of strings")
    elif stop and len(stop) > STOP_LIMIT:
        yield RequestFault("stop-too-many", "generationConfig.stopSequences", f"more than {STOP_LIMIT} stop sequences")
    yield from _thinking(_get(config, "thinkingConfig"))


def _number(value: Any, least: float, most: float, where: str) -> Iterator[RequestFault]:
    if value is None:
        return
    try:
        number = float(value)  # the API takes numbers in strings too
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or number != number:
        yield RequestFault("number-type", where, f"{value!r} is not a number")
    elif not least <= number <= most:
        yield RequestFault("number-range", where, f"{value!r} is not from {least:g} to {most:g}")


def _thinking(config: Any) -> Iterator[RequestFault]:
    where = "generationConfig.thinkingConfig"
    if config is not None and not isinstance(config, dict):
        yield RequestFault("thinking-type", where, "thinkingConfig is not an object")
    budget, level = (_get(as_dict(config), name) for name in ("thinkingBudget", "thinkingLevel"))
    if budget is not None and level:
        yield RequestFault("thinking-twice", where, "You can only set only one of thinking budget and thinking level.")
    yield from _number(budget, -1.0, float("inf"), f"{where}.thinkingBudget")
    if isinstance(level, str) and level.upper() not in _LEVELS:
        yield RequestFault("thinking-level", f"{where}.thinkingLevel", f"Invalid value: {level!r}")
