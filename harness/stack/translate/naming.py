"""Names of tools and ids of calls that a vendor refuses: others in their place, and the way back in the answer.

A name is made from the old one alone, so that it is the same in each request of a talk: what of it is allowed, and a
hash, so that two names never become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from msgspec.structs import replace

from harness.dialects.rules import RequestRules
from harness.request import Message, NamedTool, Part, Request, ToolCallPart, ToolResultPart
from harness.transcript import MADE_ID_PREFIX

_STRANGE = re.compile(r"[^A-Za-z0-9_-]+")
_HASH = 8  # digits


def new_names(names: Iterable[str], pattern: str, limit: int) -> dict[str, str]:
    """What the names that do not match are called instead; no two are called the same."""
    accepted = re.compile(pattern)
    names = dict.fromkeys(names)
    taken = {name for name in names if accepted.fullmatch(name)}
    made: dict[str, str] = {}
    for name in names:
        if name not in taken:
            made[name] = _made(name, limit, taken)
            taken.add(made[name])
    return made


def _made(name: str, limit: int, taken: set[str]) -> str:
    stem = _STRANGE.sub("_", name)
    stem = stem if stem[:1].isalpha() else f"t{stem}"
    salt = ""
    while True:
        digest = sha256((name + salt).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
        if (made := f"{stem[: limit - _HASH - 1]}_{digest}") not in taken:
            return made
        salt += "+"


def tool_names(request: Request, rules: RequestRules) -> dict[str, str]:
    """New names for the tools on offer and those that were called before."""
    called = [part.name for message in request.messages for part in message.content if isinstance(part, ToolCallPart)]
    chosen = [request.tool_choice.name] if isinstance(request.tool_choice, NamedTool) else []
    return new_names(
        [*(tool.name for tool in request.tools or []), *called, *chosen], rules.tool_name, rules.tool_name_limit
    )


def call_ids(request: Request, rules: RequestRules) -> dict[str, str]:
    """New ids for the calls."""
    ids = [part.id for message in request.messages for part in message.content if isinstance(part, ToolCallPart)]
    return new_names(ids, rules.call_id, rules.call_id_limit)


def renamed(request: Request, names: Mapping[str, str], ids: Mapping[str, str]) -> Request:
    """The request with the new names and ids throughout."""
    if not (names or ids):
        return request
    choice = request.tool_choice
    return replace(
        request,
        messages=[
            Message(said.role, [_renamed(part, names, ids) for part in said.content]) for said in request.messages
        ],
        tools=request.tools and [replace(tool, name=names.get(tool.name, tool.name)) for tool in request.tools],
        tool_choice=NamedTool(names.get(choice.name, choice.name)) if isinstance(choice, NamedTool) else choice,
    )


def _renamed(part: Part, names: Mapping[str, str], ids: Mapping[str, str]) -> Part:
    match part:
        case ToolCallPart():
            return replace(part, id=ids.get(part.id, part.id), name=names.get(part.name, part.name))
        case ToolResultPart():
            return replace(part, tool_call_id=ids.get(part.tool_call_id, part.tool_call_id))
    return part


def highest_made_id(request: Request) -> int:
    """One more than the highest number among the made ids of the talk."""
    numbers = [
        int(tail)
        for message in request.messages
        for part in message.content
        if isinstance(part, ToolCallPart) and part.id.startswith(MADE_ID_PREFIX)
        if (tail := part.id.removeprefix(MADE_ID_PREFIX)).isascii() and tail.isdigit() and len(tail) < 10
    ]
    return max(numbers, default=-1) + 1
