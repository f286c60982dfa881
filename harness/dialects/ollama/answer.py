"""A chat answer that is no stream: all records of a stream in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.dialects.answers import body_json, frame_payloads, read_document, to_answer, written
from harness.dialects.base import Answer
from harness.dialects.ollama.decode import Decoder
from harness.dialects.ollama.encode import Encoder
from harness.events import AnyEvent


def write_answer(events: Sequence[AnyEvent]) -> Answer:
    """The record. Raises ValueError for events that did not end well."""
    return written(Encoder(), events, join_frames)


def join_frames(frames: Sequence[bytes]) -> Answer:
    """The record that the frames of a whole stream amount to. Raises ValueError for those of one that failed."""
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {}
    for record in frame_payloads(frames):
        _add(message, record.pop("message", {}))
        answer |= record
    answer["message"] = message
    return to_answer(answer)


def read_answer(body: bytes) -> list[AnyEvent]:
    """The events of a record that is the whole answer, or of the error in its place; the last is End. Never raises."""
    return read_document(Decoder(), "ollama", body, body_json(body))


def _add(message: dict[str, Any], said: dict[str, Any]) -> None:
    for name, value in said.items():
        if name in ("content", "thinking"):
            message[name] = message.get(name, "") + value
        elif name == "tool_calls":
            message[name] = [*message.get(name, []), *value]
        else:
            message[name] = value
