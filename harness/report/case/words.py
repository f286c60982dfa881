"""Canonical events, expectations and endings in words, as the report shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

ENDING_WORDS: dict[str, str] = {
    "clean": "clean, as HTTP says it should",
    "no_last_chunk": "connection closed without the last chunk",
    "short_length": "connection closed before Content-Length was reached",
    "reset": "connection reset",
    "stall": "silence; the connection stayed open",
    "timeout": "silence until the recorder gave up",
    "cancelled": "the recorder hung up",
}

_TEXT_FIELDS = {"text": "text", "reasoning": "text", "refusal": "text", "signature": "data", "end": "status"}


def event_words(event: Mapping[str, Any]) -> tuple[str, str]:
    """An event's type, and the rest of it in one line: its own text quoted, or `field=value` for what is set."""
    kind = str(event.get("type", "event"))
    main = _TEXT_FIELDS.get(kind, "")
    fields = [f"{name}={compact(value)}" for name, value in _set_fields(event) if name != main]
    lead = [compact(event[main])] if main in event else []
    return kind, " ".join(lead + fields)


def _set_fields(event: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The fields that say something: an unset one, an empty one and choice 0 say nothing."""
    return [
        (name, value)
        for name, value in event.items()
        if name != "type" and value not in (None, "") and value is not False and (name, value) != ("choice", 0)
    ]


def compact(value: Any) -> str:
    """A value as JSON in one line; a fraction to three places."""
    return json.dumps(round(value, 3) if isinstance(value, float) else value, ensure_ascii=False)


def expectation_words(value: Any) -> str | None:
    """An expectation that is no plain value in words; None for one that can be compared as it is."""
    match value:
        case {"any": True}:
            return "anything"
        case {"prefix_of": str(whole), **rest}:
            least = rest.get("at_least")
            return f"a beginning of {compact(whole)}" + (f", at least {compact(least)}" if least else "")
        case {"at_least": int() | float()} | {"at_most": int() | float()} if set(value) <= {"at_least", "at_most"}:
            return _count_words(value.get("at_least") or 0, value.get("at_most"))
        case {"documented": True}:
            return "as many as the system's documentation says"
    return None


def _count_words(least: float, most: float | None) -> str:
    if most is None:
        return f"at least {least}"
    if least == most:
        return f"exactly {least}"
    return f"{least} to {most}" if least else f"at most {most}"


def error_words(expected: Mapping[str, Any]) -> str:
    """Which error was expected, one demand a line."""
    kinds = expected.get("kind") or []
    demands = [f"kind {' or '.join(kinds)}"] if kinds else []
    demands += [
        f"{name.replace('_', ' ')} {compact(value)}"
        for name, value in expected.items()
        if name != "kind" and value is not None
    ]
    return "\n".join(demands) or "any error"


def error_seen_words(seen: Mapping[str, Any]) -> str:
    """The error that the caller saw, one fact a line."""
    names = ("kind", "status", "code", "retryable", "retry_after_s", "message")
    return "\n".join(
        f"{name.replace('_', ' ')} {seen[name] if name == 'kind' else compact(seen[name])}"
        for name in names
        if seen.get(name) is not None
    )


def wait_words(wait: Mapping[str, Any]) -> str:
    """How long the pause before an attempt may be."""
    least, most = wait.get("at_least_s") or 0, wait.get("at_most_s")
    pause = f"at least {least:g} s" if most is None else f"{least:g} to {most:g} s"
    return f"{pause} before attempt {wait.get('before_attempt')}"


def end_words(end: Mapping[str, Any]) -> str:
    """How the caller learnt that it was over."""
    if end.get("hung"):
        return "never: the caller was still waiting at the deadline"
    if end.get("broken"):
        return f"the case could not be carried through: {end['broken']}"
    raised = f", raised {end['raised']}" if end.get("raised") else ""
    return f"{end.get('status') or 'nothing'}{raised}"


def request_words(requests: Any) -> str:
    """What requests must say, or said: each under its number, one field or part of the talk a line."""
    lines: list[str] = []
    for request in requests if isinstance(requests, list) else []:
        match request:
            case {"attempt": number, **fields}:
                lines.append(f"request {number}")
                lines += [line for name, value in fields.items() for line in _request_lines(name, value)]
    return "\n".join(lines) or "nothing"


def _request_lines(name: Any, value: Any) -> list[str]:
    if name in ("messages", "last_messages") and isinstance(value, list):
        before = ["  …"] if name == "last_messages" else []
        return [*before, *(f"  {line}" for line in value)]
    return [f"  {str(name).replace('_', ' ')}: {compact(value)}"]


def status_words(status: int) -> str:
    """What an HTTP status is called; empty for one that has no name."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return {529: "Overloaded"}.get(status, "")
