"""Proves of one body that no way of cutting it changes what our decoders, filters and translations make of it.

**What is proved.** A body of n bytes can be cut in 2^(n-1) ways. `complete` means: under every one of them the reader
gives exactly the same events (or frames, and losses) in the same order, from its first read to its close. Nothing is
said of other bodies, of where in time an event comes, of reads that are empty, or of the gateway, which hands on what a
read brings at once.

**The argument.** Let c(i) be the state after the first i bytes came one by one. If a read of the bytes from i to j
leads from c(i) exactly to c(j), with exactly the output between, for all i < j, then every cutting ends in c(n) with
the same output, by induction over its reads; and so its close is the same. There are n²/2 such slices: too many for a
body of some thousand bytes. But our readers are built in layers, so that few of them are different computations:

1. *Framing.* Bytes become frames in `Framing`, which holds the only state that sees reads. Its framer either is built
   on `wire.blocks.Blocks`, or joins what waits with what comes before it looks at either. A *start* is a place where
   what waits begins anew: most often, where nothing waits.
   - Joining: what a read does depends on what waits and on what comes only as if both came together. So a slice from i
     is the slice from the last start before i, if that one holds up to i.
   - Blocks: what comes after the last possible end is kept for later and not looked at. So a slice that ends at j is
     the slice up to the last start before j, and then the bytes from there to j, if these hold by themselves.
   Hence all slices hold if these do: from every start to every later one, and from every place's last start to that
   place. They are all looked at. Where there are no blocks, it is every slice from a start to any place.
2. *Reading.* Frames become events one at a time, in a loop with no state but the reader's own. That nothing in it looks
   at the framing is made sure of by taking that away from a reader and having it read the frames all the same; that no
   event changes after it was given, by looking at it again. So the same frames give the same events.
3. *Filter and translation* take the events of one frame at a time in the same way: the same events of each frame, the
   same output. A transcript, with its tool calls, is folded from the events one by one.

**The premises**, and where each is held by itself (tests/fuzz):
- a reader's state is all that it depends on, and `state` sees all of it: no global of the modules that read changes
  while they read, and a restored state goes on as the one that was saved;
- a reader has no other clock, chance or input: what it does twice is the same twice;
- `Blocks`: shown for every cutting of every short body of an alphabet of ends and others;
- joining: shown for every framer, slice by slice, with what waits put before what comes;
- the layers are built so: looked up in the classes of the reader before anything is concluded. A reader that is built
  otherwise is not believed anything: each of its slices is fed to it, or the proof is not called complete;
- no frame of the body is near the limit of a frame's size, where it matters when a read ends.

**Besides**, the conclusion is tried on the whole reader: in one read, byte by byte, cut at every place (a small body
with a single cut each time, a larger one in one place of every frame at a time), and with runs of whole frames in one
read; small bodies with every slice. Filter and translation of a larger body are cut once in every frame. Bodies above
the limit are cut at every place and by random plans; nothing more is shown of them, and their proof is not complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from operator import sub
from random import Random
from typing import Any

from harness.dialects import dialect as dialect_record
from harness.fuzz.frames_shown import frame_ends, frames_shown
from harness.fuzz.layers import Layers, layers_of
from harness.fuzz.plans import fewest_cuts
from harness.fuzz.slices import Broken, Reader, Walk, alike, read, stride, walk
from harness.fuzz.state import Unseen, restored, same, snapshot
from harness.stack.think_tags import ThinkingDecoder
from harness.stack.translate.translation import Translation
from harness.wire.frame import FRAME_LIMIT

LIMIT = 8192
"""Bytes of a body up to which proofs are complete."""
PLANS = 200
"""Random plans for a larger body."""
_PLANS_OF_TRANSLATION = 20
_SMALL = 96  # bytes of a body of which every slice is fed to the whole reader
_SMALL_UNKNOWN = 256  # and of a reader of unknown build
_SINGLES = 512  # bytes of a body of which every single cut goes through filter and translation too
_WHOLE_SINGLES = 1024  # and of one of which no two cuts go through the decoder at a time
_BYTE_BY_BYTE = 2048  # and of one that goes through them byte by byte
_FRAME_RUNS = 1_000  # runs of whole frames through the decoder, which else has those at the edges and short ones
_FRAME_RUNS_BEHIND = 100  # and through filter and translation
_LONG = 32_768  # bytes of a frame of which not every single cut is tried
_PAIRS = 4_000  # slices of a reader of unknown build, above the small ones

Make = Callable[[], Reader]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown of one body. `broken` is a plan of cuts under which the reader says something else."""

    complete: bool
    note: str
    slices: int
    """Reads that were looked at, each from a canonical state to the next, and readings of the whole body."""
    broken: Mapping[str, Any] | None = None
    shown: bool = True
    """False: it is broken, or nothing could be shown at all; the note says which."""


