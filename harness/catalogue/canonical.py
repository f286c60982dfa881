"""The short forms in which scenario files write canonical events and requests.

An event is a mapping with one key, its type: `{text: Hello}`, `{finish: stop}`, `{usage: {input_tokens: 9}}`. A list of
texts or of argument pieces stands for as many events: `{text: [Hel, lo]}`.
"""

from __future__ import annotations

import re
from typing import Any, get_args, get_type_hints

import msgspec

from harness import events, request
from harness.catalogue.records import did_you_mean, wrong
from harness.events import ERROR_KINDS, FINISH_REASONS, AnyEvent, from_builtins
from harness.request import Request, read_request

MODEL = "test-model"
"""The model that requests name unless they say otherwise."""
DEFAULT_PROMPT = "Hello"

STANDARD_TOOLS: dict[str, dict[str, Any]] = {
    "get_weather": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["city"],
        },
    },
    "get_time": {
        "name": "get_time",
        "description": "The local time in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
    "search": {
        "name": "search",
        "description": "Looks for documents.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
    "list_files": {
        "name": "list_files",
        "description": "The names of the files that lie here.",
        "parameters": {"type": "object", "properties": {}},
    },
}
"""Tools that a request can offer by name alone: `tools: [get_weather]`."""

_NOT_SENT = (events.End, events.Retry, events.Warning)
EVENT_TYPES: dict[str, Any] = {
    event.__struct_config__.tag: event for event in get_args(AnyEvent) if event not in _NOT_SENT
}
"""The events that a server can send; the others are what a reader makes of them."""
_SHORT_FIELD = {"text": "text", "reasoning": "text", "refusal": "text", "signature": "data", "finish": "reason"}
_MSGSPEC_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MSGSPEC_FIELD = re.compile(r"unknown field `(?P<word>.*?)`")
_MSGSPEC_VALUE = re.compile(r"[Ii]nvalid enum value '(?P<word>.*?)'")


def read_events(item: Any) -> tuple[AnyEvent, ...]:
    """The events that one item of a file's `events` stands for."""
    if isinstance(item, msgspec.Struct):
        return (item,)  # type: ignore[return-value]  # an event already: the model is built in code
    if not isinstance(item, dict):
        raise wrong(f"an event is a mapping such as {{text: Hello}}, not {item!r}")
    kind, fields = _kind_and_fields(item)
    return tuple(_event(kind, spread) for spread in _spread(kind, fields))


def _kind_and_fields(item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if "type" in item:
        kind, fields = item["type"], {key: value for key, value in item.items() if key != "type"}
    elif len(item) == 1:
        ((kind, fields),) = item.items()
        if not isinstance(fields, dict):
            fields = {_SHORT_FIELD[kind]: fields} if kind in _SHORT_FIELD else fields
    else:
        raise wrong(f"an event has one key, its type, such as {{text: Hello}}; this has {', '.join(map(str, item))}")
    if kind not in EVENT_TYPES:
        raise wrong(f"unknown event{did_you_mean(kind, EVENT_TYPES)}", [kind])
    if not isinstance(fields, dict):
        raise wrong(f"the event {kind!r} has fields, such as {', '.join(EVENT_TYPES[kind].__struct_fields__)}", [kind])
    if kind == "failure" and "error" not in fields:
        fields = {"error": {"message": "The request failed.", **fields}}
    return kind, fields


def _spread(kind: str, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of each event that an item with a list in it stands for."""
    if kind == "tool_call":
        return _spread_call({"index": 0, **fields})
    texts = fields.get("text")
    return [{**fields, "text": text} for text in texts] if isinstance(texts, list) else [fields]


def _spread_call(fields: dict[str, Any]) -> list[dict[str, Any]]:
    arguments = fields.get("arguments", "")
    if isinstance(arguments, dict):
        return [{**fields, "arguments": json_text(arguments)}]
    if not isinstance(arguments, list) or not arguments:
        return [fields]
    key = {name: fields[name] for name in ("index", "choice") if name in fields}
    return [{**fields, "arguments": arguments[0]}, *({**key, "arguments": piece} for piece in arguments[1:])]


def json_text(value: Any) -> str:
    """`value` as compact JSON, non-ASCII characters as they are."""
    return msgspec.json.encode(value).decode()


def _event(kind: str, fields: dict[str, Any]) -> AnyEvent:
    _refuse_unknown(fields, EVENT_TYPES[kind], [kind])
    if kind == "failure":
        _refuse_unknown(fields["error"], events.ErrorInfo, [kind])
    try:
        return from_builtins({"type": kind, **fields})
    except msgspec.ValidationError as error:
        raise _msgspec_error(error, [kind]) from None


def _refuse_unknown(fields: dict[str, Any], struct: Any, at: list[str]) -> None:
    """Events that adapters report may carry more fields than we know; those in scenario files may not."""
    known = struct.__struct_fields__
    for name in fields:
        if name not in known:
            raise wrong(f"unknown key{did_you_mean(name, known)}", [*at, name])


def read_canonical(data: Any) -> Request:
    """The request that a file's `request` stands for; what it leaves out has plain defaults.

    `messages` may be one string, the user's only message; `tools` may name standard tools.
    """
    if isinstance(data, Request):
        return data
    if not isinstance(data, dict):
        raise wrong(f"a request is a mapping such as {{messages: Hello}}, not {data!r}")
    fields = {"model": MODEL, "messages": DEFAULT_PROMPT, **data}
    if isinstance(fields["messages"], str):
        fields["messages"] = [{"role": "user", "content": fields["messages"]}]
    if isinstance(fields.get("tools"), list):
        fields["tools"] = [_tool(tool, position) for position, tool in enumerate(fields["tools"])]
    try:
        return read_request(fields)
    except msgspec.ValidationError as error:
        raise _msgspec_error(error, []) from None


def _tool(tool: Any, position: int) -> Any:
    if not isinstance(tool, str):
        return tool
    if tool not in STANDARD_TOOLS:
        raise wrong(f"no standard tool{did_you_mean(tool, STANDARD_TOOLS)}", ["tools", position])
    return STANDARD_TOOLS[tool]


_REQUEST_STRUCTS = (
    request.Request,
    request.Message,
    request.Tool,
    request.NamedTool,
    request.ReasoningSettings,
    *get_args(request.Part),
)
_REQUEST_FIELDS = tuple(dict.fromkeys(name for struct in _REQUEST_STRUCTS for name in struct.__struct_fields__))


_WORDS_BY_FIELD: dict[str, tuple[str, ...]] = {
    "reason": FINISH_REASONS,
    "kind": ERROR_KINDS,
    "role": get_args(get_type_hints(request.Message)["role"]),
}


def _msgspec_error(error: msgspec.ValidationError, prefix: list[str]) -> Exception:
    """msgspec's message as ours: the place becomes a path, and an unknown word gets a suggestion."""
    found = _MSGSPEC_PLACE.fullmatch(str(error))
    what, path = (found["what"], found["path"]) if found else (str(error), None)
    place: list[str | int] = [
        int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path or "") if step != "..."
    ]
    if unknown := _MSGSPEC_FIELD.search(what):
        word = unknown["word"]
        return wrong(f"unknown key{did_you_mean(word, _REQUEST_FIELDS)}", [*prefix, *place, word])
    if unknown := _MSGSPEC_VALUE.search(what):
        known = _WORDS_BY_FIELD.get(str(place[-1]) if place else "", ())
        return wrong(f"unknown value{did_you_mean(unknown['word'], known)}" if known else what, [*prefix, *place])
    return wrong(what, [*prefix, *place])
