"""How one of our readers is built, looked up in its classes: of one that is built otherwise, nothing is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.dialects.decoding import FrameDecoder, Framing
from harness.dialects.gemini import framing as gemini
from harness.fuzz.slices import Reader
from harness.fuzz.state import restored, snapshot
from harness.stack.think_tags import ThinkingDecoder, ThinkTags
from harness.stack.translate.stream import StreamWriter
from harness.stack.translate.translation import Translation
from harness.wire import aws_event_stream, json_array, ndjson, sse
from harness.wire.blocks import Blocks

_IN_BLOCKS: tuple[Callable[..., Any], ...] = (sse.Framer.feed, ndjson.Framer.feed, json_array.Framer.feed)
"""The methods of framers that look at nothing but the blocks they are given."""
_JOINING: tuple[Callable[..., Any], ...] = (aws_event_stream.Framer.feed,)
"""Those that join what waits with what comes, and look at it from the start."""
_OF_DECODERS = ("feed", "steps", "_read")


@dataclass(frozen=True, slots=True)
class Layers:
    """A reader of ours, taken apart. The parts are made anew each time."""

    fresh: bytes
    """The decoder at the heart of it, before any byte."""
    is_decoder: bool
    """Whether it is nothing but that decoder."""
    is_translation: bool

    def decoder(self) -> FrameDecoder:
        """The decoder."""
        decoder: FrameDecoder = restored(self.fresh)
        return decoder

    def framing(self) -> Framing:
        """Its framing."""
        return self.decoder().framing

    def starts(self, body: bytes) -> tuple[list[int], list[int]]:
        """The places where what waits begins anew, in order, with both ends of the body; and for each place the last
        of them up to it."""
        framing, size = self.framing(), len(body)
        before, starts = 0, [0]
        for place in range(1, size + 1):
            framing.feed(body[place - 1 : place])
            waits = waiting(framing.framer)
            if waits != before + 1:
                starts.append(place)
            before = waits
        edges = starts if starts[-1] == size else [*starts, size]
        last = [starts[-1]] * (size + 1)
        for start, end in pairwise(starts):
            last[start:end] = [start] * (end - start)
        return edges, last

    def has_blocks(self, body: bytes) -> bool:
        """Whether its framer, which the body's first bytes choose, sees nothing but blocks."""
        framing = self.framing()
        framing.feed(body)
        return _build(framing.framer) == "blocks"


def layers_of(reader: Reader) -> Layers | None:
    """The layers of a reader; None where it is not built of ours. Raises Unseen."""
    inner: Any = reader
    if type(inner) is Translation:
        if type(inner.writer) is not StreamWriter:
            return None
        inner = inner.decoder
    if type(inner) is ThinkingDecoder:
        if type(inner.tags) is not ThinkTags:
            return None
        inner = inner.plain
    if not isinstance(inner, FrameDecoder) or type(inner.framing) is not Framing:
        return None
    own = any(getattr(type(inner), name) is not getattr(FrameDecoder, name) for name in _OF_DECODERS)
    if own or not vars(inner).keys().isdisjoint(_OF_DECODERS):
        return None
    if _build(inner.framing.framer) is None:
        return None
    return Layers(snapshot(inner), is_decoder=inner is reader, is_translation=type(reader) is Translation)


def _build(framer: Any) -> str | None:
    """How a framer is built: `blocks`, `joining`, or None where that is not known."""
    feed = type(framer).feed
    if feed is gemini.Framer.feed:  # joins what is blank before it chooses, and then is what it chose
        return "joining" if framer._inner is None else _build(framer._inner)
    if feed in _IN_BLOCKS:
        return "blocks" if type(framer._blocks) is Blocks else None
    return "joining" if feed in _JOINING else None


def waiting(framer: Any) -> int:
    """Bytes that wait for those that follow them."""
    count: int = framer.waiting
    return count
