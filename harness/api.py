"""The functions of the Python API that belong to no single room: bytes in, transcript out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.dialects import dialect as dialect_record
from harness.dialects.base import Decoder
from harness.events import AnyEvent
from harness.transcript import Assembler, Transcript, fold

__all__ = ["decode", "decoder", "events", "fold"]


def decoder(dialect: str, *, think_tags: bool = False) -> Decoder:
    """The incremental decoder of `dialect`: `feed(bytes)` and `close()`, both giving a list of events.

    With `think_tags`, inline `<think>` blocks become reasoning. Raises `UnknownDialect`, a ValueError.
    """
    plain = dialect_record(dialect).decoder()
    return _ThinkingDecoder(plain) if think_tags else plain


def events(dialect: str, chunks: bytes | Iterable[bytes], *, think_tags: bool = False) -> Iterator[AnyEvent]:
    """The events of a whole body, given as bytes or as its network reads."""
    incremental = decoder(dialect, think_tags=think_tags)
    for chunk in (chunks,) if isinstance(chunks, bytes) else chunks:
        yield from incremental.feed(chunk)
    yield from incremental.close()


def decode(dialect: str, chunks: bytes | Iterable[bytes], *, think_tags: bool = False) -> Transcript:
    """What a recorded stream amounts to.

    `chunks` is the body as `bytes`, or any iterable of `bytes`, one network read each; the result does not depend on
    the cutting. It never raises for what the bytes say: a broken stream has the status `truncated` or `failed`.
    Raises `UnknownDialect`, a ValueError.
    """
    assembler = Assembler(dialect)
    assembler.feed(events(dialect, chunks, think_tags=think_tags))
    return assembler.close()


class _ThinkingDecoder:
    """A decoder whose events go through the think-tag filter."""

    def __init__(self, plain: Decoder) -> None:
        from harness.stack.think_tags import ThinkTags

        self._plain, self._tags = plain, ThinkTags()

    def feed(self, data: bytes) -> list[AnyEvent]:
        return self._tags.feed(self._plain.feed(data))

    def close(self) -> list[AnyEvent]:
        return [*self._tags.feed(self._plain.close()), *self._tags.close()]
