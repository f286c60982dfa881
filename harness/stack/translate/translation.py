"""A recorded or running stream in another dialect: bytes in, frames out, as the bytes come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.dialects.base import Decoder, Dialect, Loss, steps_of
from harness.events import AnyEvent, End, Status
from harness.stack.translate.stream import StreamWriter


class Translation:
    """The frames of a translated stream. Iterate over it once: each item is one whole frame of the target, as bytes.

    A frame is given as soon as the bytes that it says have been read. `losses` and `status` are those of what was read
    so far. Nothing that the bytes say raises: a stream that is cut off or fails ends with the target's error frame.
    """

    def __init__(self, source: Dialect, target: Dialect, decoder: Decoder, chunks: Iterable[bytes]) -> None:
        self._writer = StreamWriter(source, target)
        self._decoder = decoder
        self._chunks = chunks
        self._status: Status | None = None

    @property
    def losses(self) -> list[Loss]:
        """What the target could not say, each thing once: `what` is a name of the table of losses, `detail` words."""
        return self._writer.losses

    @property
    def status(self) -> Status | None:
        """How the original ended; None until it was read to its end."""
        return self._status

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            for events in steps_of(self._decoder, chunk):  # or the grouping of calls would depend on the cutting
                yield from self._frames(events)
        yield from self._frames(self._decoder.close())

    def _frames(self, events: list[AnyEvent]) -> list[bytes]:
        if events and isinstance(end := events[-1], End):
            self._status = end.status
        return self._writer.feed(events)