def prove(
    dialect: str, body: bytes, *, think_tags: bool = False, target: str | None = None, limit: int = LIMIT
) -> Proof:
    """Proves that no cutting of `body` matters to our decoder of `dialect`; with `think_tags`, through that filter;
    with `target`, in the frames and losses of its translation into that dialect. Raises UnknownDialect."""
    return prove_reader(lambda: our_reader(dialect, think_tags=think_tags, target=target), body, limit=limit)


def our_reader(dialect: str, *, think_tags: bool = False, target: str | None = None) -> Reader:
    """The reader that is proved. Raises UnknownDialect."""
    source = dialect_record(dialect)
    decoder = ThinkingDecoder(source.decoder()) if think_tags else source.decoder()
    return decoder if target is None else Translation(source, dialect_record(target), decoder, ())


def prove_reader(make: Make, body: bytes, *, limit: int = LIMIT) -> Proof:
    """The same of any reader that `make` makes anew; one of unknown build is complete only where it is fed all."""
    attempt = _Attempt(make, body)
    try:
        if not attempt.steady():
            return attempt.gave_up("the reader does not do the same twice")
        if len(body) < 2:
            return Proof(True, "there is no way to cut it", attempt.slices)
        layers = layers_of(make())
        if layers is None:
            return attempt.of_unknown_build()
        return attempt.complete(layers) if len(body) <= limit else attempt.sampled()
    except Broken as broken:
        return attempt.broken(broken)
    except Unseen as unseen:
        return attempt.gave_up(str(unseen))


