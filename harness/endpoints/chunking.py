"""How a recorded stream came: how its frames lie in the network reads, and when they came."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from harness.recording.cassette import Exchange

FEWEST_FRAMES = 4
"""Streams with fewer say nothing about how they are cut."""
FEWEST_READS = 2
_SIZES = (64, 256, 1024, 4096, 16_384)
_SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Reads:
    """One stream: frames per network read, the part of reads that end within a frame, the median size of a read in
    bytes; and in seconds, where times were kept, when the first byte came and the longest silence after it."""

    frames_per_read: float
    splits: float
    size: float
    first_s: float | None
    silence_s: float | None

    @property
    def cut(self) -> str:
        """How the frames lie in the reads, in words."""
        if self.splits > 0.2:
            return "reads that end within frames"
        if self.frames_per_read < 1.5:
            return "a frame a read"
        return "several frames a read"


def reads_of(exchange: Exchange, offsets: Sequence[int], body: bytes) -> Reads | None:
    """How a stream came whose frames begin at those bytes; None where its reads are not known, or too few to tell."""
    chunks = exchange.response.chunks
    if len(offsets) < FEWEST_FRAMES or len(chunks) < FEWEST_READS or len(body) != len(exchange.response.body):
        return None
    starts, ends = sorted(offsets), list(accumulate(len(chunk.data) for chunk in chunks))
    within = [end for end in ends[:-1] if not _is_between(body, starts, end)]
    pauses = [chunk.pause_s for chunk in chunks]
    has_times = any(pauses) or exchange.response.before_head_s > 0
    return Reads(
        frames_per_read=len(offsets) / len(chunks),
        splits=len(within) / (len(ends) - 1),
        size=median(len(chunk.data) for chunk in chunks),
        first_s=exchange.response.before_head_s + pauses[0] if has_times else None,
        silence_s=max(pauses[1:]) if has_times else None,
    )


def _is_between(body: bytes, starts: Sequence[int], end: int) -> bool:
    """Whether a read that ends there ends with a frame: nothing but comments and line ends lies up to the next."""
    at = bisect_left(starts, end)
    between = body[end : starts[at] if at < len(starts) else len(body)].strip(b"\r\n ,]")
    return not between or (between.startswith(b":") and body[end - 1 : end] in (b"\r", b"\n"))


@dataclass(frozen=True, slots=True)
class Habit:
    """What most streams of a set have in common: a name for it, the class that most are in, and how many of all."""

    what: str
    usual: str
    count: int
    of: int


def habits(reads: Sequence[Reads]) -> dict[str, Habit]:
    """What is usual in those streams; nothing is said where fewer than four of five agree."""
    questions: dict[str, Callable[[Reads], str | None]] = {
        "how frames lie in network reads": lambda one: one.cut,
        "the size of a read": lambda one: _class(one.size, _SIZES, "bytes"),
        "the time to the first byte": lambda one: _class(one.first_s, _SECONDS, "s"),
        "the longest silence": lambda one: _class(one.silence_s, _SECONDS, "s"),
    }
    found = {}
    for what, classify in questions.items():
        answers = Counter(answer for one in reads if (answer := classify(one)) is not None)
        if answers and (usual := answers.most_common(1)[0])[1] * 5 >= answers.total() * 4:
            found[what] = Habit(what, usual[0], usual[1], answers.total())
    return found


def _class(value: float | None, edges: Sequence[float], unit: str) -> str | None:
    if value is None:
        return None
    at = bisect_left(edges, value)
    if at == 0:
        return f"up to {edges[0]:g} {unit}"
    return f"over {edges[-1]:g} {unit}" if at == len(edges) else f"{edges[at - 1]:g} to {edges[at]:g} {unit}"
