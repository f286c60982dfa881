"""The careful readers, one a dialect, and the form of a reader with a planted bug."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from harness.events import AnyEvent, Reasoning, Text
from harness.fuzz.variant import Kind
from tests.mutants.decoders import answers
from tests.mutants.decoders.pipeline import Answer, Message, Reader, json_lines, sse, unpacked

OPEN, CLOSE = "<think>", "</think>"

CHAT = Reader("openai-chat", sse, answers.openai_chat, unpacked)
MESSAGES = Reader("anthropic-messages", sse, answers.anthropic_messages, unpacked)
RESPONSES = Reader("openai-responses", sse, answers.openai_responses, unpacked)
GEMINI = Reader("gemini", sse, answers.gemini, unpacked)
OLLAMA = Reader("ollama", json_lines, answers.ollama, unpacked)


def with_tags(answer: Answer) -> Answer:
    """The same answer with what stands between think tags told apart, wherever the deltas are cut."""

    def apart(messages: Iterable[Message]) -> Iterator[AnyEvent]:
        pending, inside = "", False
        for event in answer(messages):
            if not isinstance(event, Text):
                yield from as_told(pending, inside)
                pending = ""
                yield event
                continue
            pending += event.text
            while (tag := CLOSE if inside else OPEN) in pending:
                before, _, pending = pending.partition(tag)
                yield from as_told(before, inside)
                inside = not inside
            held = next((size for size in range(len(tag) - 1, 0, -1) if pending.endswith(tag[:size])), 0)
            yield from as_told(pending[: len(pending) - held], inside)
            pending = pending[len(pending) - held :]

    return apart


def as_told(text: str, inside: bool) -> Iterator[AnyEvent]:
    """Text, or reasoning inside a tag."""
    if text:
        yield Reasoning(text) if inside else Text(text)


THINKER = replace(CHAT, answer=with_tags(answers.openai_chat), think_tags=True)

CAREFUL = {
    "careful-chat": CHAT,
    "careful-messages": MESSAGES,
    "careful-responses": RESPONSES,
    "careful-gemini": GEMINI,
    "careful-ollama": OLLAMA,
}


@dataclass(frozen=True)
class Planted:
    """A reader with one bug. `story` says what its author got wrong, `stream` in which of the streams it is found.

    `at_most` is how many cuts the example found may need. `packed`: the stream comes in gzip.
    """

    name: str
    story: str
    kind: Kind
    stream: str
    reader: Reader
    at_most: int = 1
    packed: bool = False


def planted(name: str, story: str, kind: Kind, stream: str, base: Reader, **wrong: Any) -> Planted:
    """The careful reader `base` with the stages in `wrong` instead of its own."""
    more = {key: wrong.pop(key) for key in ("at_most", "packed") if key in wrong}
    return Planted(name, story, kind, stream, replace(base, **wrong), **more)
