"""Answers that a later request may continue by `previous_response_id`, within bounds: the longest unused goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from harness.request import Message


class Conversations:
    """What was said up to and with each answer, by the answer's id."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[str, tuple[int, tuple[Message, ...]]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that are kept, as JSON would take them."""
        return self._bytes

    def put(self, id: str, talk: Sequence[Message]) -> None:
        """Keep a conversation; one that is larger than all that may be kept is not."""
        size = len(msgspec.json.encode(talk))
        self._drop(id)
        if size > self._most_bytes or not self._most:
            return
        self._kept[id] = (size, tuple(talk))
        self._bytes += size
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def get(self, id: str) -> tuple[Message, ...] | None:
        """The conversation that ended with that answer; None where it is not known, or not any more."""
        found = self._kept.get(id)
        if found is None:
            return None
        self._kept.move_to_end(id)
        return found[1]

    def _drop(self, id: str) -> None:
        size, _ = self._kept.pop(id, (0, ()))
        self._bytes -= size
