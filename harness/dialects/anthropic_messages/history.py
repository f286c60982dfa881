"""The pairing of tool calls and results, as Anthropic demands it: each call answered once, right after its turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.dialects.base import RequestFault
from harness.dialects.decoding import as_dict, as_list, as_str


def check_pairs(messages: list[dict[str, Any]]) -> Iterator[RequestFault]:
    """What is wrong with the calls and results of a talk; messages of one role in a row are one turn."""
    calls: dict[str, str] = {}  # of the turn before: id -> its place
    seen: set[str] = set()
    for role, blocks in _turns(messages):
        if role == "assistant":
            yield from _unanswered(calls)
            calls = {}
            for where, block in blocks:
                if block.get("type") == "tool_use" and (name := as_str(block.get("id"))):
                    if name in seen:
                        yield RequestFault("tool-id-repeated", f"{where}.id", "messages: `tool_use` ids must be unique")
                    seen.add(name)
                    calls[name] = where
        else:
            yield from _results(blocks, calls)
            calls = {}
    yield from _unanswered(calls)


def _turns(messages: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Roles with their blocks, each with its place; system messages interrupt nothing."""
    role = ""
    blocks: list[tuple[str, dict[str, Any]]] = []
    for position, message in enumerate(messages):
        speaker = as_str(message.get("role"))
        if speaker == "system":
            continue
        if speaker != role and role:
            yield role, blocks
            blocks = []
        role = speaker
        for number, block in enumerate(as_list(message.get("content"))):
            blocks.append((f"messages.{position}.content.{number}", as_dict(block)))
    if role:
        yield role, blocks


def _unanswered(calls: dict[str, str]) -> Iterator[RequestFault]:
    for name, where in calls.items():
        message = f"`tool_use` ids were found without `tool_result` blocks immediately after: {name}"
        yield RequestFault("tool-result-missing", where, message)


def _results(blocks: list[tuple[str, dict[str, Any]]], calls: dict[str, str]) -> Iterator[RequestFault]:
    answered: set[str] = set()
    text_came = False
    for where, block in blocks:
        if block.get("type") != "tool_result":
            text_came = True
            continue
        name = as_str(block.get("tool_use_id"))
        if name in answered:
            message = f"each `tool_use` must have a single result. Found multiple for {name}"
            yield RequestFault("tool-result-repeated", where, message)
        elif name not in calls:
            yield RequestFault("tool-result-orphan", where, f"unexpected `tool_use_id` found in `tool_result`: {name}")
        elif text_came:
            message = "`tool_result` blocks must come first in the turn that follows their `tool_use`"
            yield RequestFault("tool-result-late", where, message)
        answered.add(name)
    yield from _unanswered({name: where for name, where in calls.items() if name not in answered})
