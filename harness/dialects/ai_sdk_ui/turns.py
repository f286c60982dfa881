"""Counts and stop reasons of a message of several turns: the last turn's reason, and what all turns used together."""

from __future__ import annotations

from harness.events import Finish, Usage
from harness.transcript import merge_usage


class Turns:
    """A turn is over when another answer starts after its stop reason and then says something."""

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self._done = Usage()  # of the turns before this one
        self._now = Usage()
        self._next: Usage | None = None  # of an answer that started and has said nothing yet

    def begin(self) -> bool:
        """Another answer starts; whether that ends a turn."""
        if self.finish is None or self._next is not None:
            return False
        self._next = Usage()
        return True

    def go_on(self) -> None:
        """Content comes: the answer that started is a turn of its own."""
        if self._next is not None:
            self._done = _sum(self._done, self._now)
            self._now, self._next, self.finish = self._next, None, None

    def count(self, usage: Usage) -> None:
        """What the present answer used so far."""
        if self._next is not None:
            self._next = merge_usage(self._next, usage)
        else:
            self._now = merge_usage(self._now, usage)

    def stop(self, finish: Finish) -> None:
        """The first stop reason of a turn stands."""
        if self._next is not None:
            self.go_on()
        self.finish = self.finish or finish

    @property
    def usage(self) -> Usage:
        """What all turns used."""
        return _sum(self._done, merge_usage(self._now, self._next) if self._next else self._now)


def _sum(one: Usage, other: Usage) -> Usage:
    pairs = {name: (getattr(one, name), getattr(other, name)) for name in Usage.__struct_fields__}
    return Usage(**{name: _plus(*pair) for name, pair in pairs.items()})


def _plus(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
