"""Why OpenAI would refuse the messages of a chat completion request: their shapes, and calls without their results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_CALL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_REQUIRED_OF_PART = {"text": "text", "image_url": "image_url", "input_audio": "input_audio", "refusal": "refusal"}
_IN_PLACE_OF_CONTENT = ("tool_calls", "function_call", "audio", "refusal", "reasoning_content", "reasoning_details")


def history_faults(body: dict[str, Any]) -> Iterator[RequestFault]:
    """What is wrong with `messages`."""
    messages = body.get("messages")
    if type(messages) is not list or not messages:
        yield RequestFault("messages-missing", "messages", "messages must be a list with at least one message")
        return
    for position, message in enumerate(messages):
        yield from _message(message, f"messages[{position}]")
    yield from _results([as_dict(message) for message in messages])


def _message(message: Any, where: str) -> Iterator[RequestFault]:
    role = as_dict(message).get("role")
    if role not in _ROLES:
        yield RequestFault(
            "role-unknown", f"{where}.role", f"the role must be one of {', '.join(_ROLES)}, not {role!r}"
        )
        return
    yield from _content(message, role, where)
    if role == "assistant":
        yield from _tool_calls(message.get("tool_calls"), f"{where}.tool_calls")
    if role == "tool" and not (type(message.get("tool_call_id")) is str and message["tool_call_id"]):
        yield RequestFault("tool-call-id-missing", f"{where}.tool_call_id", "a tool message needs a tool_call_id")


def _content(message: dict[str, Any], role: str, where: str) -> Iterator[RequestFault]:
    content = message.get("content")
    where = f"{where}.content"
    if type(content) is str:
        return
    if content is None:
        if role != "function" and not (role == "assistant" and any(message.get(name) for name in _IN_PLACE_OF_CONTENT)):
            yield RequestFault("content-missing", where, f"a {role} message needs content")
    elif type(content) is not list:
        yield RequestFault("content-invalid", where, "content must be a string or a list of parts")
    elif not content:
        yield RequestFault("content-empty", where, "a list of parts must have at least one")
    else:
        for position, part in enumerate(content):
            yield from _part(part, role, f"{where}[{position}]")


def _part(part: Any, role: str, where: str) -> Iterator[RequestFault]:
    kind = as_dict(part).get("type")
    if type(kind) is not str:
        yield RequestFault("part-type-missing", where, "a content part is an object with a type")
        return
    required = _REQUIRED_OF_PART.get(kind)
    if required and type(part.get(required)) not in (str, dict):
        yield RequestFault("part-incomplete", f"{where}.{required}", f"a {kind} part needs {required}")
    if kind == "text" and type(part.get("text")) is dict:
        yield RequestFault("part-incomplete", f"{where}.text", "text must be a string")
    if kind in ("image_url", "input_audio") and role in ("assistant", "tool", "system", "developer"):
        yield RequestFault("part-misplaced", where, f"a {role} message cannot hold a part of type {kind}")


def _tool_calls(calls: Any, where: str) -> Iterator[RequestFault]:
    if calls is None:
        return
    if type(calls) is not list or not calls:
        yield RequestFault("tool-calls-empty", where, "tool_calls must be a list with at least one call")
        return
    for position, call in enumerate(calls):
        yield from _tool_call(call, f"{where}[{position}]")


def _tool_call(call: Any, where: str) -> Iterator[RequestFault]:
    if not (type(as_dict(call).get("id")) is str and call["id"]):
        yield RequestFault("tool-call-id-missing", f"{where}.id", "a tool call needs an id")
        return
    kind = call.get("type")
    if type(kind) is not str or not kind:
        yield RequestFault("tool-call-type-missing", f"{where}.type", "a tool call needs a type")
    if kind != "function":
        return
    function = as_dict(call.get("function"))
    name = function.get("name")
    if not (type(name) is str and _CALL_NAME.fullmatch(name)):
        yield RequestFault("tool-call-name-invalid", f"{where}.function.name", f"{name!r} is no name of a function")
    if type(function.get("arguments")) is not str:
        yield RequestFault("tool-call-arguments-invalid", f"{where}.function.arguments", "arguments must be a string")


def _results(messages: list[dict[str, Any]]) -> Iterator[RequestFault]:
    """Each call of an assistant message is answered by the tool messages right after it, and by nothing else."""
    waiting: set[str] = set()  # ids of the last assistant message's calls that have no result yet
    asked: set[str] = set()
    caller = 0
    for position, message in enumerate(messages):
        if message.get("role") == "tool":
            id = message.get("tool_call_id")
            if type(id) is str and id and id not in asked:
                text = f"no tool call {id!r} in the assistant message before it"
                yield RequestFault("tool-result-orphan", f"messages[{position}]", text)
            waiting.discard(str(id))
            continue
        yield from _missing(waiting, caller)
        calls = as_list(message.get("tool_calls")) if message.get("role") == "assistant" else []
        asked = {str(as_dict(call).get("id")) for call in calls}
        waiting, caller = set(asked), position
    yield from _missing(waiting, caller)


def _missing(waiting: set[str], caller: int) -> Iterator[RequestFault]:
    if waiting:
        ids = ", ".join(sorted(waiting))
        yield RequestFault("tool-result-missing", f"messages[{caller}]", f"tool messages must answer the calls {ids}")
