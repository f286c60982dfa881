"""The body of a response as a case's page shows it: row by row, each beside what our decoder reads in it.

Systems that are given the same scenario are sent the same bytes: what is laid out here is kept for the next of them, so
it knows nothing of the times at which chunks were sent.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from markupsafe import Markup

from harness.dialects import dialect as dialect_record
from harness.dialects import stream_names
from harness.events import AnyEvent, to_builtins
from harness.report.case.event_lines import EventLine, event_line
from harness.report.case.packed import unpacked_chunks
from harness.report.visible import counted, hex_dump, left_out, marked_bytes, shown_bytes
from harness.runner.results import Alteration

FEW_CHUNKS = 40
"""Up to so many chunks each has a row of its own; above that, chunks share a row until one completes an event."""
WAS = 160
"""Bytes of an intact body that are shown where a changed one differs."""
SHARED_ROW = 1024
"""Bytes at which a shared row ends in any case."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a case its page shows."""

    rows: int
    row_bytes: int
    text_bytes: int
    hex_bytes: int
    request_characters: int
    events: int


FULL = Limits(rows=120, row_bytes=3_000, text_bytes=48_000, hex_bytes=4_096, request_characters=6_000, events=120)
BRIEF = Limits(rows=30, row_bytes=600, text_bytes=4_000, hex_bytes=0, request_characters=1_200, events=24)
"""For cases that passed, so that a report of hundreds stays small."""


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """One chunk of a response, or several that share a row."""

    first: int
    last: int
    offset: int
    size: int
    sent: bool
    text: Markup
    hexadecimal: str
    cut: str
    """Where its last byte cuts something in two, in words; empty where it does not, and for a shared row."""
    in_character: bool
    events: tuple[EventLine, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that the page leaves out."""

    chunks: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class BodyView:
    """A body, laid out. `closing` is what our decoder says when it ends; where it read nothing, `decoded` is false."""

    rows: tuple[ChunkRow | Gap, ...]
    size: int
    closing: tuple[EventLine, ...]
    decoded: bool
    marked: frozenset[int]
    """The offsets of findings that have a mark in the text."""


@dataclass(frozen=True, slots=True)
class Played:
    """A body as it was played: its chunks in base64, how many of them were sent, and what its headers say of it.

    `coding` is its content coding, `readable` says whether the status is one of those that go with a stream.
    """

    chunks: tuple[str, ...]
    sent: int
    coding: str
    readable: bool
    altered: tuple[Alteration, ...] = ()
    """Where it differs from an intact one."""


@dataclass(slots=True)
class _Chunk:
    number: int
    offset: int
    data: bytes
    sent: bool
    events: tuple[AnyEvent, ...]


@lru_cache(maxsize=64)
def body_view(played: Played, dialect: str, anchor: str, offsets: tuple[int, ...], limits: Limits) -> BodyView:
    """A body as its page shows it; `offsets` are the places in it that findings point to, sorted.

    `anchor` is the name of its attempt, with which the names of the marks begin; it is empty where there are none.
    """
    bodies = [base64.b64decode(each) for each in played.chunks]
    body = b"".join(bodies)
    known = dialect in stream_names()
    plain = unpacked_chunks(bodies, played.coding) if known and played.readable else None
    events, closing = _decode(plain, played.sent, dialect) if plain is not None else ([()] * len(bodies), ())
    starts = accumulate((len(data) for data in bodies), initial=0)
    chunks = [
        _Chunk(number, offset, data, number <= played.sent, tuple(read))
        for number, (offset, data, read) in enumerate(zip(starts, bodies, events, strict=False), 1)
    ]
    framed = plain is not None and plain == bodies  # packed bytes have no frames to be cut in two
    frame_ends = frozenset(accumulate(map(len, dialect_record(dialect).split_frames(body)))) if framed else None
    characters = b"" if played.coding and plain != bodies else body  # packed bytes are no characters
    rows = tuple(_Rows(body, characters, frame_ends, anchor, offsets, limits, played.altered).of(chunks))
    texts = [row.text for row in rows if isinstance(row, ChunkRow)]
    return BodyView(
        rows=rows,
        size=len(body),
        closing=tuple(map(event_line, map(to_builtins, closing))),
        decoded=plain is not None,
        marked=frozenset(offset for offset in offsets if any(_has_mark(text, anchor, offset) for text in texts)),
    )


def _decode(bodies: Sequence[bytes], sent: int, dialect: str) -> tuple[list[Sequence[AnyEvent]], Sequence[AnyEvent]]:
    """What our decoder gives for each chunk that was sent, and at the end."""
    decoder = dialect_record(dialect).decoder()
    events: list[Sequence[AnyEvent]] = [decoder.feed(data) for data in bodies[:sent]]
    unsent: list[Sequence[AnyEvent]] = [()] * (len(bodies) - len(events))
    return events + unsent, decoder.close()


class _Rows:
    """Lays chunks out in rows, within the limits."""

    def __init__(
        self,
        body: bytes,
        characters: bytes,
        frame_ends: frozenset[int] | None,
        anchor: str,
        offsets: Sequence[int],
        limits: Limits,
        altered: Sequence[Alteration],
    ) -> None:
        """`characters` are the body's, in which a cut may fall; none where it is packed."""
        self._body = body
        self._characters = characters
        self._frame_ends = frame_ends
        self._anchor = anchor
        self._offsets = offsets
        self._limits = limits
        self._altered = altered
        self._text_left = limits.text_bytes
        self._hex_left = limits.hex_bytes

    def of(self, chunks: Sequence[_Chunk]) -> Iterator[ChunkRow | Gap]:
        """The rows; where there are too many, those that a finding points to stay."""
        groups = list(_groups(chunks))
        skipped: list[_Chunk] = []
        for position, group in enumerate(groups):
            if not self._kept(position, len(groups), group):
                skipped += group
                continue
            if skipped:
                yield Gap(len(skipped), sum(len(chunk.data) for chunk in skipped))
                skipped = []
            yield self._row(group)
        if skipped:
            yield Gap(len(skipped), sum(len(chunk.data) for chunk in skipped))

    def _kept(self, position: int, count: int, group: Sequence[_Chunk]) -> bool:
        tail = self._limits.rows // 4
        if position < self._limits.rows - tail or position >= count - tail:
            return True
        start, end = group[0].offset, group[-1].offset + len(group[-1].data)
        return any(start <= offset < end for offset in self._offsets)

    def _row(self, group: Sequence[_Chunk]) -> ChunkRow:
        first, last = group[0], group[-1]
        size = last.offset + len(last.data) - first.offset
        end = first.offset + size
        in_character = _inside_character(self._characters, end)
        return ChunkRow(
            first=first.number,
            last=last.number,
            offset=first.offset,
            size=size,
            sent=last.sent,
            text=self._text(group, size),
            hexadecimal=self._hexadecimal(first.offset, size),
            cut=self._cut_words(end, in_character) if len(group) == 1 else "",
            in_character=in_character,
            events=tuple(map(event_line, map(to_builtins, _some(chunk.events for chunk in group)))),
        )

    def _text(self, group: Sequence[_Chunk], size: int) -> Markup:
        start = group[0].offset
        room = max(0, min(self._limits.row_bytes, self._text_left))
        self._text_left -= min(size, room)
        marks = sorted([*self._cut_marks(group), *self._finding_marks(start, size)], key=lambda mark: mark[0])
        if size <= room:
            return self._stretch(start, start + size, marks)
        head, tail = room * 3 // 4, room // 4
        first = self._stretch(start, start + head, marks)
        return first + left_out(size - head - tail, "bytes") + self._stretch(start + size - tail, start + size, marks)

    def _stretch(self, start: int, end: int, marks: Sequence[tuple[int, Markup]]) -> Markup:
        last = end + (end == len(self._body))  # what lies at the very end of the body belongs to the last row
        inside = [(position, mark) for position, mark in marks if start <= position < last]
        if self._altered:
            inside = sorted([*self._alteration_marks(start, end, last), *inside], key=lambda mark: mark[0])
        return marked_bytes(self._body[start:end], [(position - start, mark) for position, mark in inside])

    def _alteration_marks(self, start: int, end: int, last: int) -> Iterator[tuple[int, Markup]]:
        """What the intact body has instead, and around what this one has: whole elements within the stretch."""
        for each in self._altered:
            if each.was_size and start <= each.start < last:
                yield each.start, _was(each)
            if max(each.start, start) < min(each.end, end):
                yield max(each.start, start), Markup('<ins class="altered">')
                yield min(each.end, end), Markup("</ins>")

    def _cut_marks(self, group: Sequence[_Chunk]) -> list[tuple[int, Markup]]:
        """Where chunks that share a row are cut. Single bytes need no marks: the row says so."""
        if all(len(chunk.data) <= 1 for chunk in group):
            return []
        return [(chunk.offset, self._cut_mark(chunk.offset)) for chunk in group[1:]]

    def _cut_mark(self, position: int) -> Markup:
        if _inside_character(self._characters, position):
            return Markup('<u class="c" title="cut inside a UTF-8 character"></u>')
        return Markup('<u title="cut"></u>')

    def _finding_marks(self, start: int, size: int) -> list[tuple[int, Markup]]:
        form = '<mark id="{}" title="a finding points to byte {}"></mark>'
        return [
            (offset, Markup(form).format(_mark_id(self._anchor, offset), offset))
            for offset in self._offsets
            if start <= offset <= start + size
        ]

    def _hexadecimal(self, offset: int, size: int) -> str:
        shown = max(0, min(size, self._hex_left, self._limits.row_bytes))
        self._hex_left -= shown
        return hex_dump(self._body[offset : offset + shown], offset)

    def _cut_words(self, end: int, in_character: bool) -> str:
        if in_character:
            return "cut inside a UTF-8 character"
        within = self._frame_ends is not None and end > 0 and end not in self._frame_ends
        return "cut inside a frame" if within else ""


def _was(alteration: Alteration) -> Markup:
    """What the intact body has in the place of an alteration."""
    was = base64.b64decode(alteration.was_b64)
    rest = alteration.was_size - len(was[:WAS])
    return (
        Markup('<del class="altered">')
        + shown_bytes(was[:WAS])
        + (left_out(rest, "bytes") if rest else "")
        + Markup("</del>")
    )


def _groups(chunks: Sequence[_Chunk]) -> Iterator[list[_Chunk]]:
    """Chunks that share a row: one each, or, where there are many, as many as it takes to complete an event."""
    if len(chunks) <= FEW_CHUNKS:
        yield from ([chunk] for chunk in chunks)
        return
    group: list[_Chunk] = []
    size = 0
    for chunk in chunks:
        group.append(chunk)
        size += len(chunk.data)
        if chunk.events or size >= SHARED_ROW:
            yield group
            group, size = [], 0
    if group:
        yield group


def _some(events: Iterable[Iterable[AnyEvent]], most: int = 24) -> list[AnyEvent]:
    every = [event for each in events for event in each]
    return every[:most]


def _inside_character(body: bytes, position: int) -> bool:
    """Whether a cut at `position` leaves the first bytes of a UTF-8 character on one side and the rest on the other."""
    if position > len(body):
        return False
    for back in range(1, min(3, position) + 1):
        byte = body[position - back]
        if byte >= 0xC0:
            return back < 2 + (byte >= 0xE0) + (byte >= 0xF0)
        if byte < 0x80:
            return False
    return False


def _mark_id(anchor: str, offset: int) -> str:
    return f"{anchor}-b{offset}"


def _has_mark(text: Markup, anchor: str, offset: int) -> bool:
    return f'id="{_mark_id(anchor, offset)}"' in text


def size_words(row: ChunkRow) -> str:
    """How large a row is, and how many chunks share it."""
    count = row.last - row.first + 1
    if count == 1:
        return counted(row.size, "byte")
    return f"{count:,} × 1 byte" if count == row.size else f"{count:,} chunks, {counted(row.size, 'byte')}"
