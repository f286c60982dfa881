"""Mutations of where one piece of a string ends and the next begins."""

from __future__ import annotations

from harness.fuzz.neutral.frames import next_payload, part, payload_at, without
from harness.fuzz.neutral.mutation import Draft, Mutation, Payload, frame_number, with_payload
from harness.fuzz.neutral.strands import STRANDS, Path, value_at, with_value

_FLEETING = frozenset({"sequence_number", "obfuscation", "p", "created", "created_at"})
"""Top-level members that differ from piece to piece and say nothing of it."""


def _paths(draft: Draft, at: int) -> list[Path]:
    payload = payload_at(draft, at)
    return [] if payload is None else STRANDS[draft.dialect].paths(payload)


def _between_characters(draft: Draft, at: int) -> int:
    """Between any two characters of each piece."""
    payload = payload_at(draft, at)
    return sum(len(value_at(payload, path)) - 1 for path in _paths(draft, at))


def _split(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    payload = payload_at(draft, at) or {}
    for path in _paths(draft, at):
        text = value_at(payload, path)
        if pick < len(text) - 1:
            words = f"{_name(path)} of {frame_number(draft, at)} split after {text[: pick + 1][-20:]!r}"
            return _parted(draft, at, payload, path, pick + 1), words
        pick -= len(text) - 1
    raise IndexError(pick)


def _parted(draft: Draft, at: int, payload: Payload, path: Path, cut: int) -> Draft:
    text = value_at(payload, path)
    return part(draft, at, *STRANDS[draft.dialect].apart(payload, path, text[:cut], text[cut:]))


def _name(path: Path) -> str:
    return ".".join(str(key) for key in path)


def _pieces(draft: Draft, at: int) -> int:
    return len(_paths(draft, at))


def _empty(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    payload, path = payload_at(draft, at) or {}, _paths(draft, at)[pick]
    words = f"an empty {_name(path)} after {frame_number(draft, at)}"
    return _parted(draft, at, payload, path, len(value_at(payload, path))), words


def _continued(draft: Draft, at: int) -> int:
    """Whether the next frame is more of the same, and of nothing else."""
    following = next_payload(draft, at)
    if following is None or len(paths := _paths(draft, at)) != 1 or paths != _paths(draft, following):
        return 0
    first, second = (_bare(payload_at(draft, place) or {}, paths[0]) for place in (at, following))
    return int(first == second)


def _bare(payload: Payload, path: Path) -> Payload:
    """The payload without its piece, and without what says nothing."""
    bare: Payload = with_value(payload, path, "")
    return {name: value for name, value in bare.items() if name not in _FLEETING}


def _merge(draft: Draft, at: int, pick: int, form: str) -> tuple[Draft, str]:
    following = next_payload(draft, at) or at
    payload, path = payload_at(draft, at) or {}, _paths(draft, at)[0]
    text = value_at(payload, path) + value_at(payload_at(draft, following), path)
    words = f"{frame_number(draft, at)} and the next are one"
    whole = with_payload(draft.document.blocks[at], with_value(payload, path, text))
    return without(draft.with_block(at, whole), following), words


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("split-delta", 0, _between_characters, _split),
    Mutation("merged-deltas", 0, _continued, _merge),
    Mutation("empty-delta", 0, _pieces, _empty),
)