class _Attempt:
    """One proof while it is made."""

    def __init__(self, make: Make, body: bytes) -> None:
        self._make = make
        self._body = body
        self._size = len(body)
        self._whole: list[Any] = []
        self._walks: list[Walk] = []
        self._readings = 0

    @property
    def slices(self) -> int:
        """All that was looked at so far."""
        return self._readings + sum(each.slices for each in self._walks)

    def steady(self) -> bool:
        """Whether the reader makes the same of the body twice."""
        self._whole = self._read(())
        return alike(self._whole, self._read(()))

    def complete(self, layers: Layers) -> Proof:
        """Layer by layer, and then the conclusion."""
        if self._size > FRAME_LIMIT // 2:
            return self.gave_up("a frame of it may be near the limit of a frame's size")
        frames = frames_shown(layers.fresh, self._body)
        self._readings += frames.slices
        reader = self._walk(self._make(), frames.ends, in_frames=not layers.is_decoder)
        tried = self._conclusion(reader, frames.ends, is_decoder=layers.is_decoder)
        note = f"every slice of its framing, and its frames ({len(frames.ends)}) one by one; besides, {tried}"
        return Proof(True, note, self.slices)

    def sampled(self) -> Proof:
        """A large body: every single cut of the frames it lies in, and random plans."""
        layers = layers_of(self._make())
        assert layers is not None
        places = frame_ends(layers.fresh, self._body)
        reader = self._walk(self._make(), places, in_frames=not layers.is_decoder)
        edges = sorted({0, *places, self._size})
        reader.hold(pairwise(edges))
        reader.hold(zip(edges, edges[2:], strict=False))
        self._same([*range(1, self._size)])
        if layers.is_decoder:
            self._cut_everywhere(reader, edges)
        count = PLANS if layers.is_decoder or not layers.is_translation else _PLANS_OF_TRANSLATION
        self._plans(count)
        long = ", but for the middle of very long frames," if max(map(sub, edges[1:], edges)) > _LONG else ""
        what = f"a cut at every place{long}" if layers.is_decoder else "every cut between two frames"
        return Proof(False, f"{what} and {count} random plans: the body is above the limit", self.slices)

    def of_unknown_build(self) -> Proof:
        """A reader whose layers are not known: every slice of a small body, a good many of a larger one."""
        reader = self._walk(self._make(), None)
        self._same([*range(1, self._size)])
        if self._size <= _SMALL_UNKNOWN:
            reader.hold(combinations(range(self._size + 1), 2))
            return Proof(True, "every slice, through a reader whose build is not known", self.slices)
        for place in range(1, self._size):
            self._same([place])
        random = Random(self._size)
        places = range(self._size + 1)
        reader.hold(_ordered(random.sample(places, 2)) for _ in range(_PAIRS))
        self._plans(PLANS)
        return Proof(False, "the build of the reader is not known: every single cut and random plans", self.slices)

    def broken(self, broken: Broken) -> Proof:
        """What a slice that does not hold comes to: a plan, where the reader's user can see it."""
        cuts = fewest_cuts(lambda cuts: not alike(self._read(cuts), self._whole), self._size, broken.start, broken.end)
        if cuts is None:
            return Proof(False, f"{broken}; no plan was found in which that is seen", self.slices, None, False)
        return Proof(False, str(broken), self.slices, {"cuts": cuts}, False)

    def gave_up(self, why: str) -> Proof:
        """Nothing was shown."""
        return Proof(False, f"not proved: {why}", self.slices, None, False)

    def _conclusion(self, reader: Walk, filled: list[int], *, is_decoder: bool) -> str:
        """The whole reader, tried. What was done, in words."""
        self._same([])
        if is_decoder or self._size <= _BYTE_BY_BYTE:
            self._same([*range(1, self._size)])
        edges = sorted({0, *filled, self._size})
        every = len(edges) ** 2 / 2 <= (_FRAME_RUNS if is_decoder else _FRAME_RUNS_BEHIND)
        reader.hold(combinations(edges, 2) if every else _some_runs(edges))
        if self._size <= _SMALL and is_decoder:
            wide = self._walk(self._make(), None)
            wide.hold(combinations(range(self._size + 1), 2))
        if not is_decoder and self._size > _SINGLES:
            self._same(edges[1:-1])
            self._same([(start + end) // 2 for start, end in pairwise(edges) if end - start > 1])
            cuts = "a cut in every frame"
        elif self._size > _WHOLE_SINGLES:
            self._cut_everywhere(reader, edges)
            cuts = "a cut at every place"
        else:
            for place in range(1, self._size):
                self._same([place])
            cuts = "every single cut"
        return f"{'every run' if every else 'short and long runs'} of frames and {cuts}"

    def _cut_everywhere(self, reader: Walk, edges: list[int]) -> None:
        """A cut at every place, with whole frames around it. Where many frames are as long, each has one at a time."""
        frames = [*pairwise(edges)]
        wide = [(start, end) for start, end in frames if end - start > _LONG]
        for start, end in wide:
            self._cut_within(reader, start, end, _within(start, end))
        offset, others = 1, [frame for frame in frames if frame not in wide]
        while others := [(start, end) for start, end in others if start + offset < end]:
            if len(others) > len(frames) // 5:
                self._same([start + offset for start, _ in others])
            else:
                for start, end in others:
                    self._cut_within(reader, start, end, [start + offset])
            offset += 1

    def _cut_within(self, reader: Walk, start: int, end: int, places: Iterable[int]) -> None:
        """Single cuts of one frame, up to its end, where the state is canonical again."""
        given = reader.output[reader.given[start] : reader.given[end]]
        for place in places:
            again = restored(reader.states[start])
            self._readings += 1
            pieces = [*again.feed(self._body[start:place]), *again.feed(self._body[place:end])]
            if not alike(pieces, given) or not same(snapshot(again), reader.states[end]):
                raise Broken(start, place, "and the rest of the frame in another give something else")

    def _plans(self, count: int) -> None:
        """Random plans of few cuts and many; the same for the same size of body."""
        random = Random(self._size)
        for _ in range(count):
            cuts = min(self._size - 1, random.choice((2, 3, 5, 8, 13, 34, 89, 233)))
            self._same(sorted(random.sample(range(1, self._size), cuts)))

    def _same(self, cuts: list[int]) -> None:
        if not alike(self._read(cuts), self._whole):
            raise Broken(0, cuts[0] if cuts else self._size, "give something else than the body in one read")

    def _read(self, cuts: Any) -> list[Any]:
        """All that a new reader gives, and of a translation what it lost."""
        self._readings += 1
        reader = self._make()
        given = read(reader, self._body, cuts)
        return [*given, *reader.losses] if isinstance(reader, Translation) else given

    def _walk(self, reader: Reader, places: list[int] | None, *, in_frames: bool = False) -> Walk:
        made = stride(reader, self._body, places or ()) if in_frames else walk(reader, self._body, places)
        self._walks.append(made)
        return made


def _some_runs(edges: list[int]) -> Iterator[tuple[int, int]]:
    yield from pairwise(edges)
    yield from zip(edges, edges[2:], strict=False)
    yield from ((0, edge) for edge in edges[1:])
    yield from ((edge, edges[-1]) for edge in edges[:-1])


def _within(start: int, end: int) -> Iterable[int]:
    """The places inside a frame: all, or of a very long one those at its edges and some between."""
    if end - start <= _LONG:
        return range(start + 1, end)
    edge = _LONG // 32
    return [*range(start + 1, start + edge), *range(start + edge, end - edge, 997), *range(end - edge, end)]


def _ordered(pair: list[int]) -> tuple[int, int]:
    return min(pair), max(pair)
