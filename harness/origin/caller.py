"""What the system under test has handed on so far: told by whoever watches it, asked by the gates in a body."""

from __future__ import annotations

from collections.abc import Callable

from harness.events import AnyEvent, Reasoning, Refusal, Text, ToolCall
from harness.wire.response import Gate


class Caller:
    """The system's own user, as far as a gate cares: how many events with content it has, and how much text."""

    def __init__(self, now: Callable[[], float], tell: Callable[[], None]) -> None:
        """`now` gives seconds on the log's clock; `tell` is called whenever there is something new."""
        self._now = now
        self._tell = tell
        self._progress: list[tuple[float, int, int]] = []  # when, events so far, letters of text so far
        self._ended: float | None = None

    def heard(self, event: AnyEvent) -> None:
        """An event reached the caller. Empty ones do not count, nor those that bring no content."""
        letters = 0
        match event:
            case Text(text=text, choice=0):
                letters = _letters(text)
            case Text() | ToolCall():
                pass
            case Reasoning(text=text) | Refusal(text=text) if text:
                pass
            case _:
                return
        if isinstance(event, Text) and not event.text:
            return
        _, events, before = self._progress[-1] if self._progress else (0.0, 0, 0)
        self._progress.append((self._now(), events + 1, before + letters))
        self._tell()

    def ended(self) -> None:
        """The caller learnt that it was over, or nobody waits for it any more."""
        if self._ended is None:
            self._ended = self._now()
            self._tell()

    def met_at(self, gate: Gate) -> float | None:
        """When what the gate waits for had come, or the caller had ended; None if neither has happened."""
        wanted = _letters(gate.until_text)
        met = (at for at, events, letters in self._progress if events >= gate.until_events and letters >= wanted)
        return next(met, self._ended)


def _letters(text: str) -> int:
    return sum(not letter.isspace() for letter in text)
