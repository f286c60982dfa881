"""Streams: canonical events of one dialect in, frames of another out, as they come."""

from __future__ import annotations

from collections.abc import Iterable

from harness.dialects.base import Dialect, Loss
from harness.events import AnyEvent, End, ErrorInfo, Failure

CUT_OFF = ErrorInfo("connection", "the upstream's answer ended before it was finished", retryable=True)
"""What the reader of a translated stream is told where the original was cut off."""


class StreamWriter:
    """Events of `source` in, frames of `target` out. The End among the events ends the stream in the target's way.

    A completed answer gets the target's end markers. One that was cut off or failed gets the target's error frame and
    never an end marker; a cancelled one gets nothing more, save where the target has a word for it.
    """

    def __init__(self, source: Dialect, target: Dialect) -> None:
        self._source, self._target = source, target
        self._encoder = target.encoder()
        self._failed = False

    @property
    def losses(self) -> list[Loss]:
        """What the target could not say so far, each thing once."""
        return self._encoder.losses

    def feed(self, events: Iterable[AnyEvent]) -> list[bytes]:
        """The frames that these events give; each item is one whole frame."""
        return [frame for event in events for frame in self._frames(event)]

    def _frames(self, event: AnyEvent) -> list[bytes]:
        match event:
            case Failure():
                if self._failed:
                    return []
                self._failed = True
            case End(status="completed"):
                return self._encoder.close()
            case End(status="truncated" | "failed"):
                return [] if self._failed else self._frames(Failure(CUT_OFF))
        return self._encoder.feed(event)
