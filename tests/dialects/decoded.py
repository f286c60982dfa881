"""Decoding in tests: a body, cut in any way, to its events and its transcript."""

from __future__ import annotations

from collections.abc import Iterable

from harness.dialects import dialect
from harness.events import AnyEvent
from harness.transcript import Transcript, fold


def events(name: str, chunks: bytes | Iterable[bytes]) -> list[AnyEvent]:
    """Everything that the dialect's decoder gives."""
    decoder = dialect(name).decoder()
    pieces = [chunks] if isinstance(chunks, bytes) else chunks
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()


def transcript(name: str, chunks: bytes | Iterable[bytes]) -> Transcript:
    """What the body amounts to."""
    return fold(name, events(name, chunks))


def encoded(name: str, said: Iterable[AnyEvent]) -> bytes:
    """The body that the dialect's encoder makes of events, ended well."""
    encoder = dialect(name).encoder()
    return b"".join([frame for event in said for frame in encoder.feed(event)] + encoder.close())


def single_bytes(body: bytes) -> list[bytes]:
    """The body byte by byte."""
    return [body[at : at + 1] for at in range(len(body))]


def every_cut(body: bytes) -> Iterable[list[bytes]]:
    """The body in two pieces, in every way."""
    return ([body[:at], body[at:]] for at in range(len(body) + 1))
