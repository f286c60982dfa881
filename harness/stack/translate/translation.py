"""A recorded or running stream in another dialect: bytes in, frames out, as the bytes come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.dialects.base import Decoder, Dialect, Loss, steps_of
from harness.events import End, Status
from harness.stack.translate.stream import StreamWriter


class Translation:
    """The frames of a translated stream. Iterate over it once: each item is one whole frame of the target, as bytes.

    A frame is given as soon as the bytes that it says have been read. `losses` and `status` are those of what was read
    so far. Nothing that the bytes say raises: a stream that is cut off or fails ends with the target's error frame.
    """

    def __init__(self, source: Dialect, target: Dialect, decoder: Decoder, chunks: Iterable[bytes]) -> None:
        self.decoder = decoder
        self.writer = StreamWriter(source, target)
        self._chunks = chunks
        self._status: Status | None = None

    @property
    def losses(self) -> list[Loss]:
        """What the target could not say, each thing once: `what` is a name of the table of losses, `detail` words."""
        return self.writer.losses

    @property
    def status(self) -> Status | None:
        """How the original ended; None until it was read to its end."""
        return self._status

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            yield from self.feed(chunk)
        yield from self.close()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes: those of each frame of the original, so that cuts do not matter."""
        return [frame for events in steps_of(self.decoder, data) for frame in self.writer.feed(events)]

    def close(self) -> list[bytes]:
        """The frames that the end of the original completes."""
        events = self.decoder.close()
        if events and isinstance(end := events[-1], End):
            self._status = end.status
        return self.writer.feed(events)
