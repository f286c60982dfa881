"""Holds back what is no content yet, so that an attempt which fails first can be repeated without a trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from harness.events import (
    AnyEvent,
    End,
    ErrorInfo,
    Failure,
    Finish,
    Reasoning,
    Refusal,
    Signature,
    Text,
    ToolCall,
    Warning,
)

HELD_LIMIT: Final = 1000
"""Events that are held back; a stream that says so much before its first content is handed on as it is."""

CONTENT = (Text, Reasoning, Signature, Refusal, ToolCall, Finish)
"""What ends the time for retries. A start, usage, warnings and vendor extras are no content."""


class Gate:
    """Shut until the first content. `feed` gives the events to hand on; `error` is set when a failure came first.

    After a failure came first, everything stays held until `open()` says that the failure stands.
    """

    def __init__(self) -> None:
        self.opened = False
        self.error: ErrorInfo | None = None
        self._held: list[AnyEvent] = []

    def feed(self, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """The events to hand on now; all of them once the gate is open."""
        if self.opened:
            return list(events)
        for event in events:
            self._held.append(event)
            if self.error is None:
                self._look_at(event)
        return self.open() if self.opened else []

    def open(self, stands: ErrorInfo | None = None) -> list[AnyEvent]:
        """Open for good: the events that were held back, with `stands` as the error of the failure among them."""
        self.opened = True
        held, self._held = self._held, []
        if stands is None or stands == self.error:
            return held
        return [Failure(stands) if type(event) is Failure and event.error == self.error else event for event in held]

    @property
    def warnings(self) -> list[AnyEvent]:
        """The warnings among what is held back: they are told even if the attempt is dropped."""
        return [event for event in self._held if type(event) is Warning]

    def _look_at(self, event: AnyEvent) -> None:
        match event:
            case Failure(error=error) if not self.opened:
                self.error = error
            case End():
                self.opened = True
            case _ if isinstance(event, CONTENT) or len(self._held) > HELD_LIMIT:
                self.opened = True
            case _:
                pass
