"""Our own decoders, fed directly: no HTTP, no sockets, each chunk of a response as one read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from harness import __version__
from harness.catalogue.models import FEATURES, GATEWAY_FEATURES
from harness.dialects import dialect, dialect_names
from harness.fuzz.outcome import ORDER, Ended, Outcome
from harness.fuzz.stream import Stream
from harness.stack.think_tags import TAG_NAMES, ThinkTags
from harness.stack.unpacking import GzipMembers
from harness.systems.base import Description
from harness.transcript import Assembler, Transcript
from harness.wire.response import WireResponse

DECODERS = "decoders"
WITH_TAGS = "with think tags"
"""The key of an outcome's `extra` for the transcript in which inline think blocks are reasoning."""

CODINGS = (None, "", "identity", "gzip", "x-gzip", "deflate")
"""Content codings that are unpacked here."""

_ENDED: dict[str, Ended] = {
    "completed": "completed",
    "truncated": "truncated",
    "cancelled": "cancelled",
    "failed": "error",
}


class DecoderSubject:
    """The decoders of all dialects, called `decoders`.

    Where a stream holds think tags, it is read with the think-tag filter as well: the outcome has both transcripts.
    """

    spec = DECODERS
    exact = True
    """Whether nothing at all may differ where only the cutting does, warnings and their places included."""

    def __init__(self) -> None:
        self.description = Description(
            DECODERS, __version__, "python", dialect_names(), frozenset(FEATURES) - GATEWAY_FEATURES
        )

    def takes(self, stream: Stream) -> bool:
        """Whether there is a decoder for it, and it is in no content coding that only HTTP clients unpack."""
        return stream.dialect in dialect_names() and stream.response.header("content-encoding") in CODINGS

    def outcome(self, stream: Stream, response: WireResponse) -> Outcome:
        """What the decoder of the stream's dialect makes of `response`, however that one ends."""
        plain, tagged = Assembler(stream.dialect), None
        tags = ThinkTags() if has_think_tags(stream) else None
        if tags is not None:
            tagged = Assembler(stream.dialect)
        decoder = dialect(stream.dialect).decoder()
        for data in reads(response):
            events = decoder.feed(data)
            plain.feed(events)
            if tags is not None and tagged is not None:
                tagged.feed(tags.feed(events))
        events = decoder.close()
        plain.feed(events)
        transcript = plain.close()
        extra: dict[str, Any] = {ORDER: order_of(transcript)}
        if tags is not None and tagged is not None:
            tagged.feed([*tags.feed(events), *tags.close()])
            extra[WITH_TAGS] = _compared(tagged.close())
        return outcome_of(transcript, extra)

    def outcomes(self, stream: Stream, responses: Sequence[WireResponse]) -> list[Outcome]:
        """The same for many, one after another."""
        return [self.outcome(stream, response) for response in responses]

    def close(self) -> None:
        """There is nothing to stop."""


def outcome_of(transcript: Transcript, extra: dict[str, Any]) -> Outcome:
    """The outcome of a stream that amounts to `transcript`."""
    return Outcome(transcript.to_dict(), _ENDED[transcript.status], transcript.error, extra)


def order_of(transcript: Transcript) -> list[str]:
    """The kinds of the parts in their order, neighbours of one kind as one; a signature is its data."""
    named = [f"signature {part.signature.data}" if part.signature else part.kind for part in transcript.parts]
    return [name for name, _ in groupby(named)]


def _compared(transcript: Transcript) -> dict[str, Any]:
    """What of a transcript with think tags must not change; its warnings are those of the plain one and the tags'."""
    said = transcript.to_dict()
    warnings = [warning["rule"] for warning in said.pop("warnings") if warning["rule"].startswith("think-tag")]
    kept = ("status", "text", "reasoning", "refusal", "tool_calls", "finish")
    return {**{key: said[key] for key in kept}, "warnings": warnings, ORDER: order_of(transcript)}


def has_think_tags(stream: Stream) -> bool:
    """Whether the intact stream may hold a think tag; of one in a content coding, it is taken for granted."""
    return _may_hold_tags(stream.body) or bool(stream.response.header("content-encoding"))


@lru_cache(maxsize=64)
def _may_hold_tags(body: bytes) -> bool:
    return any(name.encode() in body for name in TAG_NAMES)


def reads(response: WireResponse) -> Iterable[bytes]:
    """The bytes of a response read by read, without their content coding, in the coding that we would be given."""
    response = response.accepted_by("gzip, deflate")
    chunks = (chunk.data for chunk in response.chunks)
    coding = response.header("content-encoding")
    if coding in ("gzip", "x-gzip"):
        return _unpacked(GzipMembers().feed, chunks)
    return _unpacked(_Inflate().feed, chunks) if coding == "deflate" else chunks


def _unpacked(feed: Any, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Until the coding is broken: what came before that was read."""
    try:
        for data in chunks:
            if plain := feed(data):
                yield plain
    except zlib.error:
        return


class _Inflate:
    """Deflate with zlib's wrapper, or without it, as some servers have it."""

    def __init__(self) -> None:
        self._held = b""
        self._unpacker: Any = None

    def feed(self, data: bytes) -> bytes:
        """What `data` unpacks to. Raises zlib.error."""
        if self._unpacker is None:
            self._held += data
            if len(self._held) < 2:
                return b""
            data = self._held
            wrapped = data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._unpacker = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        plain: bytes = self._unpacker.decompress(data)
        return plain
