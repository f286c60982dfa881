"""Mutations that add frames and members which say nothing of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from harness.fuzz.neutral.frames import payload_at, put_before
from harness.fuzz.neutral.json_text import Number
from harness.fuzz.neutral.mutation import Draft, Mutation, Payload, frame_number, payload_of, with_payload
from harness.fuzz.neutral.spellings import DATA_KEYS
from harness.fuzz.neutral.strands import Path, value_at, with_value

_ENDS = frozenset(
    {"message_stop", "response.completed", "response.failed", "response.incomplete", "error", "finish", "abort"}
)
"""Types of frames behind which no other frame may come."""
_TRAP = {
    "content": "not part of the answer",
    "text": "not part of the answer",
    "delta": {"content": "not part of the answer"},
    "finish_reason": "length",
    "error": {"message": "not part of the answer"},
}
_VALUES: dict[str, Any] = {"null": None, "text": "new", "object": _TRAP, "list": [_TRAP]}


def _within(draft: Draft, at: int) -> int:
    """One site before each frame that is neither the first nor behind the end."""
    before = [payload_of(block) for block in draft.document.blocks[:at] if block.payload is not None]
    ended = any(payload is None or payload.get("type") in _ENDS or payload.get("error") for payload in before)
    return int(bool(before) and not ended and payload_at(draft, at) is not None)


def _like_the_first(draft: Draft, names: tuple[str, ...]) -> Payload:
    first = next(payload for block in draft.document.blocks if (payload := payload_of(block)) is not None)
    return {name: first[name] for name in names if name in first}


def _frame(name: str, what: str, payload: Callable[[Draft], Payload]) -> Mutation:
    def change(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
        return put_before(draft, at, payload(draft)), f"{what} before {frame_number(draft, at)}"

    return Mutation(name, 0, _within, change)


def _unknown(draft: Draft) -> Payload:
    match draft.dialect:
        case "openai-responses":
            return {"type": "response.harness.delta", "output_index": Number(0), "delta": "not part of the answer"}
        case "ai-sdk-ui":
            return {"type": "data-harness", "data": _TRAP, "transient": True}
    delta = {"type": "text_delta", "text": "not part of the answer"}
    return {"type": "harness_delta", "index": Number(0), "delta": delta}


def _without_content(draft: Draft) -> Payload:
    if draft.dialect == "gemini":
        return _like_the_first(draft, ("modelVersion", "responseId"))
    return {**_like_the_first(draft, ("id", "object", "created", "model")), "choices": []}


def _objects(payload: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all objects that are the vendor's own."""
    if type(payload) is dict:
        yield path
    inner = payload.items() if type(payload) is dict else enumerate(payload) if type(payload) is list else ()
    for key, value in inner:
        if key not in DATA_KEYS:
            yield from _objects(value, (*path, key))


def _vendors_objects(draft: Draft, at: int) -> int:
    payload = payload_at(draft, at)
    return 0 if payload is None else sum(1 for _ in _objects(payload))


def _unknown_field(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    payload = payload_at(draft, at) or {}
    path = list(_objects(payload))[pick]
    whole, new = value_at(payload, path), {"x_harness": _VALUES[form]}
    changed = with_value(payload, path, {**whole, **new} if form == "text" else {**new, **whole})
    where = ".".join(map(str, path)) or "the payload"
    words = f"an unknown member in {where} of {frame_number(draft, at)}"
    return draft.with_block(at, with_payload(draft.document.blocks[at], changed)), words


MUTATIONS: tuple[Mutation, ...] = (
    _frame("ping", "a ping", lambda draft: {"type": "ping"}),
    _frame("unknown-event", "an event of an unknown type", _unknown),
    _frame("empty-chunk", "a chunk with nothing in it", _without_content),
    Mutation("unknown-field", 0, _vendors_objects, _unknown_field, tuple(_VALUES)),
)
