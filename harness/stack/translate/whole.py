"""Whole answers: the events of one dialect's answer as the document of another, with what is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence

from harness.dialects.answers import gathered, once
from harness.dialects.base import Answer, Dialect
from harness.events import AnyEvent, End, Start, Warning
from harness.stack.translate.stream import StreamWriter


def whole_answer(
    source: Dialect, target: Dialect, events: Sequence[AnyEvent], *, answer: Start | None = None, salt: str = ""
) -> Answer:
    """The document that says what the translated stream of the same answer says; `answer` and `salt` as there.

    Raises ValueError for an answer that failed, was cut off, or holds a call that no document can hold.
    """
    return joined_answer(StreamWriter(source, target, answer=answer, salt=salt), target, events)


def joined_answer(writer: StreamWriter, target: Dialect, events: Sequence[AnyEvent]) -> Answer:
    """The same, of the frames that `writer` makes, to which nothing was fed before. Raises ValueError."""
    warned = [event for event in events if isinstance(event, Warning)]
    joined = target.join_frames(writer.feed([*warned, *gathered(events), End("completed")]))
    return Answer(joined.body, once([*writer.losses, *joined.losses]))
