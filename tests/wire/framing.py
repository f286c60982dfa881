"""What every framer must hold, whatever its framing: given here as functions over a framer's class."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.wire.frame import Frame, Framer


def frames(framer: Framer, chunks: bytes | Iterable[bytes]) -> list[Frame]:
    """Everything that the framer gives of a body in these reads."""
    pieces = [chunks] if isinstance(chunks, bytes) else chunks
    return [frame for piece in pieces for frame in framer.feed(piece)] + framer.close()


def payloads(framer: Framer, chunks: bytes | Iterable[bytes]) -> list[bytes]:
    """The data of those frames."""
    return [frame.data for frame in frames(framer, chunks)]


def assert_cuts_do_not_matter(make: Callable[[], Framer], body: bytes) -> None:
    """Whole, byte by byte, and cut in two at every place: the same frames."""
    whole = frames(make(), body)
    assert frames(make(), [body[at : at + 1] for at in range(len(body))]) == whole
    for at in range(len(body) + 1):
        assert frames(make(), [body[:at], b"", body[at:]]) == whole, at
