"""Mutations of where the usage is said: earlier, later, or more than once."""

from __future__ import annotations

from typing import Any

from harness.fuzz.neutral.frames import part, payload_at, put_before, without
from harness.fuzz.neutral.json_text import Number
from harness.fuzz.neutral.mutation import Draft, Mutation, Payload, frame_number, with_payload

_PLACES = {"openai-chat": "usage", "gemini": "usageMetadata"}
_OF_USAGE = frozenset({"id", "object", "created", "model", "provider", "system_fingerprint", "service_tier", "usage"})
"""What a chunk has that says the usage and nothing else."""


def _usage(draft: Draft, at: int) -> Any:
    return (payload_at(draft, at) or {}).get(_PLACES.get(draft.dialect, "usage"))


def _said_once(draft: Draft) -> int | None:
    """The only block that has the usage of the whole answer."""
    places = [at for at in range(len(draft.document.blocks)) if type(_usage(draft, at)) is dict]
    return places[0] if len(places) == 1 else None


def _said(payload: Payload | None) -> bool:
    """Whether a chunk says something besides the usage."""
    return bool(payload and (payload.get("choices") or payload.get("candidates")) and not payload.get("error"))


def _late(draft: Draft, at: int) -> int:
    return int(_said_once(draft) == at and _said(payload_at(draft, at)) and _is_last(draft, at))


def _is_last(draft: Draft, at: int) -> bool:
    return not any(payload_at(draft, after) for after in range(at + 1, len(draft.document.blocks)))


def _make_late(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    """The usage in a chunk of its own, behind the one that had it."""
    payload, name = payload_at(draft, at) or {}, _PLACES[draft.dialect]
    said = {key: value for key, value in payload.items() if key != name}
    bare = {key: value for key, value in said.items() if key not in ("choices", "candidates")}
    alone = bare | ({"choices": []} if draft.dialect == "openai-chat" else {}) | {name: payload[name]}
    return part(draft, at, said, alone), f"the usage of {frame_number(draft, at)} in a frame of its own"


def _early(draft: Draft, at: int) -> int:
    """Before the usage, where something is said (or, of Anthropic, where the usage is said)."""
    if draft.dialect == "anthropic-messages":
        payload = payload_at(draft, at) or {}
        return int(payload.get("type") == "message_delta" and "output_tokens" in (payload.get("usage") or {}))
    once = _said_once(draft)
    if once is None or at >= once or not _said(payload_at(draft, at)):
        return 0
    if draft.dialect == "gemini":
        return 1
    is_alone = {name for name, value in (payload_at(draft, once) or {}).items() if value} <= _OF_USAGE
    return int(is_alone and not any(_said(payload_at(draft, between)) for between in range(at + 1, once)))


def _make_early(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    payload = payload_at(draft, at) or {}
    if draft.dialect == "anthropic-messages":
        running = {"output_tokens": Number(int(payload["usage"]["output_tokens"]) // 2)}
        delta = {"stop_reason": None, "stop_sequence": None}
        extra = {"type": "message_delta", "delta": delta, "usage": running}
        return put_before(draft, at, extra), f"a message_delta with a running count before {frame_number(draft, at)}"
    once, name = _said_once(draft) or at, _PLACES[draft.dialect]
    told = with_payload(draft.document.blocks[at], {**payload, name: _usage(draft, once)})
    changed = draft.with_block(at, told)
    words = f"the usage in {frame_number(draft, at)} already"
    return (changed if draft.dialect == "gemini" else without(changed, once)), words


def _unsaid(draft: Draft, at: int) -> int:
    payload = payload_at(draft, at)
    return int(_said(payload) and "usage" not in (payload or {}))


def _say_null(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    changed = with_payload(draft.document.blocks[at], {**(payload_at(draft, at) or {}), "usage": None})
    return draft.with_block(at, changed), f"usage: null in {frame_number(draft, at)}"


def _first_counts(draft: Draft) -> Payload:
    for at in range(len(draft.document.blocks)):
        payload = payload_at(draft, at) or {}
        if payload.get("type") == "message_start":
            counts = (payload.get("message") or {}).get("usage")
            return counts if type(counts) is dict else {}
    return {}


def _repeatable(draft: Draft, at: int) -> int:
    """At a message_delta with usage that lacks a count of message_start."""
    payload = payload_at(draft, at) or {}
    is_end = payload.get("type") == "message_delta" and type(payload.get("usage")) is dict
    return int(is_end and bool({"input_tokens"} & set(_first_counts(draft)) - set(payload["usage"])))


def _repeat(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    payload = payload_at(draft, at) or {}
    usage = {"input_tokens": _first_counts(draft)["input_tokens"], **payload["usage"]}
    changed = with_payload(draft.document.blocks[at], {**payload, "usage": usage})
    return draft.with_block(at, changed), f"the input tokens of message_start again in {frame_number(draft, at)}"


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("usage-early", 0, _early, _make_early),
    Mutation("usage-late", 0, _late, _make_late),
    Mutation("usage-null", 0, _unsaid, _say_null),
    Mutation("usage-repeated", 0, _repeatable, _repeat),
)
