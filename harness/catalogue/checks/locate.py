"""Where in a response's body a piece of the answer was sent, so that a finding can point at the bytes.

The decoder reads along frame by frame; the place is the first byte of the frame. This is evidence only: no verdict
rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.dialects import dialect as dialect_record
from harness.events import AnyEvent, Reasoning, Refusal, Text, ToolCall

TEXT_EVENTS = {"text": Text, "reasoning": Reasoning, "refusal": Refusal}


def text_offset(dialect_name: str, body: bytes, kind: str, at: int) -> int | None:
    """The byte offset of the frame that brought character `at` of a text; None where no frame did."""
    wanted = TEXT_EVENTS[kind]
    length = 0
    for offset, event in _events(dialect_name, body):
        if isinstance(event, wanted) and event.choice == 0:
            length += len(event.text)
            if length > at:
                return offset
    return None


def call_offset(dialect_name: str, body: bytes, index: int) -> int | None:
    """The byte offset of the frame in which a tool call begins; None where there is no such call."""
    for offset, event in _events(dialect_name, body):
        if isinstance(event, ToolCall) and event.choice == 0 and event.index == index:
            return offset
    return None


def _events(dialect_name: str, body: bytes) -> Iterator[tuple[int, AnyEvent]]:
    dialect = dialect_record(dialect_name)
    decoder = dialect.decoder()
    offset = 0
    for frame in dialect.split_frames(body):
        for event in decoder.feed(frame):
            yield offset, event
        offset += len(frame)
