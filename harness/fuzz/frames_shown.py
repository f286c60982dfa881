"""The first two layers of a proof: that a body's frames, and the events of each, are the same however it is cut.

What is shown of a decoder and a body serves the filter and the translations behind it too: it is kept for the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

from harness.events import Other
from harness.fuzz.layers import Layers
from harness.fuzz.slices import Broken, Walk, alike, walk
from harness.fuzz.state import Snapshot, Unseen, restored, same, snapshot

_SMALL = 128  # bytes of a body of which every slice is fed to the framing
_RUNS = 400_000  # slices between clean places


@dataclass(frozen=True, slots=True)
class FramesShown:
    """What was shown, and where the frames of the body are given."""

    ends: list[int]
    slices: int


@lru_cache(maxsize=1)
def frames_shown(fresh: Snapshot, body: bytes) -> FramesShown:
    """Shows it of the decoder whose first state is `fresh`. Raises Broken where it does not hold, and Unseen where it
    cannot be shown."""
    layers = Layers(fresh, is_decoder=True, is_translation=False)
    framing = walk(layers.framing(), body)
    _show_framing(framing, layers)
    ends = [place for place in range(1, len(body) + 1) if framing.given[place] > framing.given[place - 1]]
    decoded = walk(layers.decoder(), body, ends)
    _show_reading(framing, decoded, layers)
    return FramesShown(ends, framing.slices + decoded.slices)


@lru_cache(maxsize=1)
def frame_ends(fresh: Snapshot, body: bytes) -> list[int]:
    """Where the frames of the body are given, when it comes byte by byte; nothing is shown of it."""
    framing = Layers(fresh, is_decoder=True, is_translation=False).framing()
    return [place for place in range(1, len(body) + 1) if framing.feed(body[place - 1 : place])]


def _show_framing(framing: Walk, layers: Layers) -> None:
    """Every slice between two starts, and from the last start to every place."""
    size = len(framing.body)
    starts, last = layers.starts(framing.body)
    inner = range(1, size + 1)
    framing.hold((last[place - 1], place) for place in inner)
    if not layers.has_blocks(framing.body):
        if len(starts) * size > _RUNS:
            raise Unseen(f"{len(starts)} messages are too many for every slice from one of them")
        framing.hold((start, end) for start in starts for end in inner if end > start)
    elif len(starts) ** 2 / 2 <= _RUNS:
        framing.hold(combinations(starts, 2))
    else:
        raise Unseen(f"{len(starts)} blocks are too many for every run of them")
    if size <= _SMALL:
        framing.hold(combinations(range(size + 1), 2))


def _show_reading(framing: Walk, decoded: Walk, layers: Layers) -> None:
    """The frames, read by a decoder whose framing is taken away, give what they give with it, and that stays so.

    Of all events, only an Other holds what could be changed behind the back of a reader that is given it later.
    """
    alone: Any = layers.decoder()
    given: list[Any] = []
    extras: list[tuple[Other, Snapshot]] = []
    del alone.framing
    try:
        for frame in framing.output:
            before = len(given)
            alone._read([frame], given)
            extras += [(event, snapshot(event)) for event in given[before:] if type(event) is Other]
    except AttributeError as error:
        raise Unseen(f"the decoder looks at its framing while it reads frames: {error}") from error
    if any(not same(snapshot(event), then) for event, then in extras):
        raise Unseen("the decoder changes what it has given")
    size = len(framing.body)
    if not alike(given, decoded.output):
        raise Broken(0, size, "give other events than their frames one by one")
    behind = restored(decoded.states[size])
    del behind.framing
    if not same(snapshot(alone), snapshot(behind)):
        raise Broken(0, size, "leave the decoder in another state than their frames one by one")
