"""The numbers that the events of a response bear, by which a reader can tell that one was lost on its way."""

from __future__ import annotations

from typing import Any

from harness.events import AnyEvent, Warning


class Numbers:
    """Warns of the first gap. A number that comes again, or too late, tells nothing: servers number in many ways."""

    __slots__ = ("_next", "_told")

    def __init__(self) -> None:
        self._next: int | None = None
        self._told = False

    def take(self, number: Any, offset: int, out: list[AnyEvent]) -> None:
        """Take note of the number of an event whose frame begins there."""
        if number == self._next:
            self._next = number + 1
        elif type(number) is int:
            if self._next is not None and number > self._next and not self._told:
                self._told = True
                message = f"event {number} comes where {self._next} was next: what is between them was lost"
                out.append(Warning("sequence-gap", message, offset))
            self._next = number + 1
