"""A GenerateContentResponse: the whole answer in one document, for those who asked for no stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.dialects.answers import body_json, frame_payloads, read_document, to_answer, written
from harness.dialects.base import Answer
from harness.dialects.gemini.decode import Decoder
from harness.dialects.gemini.encode import Encoder
from harness.events import AnyEvent

_EMPTY = {"text": ""}


def write_answer(events: Sequence[AnyEvent]) -> Answer:
    """The response. Raises ValueError for events that did not end well."""
    return written(Encoder(), events, join_frames)


def join_frames(frames: Sequence[bytes]) -> Answer:
    """The response that the frames of a whole stream amount to. Raises ValueError for those of one that failed."""
    response: dict[str, Any] = {}
    candidates: dict[int, dict[str, Any]] = {}
    for payload in frame_payloads(frames):
        for given in payload.pop("candidates", []):
            index = given["index"]
            _add(candidates.setdefault(index, {"content": {"parts": [], "role": "model"}, "index": index}), given)
        response |= payload
    for candidate in candidates.values():
        if not candidate["content"]["parts"]:
            del candidate["content"]["parts"]  # as the vendor says that there is nothing
    if candidates:
        response = {"candidates": [candidates[index] for index in sorted(candidates)], **response}
    return to_answer(response)


def read_answer(body: bytes) -> list[AnyEvent]:
    """The events of a response, or of the error in its place; the last is End. Never raises.

    An array of chunks, which is what a stream without SSE is, counts as their answer.
    """
    return read_document(Decoder(), "gemini", body, body_json(body))


def _add(candidate: dict[str, Any], given: dict[str, Any]) -> None:
    """Put what a chunk says of a candidate into it."""
    content = given.pop("content", {})
    candidate["content"]["parts"] += [part for part in content.get("parts", []) if part != _EMPTY]
    candidate |= given
