"""How one part of a talk differs from the one that was asked for, and how parts are shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from harness.catalogue.checks.calls import same_json
from harness.catalogue.checks.differences import excerpt
from harness.request import FilePart, ImagePart, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

Found = tuple[str, object, object]
"""What differs, in words; what was asked; what was seen."""

_WORDS = {
    "user": "the user's message",
    "assistant": "the assistant's message",
    "tool": "the tools' answer",
    "reasoning": ("its signed reasoning", "{} pieces of signed reasoning"),
    "text": ("its text", "{} texts"),
    "image": ("an image", "{} images"),
    "file": ("a file", "{} files"),
    "tool_call": ("a tool call", "{} tool calls"),
    "tool_result": ("a tool's result", "{} tools' results"),
}


def words(kind: str, count: int = 1) -> str:
    """A role, or so many parts of a kind, in words."""
    given = _WORDS[kind]
    return given if isinstance(given, str) else given[0] if count == 1 else given[1].format(count)


def kind_of(part: Part | list[str]) -> str:
    """The part's kind; a list is the pieces of a text."""
    return "text" if isinstance(part, list) else str(part.__struct_config__.tag)


def shown(parts: Sequence[Part | list[str]]) -> list[str]:
    """Each part in a short line."""
    return [_line(part) for part in parts]


def _line(part: Part | list[str]) -> str:
    match part:
        case list():
            return f"text {excerpt(''.join(part), 0)!r}"
        case TextPart():
            return f"text {excerpt(part.text, 0)!r}"
        case ImagePart():
            return f"image {part.media_type or 'of some type'}, {part.url or f'{len(part.data)} characters'}"
        case FilePart():
            return f"file {part.media_type or 'of some type'}, {part.url or f'{len(part.data)} characters'}"
        case ReasoningPart():
            return f"reasoning {excerpt(part.text, 0)!r}, signed {excerpt(_data(part), 0)!r}"
        case ToolCallPart():
            signed = f", signed {excerpt(part.signature, 0)!r}" if part.signature else ""
            return f"call {part.id}: {part.name} {excerpt(part.arguments, 0)}{signed}"
        case ToolResultPart():
            error = ", marked as an error" if part.is_error else ""
            return f"result of {part.tool_call_id}: {excerpt(part.content, 0)!r}{error}"


def part_difference(part: Part, seen: Part) -> Found | None:
    """How a part differs from the one of its kind that stands in its place."""
    match part, seen:
        case ImagePart(), ImagePart():
            return _medium(part, seen)
        case FilePart(), FilePart():
            return _medium(part, seen)
        case ReasoningPart(), ReasoningPart():
            return _reasoning(part, seen)
        case ToolCallPart(), ToolCallPart():
            return _call(part, seen)
    return None


def _medium(part: ImagePart | FilePart, seen: ImagePart | FilePart) -> Found | None:
    kind = _WORDS[kind_of(part)][0]
    if part.url != seen.url:
        return f"{kind} is not the one that was asked", part.url or "in the request", seen.url or "in the request"
    if _base64(part.data) != _base64(seen.data):
        return f"{kind} is not the one that was asked", excerpt(part.data, 0), excerpt(seen.data, 0)
    if seen.media_type and _media_type(part) != _media_type(seen):
        return f"{kind} has another type", part.media_type, seen.media_type
    return None


def _media_type(part: ImagePart | FilePart) -> str:
    return part.media_type.lower().replace("image/jpg", "image/jpeg")


def _base64(data: str) -> str:
    """The same bytes in the same letters: of the two alphabets, and without padding."""
    return "".join(data.split()).replace("-", "+").replace("_", "/").rstrip("=")


def _data(part: ReasoningPart) -> str:
    return part.signature or part.redacted or part.encrypted or ""


def _reasoning(part: ReasoningPart, seen: ReasoningPart) -> Found | None:
    """What the vendor signed must come back; the words with it where they were asked for."""
    if _base64(_data(part)) != _base64(_data(seen)):
        return "the signature of the reasoning is not the one that came with it", _data(part), _data(seen)
    if part.text and part.text != seen.text:
        return "signed reasoning was changed", part.text, seen.text
    return None


def _call(part: ToolCallPart, seen: ToolCallPart) -> Found | None:
    if part.name != seen.name:
        return f"the call of {part.name} has another name", part.name, seen.name
    if not _same_arguments(part.arguments, seen.arguments):
        return f"the arguments of {part.name} are not those of the call", part.arguments, excerpt(seen.arguments, 0)
    if part.signature and _base64(part.signature) != _base64(seen.signature or ""):
        return f"the call of {part.name} has lost its signature", part.signature, seen.signature
    return None


def _same_arguments(one: str, other: str) -> bool:
    wanted, given = _json(one or "{}"), _json(other or "{}")
    if not isinstance(wanted, dict):
        return one == other
    return isinstance(given, dict) and same_json(wanted, given)


def _json(text: str) -> Any:
    """The value, None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def result_difference(
    result: ToolResultPart, answers: Sequence[ToolResultPart], name: str, asked: Sequence[ToolResultPart]
) -> Found | None:
    """How what answers a call differs from its result; `asked` are the results of the whole turn."""
    if not answers:
        return f"the result of {name} is missing", _line(result), None
    seen = answers[0]
    if not _same_content(result.content, seen.content):
        others = (other for other in asked if other is not result and _same_content(other.content, seen.content))
        what = f"the result of {name} is " + (
            "that of another call" if next(others, None) else "not what the tool said"
        )
        return what, excerpt(result.content, 0), excerpt(seen.content, 0)
    if result.is_error and not seen.is_error:
        return f"the result of {name} is no longer marked as an error", _line(result), _line(seen)
    if seen.is_error and not result.is_error:
        return f"the result of {name} is marked as an error, which it was not", _line(result), _line(seen)
    return None


def _same_content(wanted: str, given: str) -> bool:
    """The same text, or the same JSON; where a result must be an object, the text may be one of its values."""
    if wanted == given:
        return True
    value, seen = _json(wanted), _json(given)
    structured = isinstance(value, dict | list)
    if structured and same_json(value, seen):
        return True
    inner = list(seen.values()) if isinstance(seen, dict) else []
    return wanted in inner or (structured and any(same_json(value, one) for one in inner))
