"""Where a payload holds a piece of a longer string, and how the piece is parted over two payloads.

Written down for each dialect apart, with nothing of our decoders: a path, and what besides the string stays with the
first half or goes with the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Payload: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Strands:
    """How one dialect streams strings.

    `paths(payload)` are those of its pieces that may be parted; `apart(payload, path, left, right)` are two payloads
    in the place of one.
    """

    paths: Callable[[Payload], list[Path]]
    apart: Callable[[Payload, Path, str, str], tuple[Payload, Payload]]


def value_at(payload: Any, path: Path) -> Any:
    """The value at a path that is there."""
    for key in path:
        payload = payload[key]
    return payload


def with_value(payload: Any, path: Path, value: Any) -> Any:
    """A copy with another value at a path that is there."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if type(payload) is list and type(key) is int:
        return [*payload[:key], with_value(payload[key], rest, value), *payload[key + 1 :]]
    return {**payload, key: with_value(payload[key], rest, value)}


def _dicts(value: Any) -> list[tuple[int, Payload]]:
    return [(at, each) for at, each in enumerate(value) if type(each) is dict] if type(value) is list else []


def _dict(value: Any) -> Payload:
    return value if type(value) is dict else {}


def _pieces(payload: Any, prefix: Path, names: tuple[str, ...]) -> list[Path]:
    return [(*prefix, name) for name in names if type(payload.get(name)) is str and payload[name]]


def _in_both(payload: Payload, path: Path, left: str, right: str) -> tuple[Payload, Payload]:
    return with_value(payload, path, left), with_value(payload, path, right)


_RESPONSES = tuple(
    f"response.{name}.delta"
    for name in ("output_text", "refusal", "reasoning_text", "reasoning_summary_text", "function_call_arguments")
)


def _responses_paths(payload: Payload) -> list[Path]:
    is_piece = payload.get("type") in _RESPONSES and not payload.get("logprobs")
    return _pieces(payload, (), ("delta",)) if is_piece else []


def _anthropic_paths(payload: Payload) -> list[Path]:
    if payload.get("type") != "content_block_delta":
        return []
    return _pieces(_dict(payload.get("delta")), ("delta",), ("text", "thinking", "partial_json"))


def _ai_sdk_paths(payload: Payload) -> list[Path]:
    names = {"text-delta": "delta", "reasoning-delta": "delta", "tool-input-delta": "inputTextDelta"}
    return _pieces(payload, (), (names.get(str(payload.get("type")), "delta"),)) if payload.get("type") in names else []


def _chat_paths(payload: Payload) -> list[Path]:
    choices = _dicts(payload.get("choices"))
    if payload.get("error") or (len(choices) > 1 and not all("index" in choice for _, choice in choices)):
        return []
    return [path for at, choice in choices for path in _choice_paths(at, choice)]


def _choice_paths(at: int, choice: Payload) -> list[Path]:
    delta, prefix = _dict(choice.get("delta")), ("choices", at, "delta")
    if choice.get("logprobs") or choice.get("error"):
        return []
    thoughts = [name for name in ("reasoning_content", "reasoning", "reasoning_details") if delta.get(name)]
    names = ("content", "refusal", *(thoughts if len(thoughts) == 1 else ()))
    calls = _dicts(delta.get("tool_calls"))
    indexes = [call.get("index") for _, call in calls]
    told_apart = None not in indexes and len(set(indexes)) == len(indexes)
    return _pieces(delta, prefix, names) + [
        path
        for number, call in calls
        for path in _pieces(_dict(call.get("function")), (*prefix, "tool_calls", number, "function"), ("arguments",))
        if told_apart
    ]


def _chat_apart(payload: Payload, path: Path, left: str, right: str) -> tuple[Payload, Payload]:
    """The second half has the stop reason and the usage; the first all that is said once."""
    choice = payload["choices"][path[1]]
    opened = {name: value for name, value in choice.items() if name != "usage"}
    if "finish_reason" in choice:
        opened["finish_reason"] = None
    first = {**with_value(payload, path[:2], opened)}
    if payload.get("usage"):
        first["usage"] = None
    delta: Any = {path[3]: right}
    if path[3] == "tool_calls":
        delta = {"tool_calls": [{"index": value_at(payload, path[:5])["index"], "function": {"arguments": right}}]}
    return with_value(first, path, left), {**payload, "choices": [{**choice, "delta": delta}]}


def _gemini_paths(payload: Payload) -> list[Path]:
    candidates = _dicts(payload.get("candidates"))
    if len(candidates) != 1 or payload.get("error"):
        return []
    content = _dict(candidates[0][1].get("content"))
    return [
        path
        for at, part in _dicts(content.get("parts"))
        if set(part) <= {"text", "thought", "thoughtSignature"}
        for path in _pieces(part, ("candidates", 0, "content", "parts", at), ("text",))
    ]


def _gemini_apart(payload: Payload, path: Path, left: str, right: str) -> tuple[Payload, Payload]:
    """The first half has the parts before; the second all else, a signature included."""
    candidate, at = payload["candidates"][0], int(path[4])
    parts = candidate["content"]["parts"]
    part = {name: value for name, value in parts[at].items() if name != "thoughtSignature"}
    said = {name: candidate[name] for name in ("index",) if name in candidate}
    first = {name: payload[name] for name in ("modelVersion", "responseId", "createTime") if name in payload}
    opened = {**candidate["content"], "parts": [*parts[:at], {**part, "text": left}]}
    rest = {**candidate["content"], "parts": [{**parts[at], "text": right}, *parts[at + 1 :]]}
    return (
        {"candidates": [{"content": opened, **said}], **first},
        {**payload, "candidates": [{**candidate, "content": rest}]},
    )


def _ollama_paths(payload: Payload) -> list[Path]:
    return [] if payload.get("error") else _pieces(_dict(payload.get("message")), ("message",), ("thinking", "content"))


def _ollama_apart(payload: Payload, path: Path, left: str, right: str) -> tuple[Payload, Payload]:
    """Thoughts come before the text; calls, the reason and the counts with the second half."""
    message = payload["message"]
    kept = ("role", "thinking") if path[1] == "content" else ("role",)
    said = {name: message[name] for name in kept if name in message}
    first = {name: payload[name] for name in ("model", "created_at") if name in payload}
    rest = {name: value for name, value in message.items() if name == path[1] or name not in ("thinking",)}
    return (
        {**first, "message": {**said, "content": "", str(path[1]): left}, "done": False},
        {**payload, "message": {**rest, str(path[1]): right}},
    )


STRANDS: Mapping[str, Strands] = {
    "openai-chat": Strands(_chat_paths, _chat_apart),
    "openai-responses": Strands(_responses_paths, _in_both),
    "anthropic-messages": Strands(_anthropic_paths, _in_both),
    "gemini": Strands(_gemini_paths, _gemini_apart),
    "ollama": Strands(_ollama_paths, _ollama_apart),
    "ai-sdk-ui": Strands(_ai_sdk_paths, _in_both),
}
