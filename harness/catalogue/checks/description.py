"""An expectation, and what requests said, as plain JSON for reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from harness.catalogue.checks.differences import excerpt
from harness.catalogue.checks.parts import shown
from harness.catalogue.checks.requests import reasoning_texts
from harness.catalogue.models import Expectation
from harness.catalogue.observation import Attempt
from harness.catalogue.requests import ASKED_FIELDS, AskedField, RequestExpectation
from harness.dialects import dialect as dialect_record
from harness.request import Message, Request

_ALWAYS = ("ending", "text", "tool_calls")
"""Fields that are shown even where they have their defaults, since those are checked too."""


def describe_expectation(expectation: Expectation, asked: Request | None = None) -> dict[str, Any]:
    """What was expected: the fields that say something, as plain JSON values.

    What requests must say is given in short lines, taken from `asked` where it must arrive as asked.
    """
    given = expectation.model_dump(mode="json", exclude_defaults=True)
    whole = expectation.model_dump(mode="json")
    described = {name: given.get(name, whole[name]) for name in whole if name in given or name in _ALWAYS}
    if expectation.requests:
        described["requests"] = [_wanted(each, asked) for each in expectation.requests]
    return described


def describe_requests(expectation: Expectation, dialect: str, attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """What the requests said for which something was expected: the fields that were compared, in short lines."""
    first = [attempt for attempt in attempts if not attempt.fallback]
    described = []
    for wanted in expectation.requests:
        if wanted.attempt > len(first):
            continue
        attempt = first[wanted.attempt - 1]
        seen = dialect_record(dialect).read_request(attempt.path, dict(attempt.headers), attempt.body)
        described.append({"attempt": wanted.attempt, **_sent(wanted, seen)})
    return described


def _wanted(wanted: RequestExpectation, asked: Request | None) -> dict[str, Any]:
    described: dict[str, Any] = {"attempt": wanted.attempt}
    for name in ASKED_FIELDS:
        value = getattr(wanted, name) if asked is None else wanted.wanted(name, asked)
        if value is not None:
            described[name] = _short(name, value)
    if asked is None and wanted.as_asked:
        described["as_asked"] = list(wanted.as_asked)
    if wanted.last_messages is not None:
        described["last_messages"] = _talk(wanted.last_messages)
    if wanted.reasoning:
        described["reasoning"] = excerpt(wanted.reasoning, 0)
    if wanted.contains:
        described["contains"] = [excerpt(text, 0) for text in wanted.contains]
    return described


def _sent(wanted: RequestExpectation, seen: Request) -> dict[str, Any]:
    compared = set(wanted.compared)
    if compared & {"last_messages", "contains"}:
        compared.add("messages")
    described: dict[str, Any] = {name: _short(name, getattr(seen, name)) for name in ASKED_FIELDS if name in compared}
    if wanted.reasoning:
        described["reasoning"] = [excerpt(text, 0) for text in reasoning_texts(seen.messages)]
    return described


def _short(name: AskedField, value: Any) -> Any:
    if name == "messages":
        return _talk(value)
    if name == "tools":
        return [f"{tool.name} {excerpt(msgspec.json.encode(tool.parameters).decode(), 0)}" for tool in value or ()]
    return excerpt(value, 0) if name == "system" and value else msgspec.to_builtins(value)


def _talk(messages: Iterable[Message]) -> list[str]:
    """A line for each part, with who said it."""
    return [f"{message.role}: {line}" for message in messages for line in shown(message.content)]
