"""Does faults to a body, exactly: every byte, cut and pause lands where the fault says.

Pure functions from body to body. A body knows its bytes, and where frames, canonical events and chunks end in them;
each fault moves those marks along with the bytes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

from harness.catalogue.canonical import json_text
from harness.catalogue.faults import Chunks, Fault, GateFault, Insert, Pause, Place, Replace
from harness.wire.content_coding import Coding, CodingForm, encoded
from harness.wire.response import Chunk, Ending, Gate

BOM = b"\xef\xbb\xbf"
WriteFrame: TypeAlias = Callable[[str | dict[str, Any]], bytes]
"""A literal frame in a dialect's framing."""


class FaultMisplaced(ValueError):
    """The fault names a place that the body does not have."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its marks, all of them byte offsets in rising order.

    `event_ends[n]` is where the frames of the first n + 1 canonical events end, None for a body not made of events.
    `chunk_ends` None means: as the frames. `pauses` are (offset, seconds), waited before the byte at the offset;
    a gate there comes first.
    """

    data: bytes
    frame_ends: tuple[int, ...]
    event_ends: tuple[int, ...] | None = None
    chunk_ends: tuple[int, ...] | None = None
    pauses: tuple[tuple[int, float], ...] = ()
    gates: tuple[tuple[int, Gate], ...] = ()
    ending: Ending = "clean"
    missing_bytes: int = 0


def apply_faults(body: Body, faults: Iterable[Fault], write_frame: WriteFrame, coding: Coding | None = None) -> Body:
    """The body as the faults leave it, done in order. Raises FaultMisplaced.

    `coding` is the content coding that was agreed upon; without one, an `encode` and the faults behind it are left out.
    """
    for fault in faults:
        if fault.encode is None:
            body = _apply(body, fault, write_frame)
        elif coding is None:
            return body
        else:
            body = _encode(body, coding, fault.encode.form)
    return body


def to_chunks(body: Body) -> tuple[Chunk, ...]:
    """The chunks that the body goes over the wire in, each with the gate and the pause before it. None is empty."""
    size = len(body.data)
    ends = body.frame_ends if body.chunk_ends is None else body.chunk_ends
    pauses: dict[int, float] = {}
    for offset, seconds in body.pauses:
        pauses[offset] = pauses.get(offset, 0.0) + seconds
    gates = dict(body.gates)
    cuts = sorted({0, size, *(end for end in ends if 0 < end < size), *pauses, *gates})
    return tuple(Chunk(body.data[start:end], pauses.get(start, 0.0), gates.get(start)) for start, end in pairwise(cuts))


def _apply(body: Body, fault: Fault, write_frame: WriteFrame) -> Body:
    match fault:
        case Fault(cut=cut) if cut is not None:
            return _cut(body, _offset(body, cut), cut.how)
        case Fault(chunks=chunks) if chunks is not None:
            return replace(body, chunk_ends=_chunk_ends(body, chunks))
        case Fault(pause=pause) if pause is not None:
            return _pause(body, pause)
        case Fault(gate=gate) if gate is not None:
            return _gate(body, gate)
        case Fault(insert=insert) if insert is not None:
            return _insert(body, insert, write_frame)
        case Fault(replace=replacement) if replacement is not None:
            return _replace(body, replacement)
        case Fault(newline=newline) if newline is not None:
            line_end = b"\r\n" if newline == "crlf" else b"\r"
            return _splice(body, [(*found.span(), line_end) for found in re.finditer(rb"\r?\n", body.data)])
        case Fault(bom=True):
            return _splice(body, [(0, 0, BOM)])
    return replace(body, ending=fault.end or "clean", missing_bytes=1 if fault.end == "short_length" else 0)


def _encode(body: Body, coding: Coding, form: CodingForm) -> Body:
    """The body in a content coding; what was a chunk, or stood before a gate, can be unpacked as it comes."""
    plain = [chunk.data for chunk in to_chunks(body)]
    packed = encoded(plain, coding, form)
    ends = [0, *accumulate(map(len, plain))]
    packed_ends = [0, *accumulate(map(len, packed))]

    def moved(offset: int) -> int:
        return packed_ends[bisect_left(ends, offset)]

    def moved_all(offsets: Sequence[int]) -> tuple[int, ...]:
        return tuple(moved(offset) for offset in offsets)

    return replace(
        body,
        data=b"".join(packed),
        frame_ends=moved_all(body.frame_ends),
        event_ends=None if body.event_ends is None else moved_all(body.event_ends),
        chunk_ends=tuple(packed_ends[1:]),
        pauses=tuple((moved(offset), seconds) for offset, seconds in body.pauses),
        gates=tuple((moved(offset), gate) for offset, gate in body.gates),
    )


def _cut(body: Body, offset: int, how: Ending) -> Body:
    def before(ends: Sequence[int]) -> tuple[int, ...]:
        return tuple(end for end in ends if end <= offset)

    return Body(
        data=body.data[:offset],
        frame_ends=before(body.frame_ends),
        event_ends=None if body.event_ends is None else before(body.event_ends),
        chunk_ends=None if body.chunk_ends is None else before(body.chunk_ends),
        pauses=tuple(pause for pause in body.pauses if pause[0] < offset),
        gates=tuple(gate for gate in body.gates if gate[0] < offset),
        ending=how,
        missing_bytes=max(1, len(body.data) - offset) if how == "short_length" else 0,
    )


def _pause(body: Body, pause: Pause) -> Body:
    offset = _offset(body, pause)
    if offset >= len(body.data):
        raise FaultMisplaced("a pause comes before a byte, but the body ends here; `end: stall` keeps it open")
    return replace(body, pauses=tuple(sorted([*body.pauses, (offset, pause.seconds)])))


def _gate(body: Body, gate: GateFault) -> Body:
    offset = _offset(body, gate)
    if not 0 < offset < len(body.data):
        raise FaultMisplaced("a gate stands between two bytes: there must be something to reach the caller before it")
    if offset in dict(body.gates):
        raise FaultMisplaced("two gates stand at the same place")
    wanted = Gate(gate.until_events or 0, gate.until_text or "", gate.at_most_s)
    return replace(body, gates=tuple(sorted([*body.gates, (offset, wanted)], key=lambda placed: placed[0])))


def _insert(body: Body, insert: Insert, write_frame: WriteFrame) -> Body:
    offset = _offset(body, insert)
    if insert.frame is None:
        return _splice(body, [(offset, offset, _bytes(insert.text or ""))])
    frame = write_frame(insert.frame)
    spliced = _splice(body, [(offset, offset, frame)])
    return replace(spliced, frame_ends=tuple(sorted({*spliced.frame_ends, offset, offset + len(frame)} - {0})))


def _replace(body: Body, replacement: Replace) -> Body:
    old, new = _bytes(replacement.old), _bytes(replacement.new)
    found = [(start, start + len(old), new) for start in _occurrences(body.data, old)]
    if not found:
        raise FaultMisplaced(f"there is no {replacement.old!r} in the body to replace")
    return _splice(body, found)


def _chunk_ends(body: Body, chunks: Chunks) -> tuple[int, ...]:
    size = len(body.data)
    if chunks.every is not None:
        return tuple(range(chunks.every, size, chunks.every))
    if chunks.at is not None:
        return tuple(sorted(_within(offset, size, "bytes") for offset in chunks.at))
    if chunks.per_frame is not None:
        return body.frame_ends[chunks.per_frame - 1 :: chunks.per_frame]
    if chunks.inside is None:
        return ()
    cuts = {*(body.frame_ends if body.chunk_ends is None else body.chunk_ends)}
    for text in chunks.inside:
        cuts.update(end for start, length in _find(body.data, text) for end in range(start + 1, start + length))
    return tuple(sorted(cuts))


def _offset(body: Body, place: Place) -> int:
    """The byte offset that a place names in this body."""
    if place.after_frames is not None:
        return _mark(body.frame_ends, place.after_frames, "frames")
    if place.after_bytes is not None:
        return _within(place.after_bytes, len(body.data), "bytes")
    if place.after_events is not None:
        if body.event_ends is None:
            raise FaultMisplaced("`after_events` counts canonical events; this response is not written in them")
        return _mark(body.event_ends, place.after_events, "events")
    text = place.before_text or place.after_text or place.inside_text or ""
    start, length = _find(body.data, text)[0]
    if place.after_text is not None:
        return start + length
    return start if place.before_text is not None else start + 1


def _mark(ends: Sequence[int], count: int, what: str) -> int:
    number = _within(count, len(ends), what)
    return ends[number - 1] if number else 0


def _within(count: int, size: int, what: str) -> int:
    number = count + size if count < 0 else count
    if not 0 <= number <= size:
        raise FaultMisplaced(f"there is no place after {count} {what}; the body has {size}")
    return number


def _find(data: bytes, text: str) -> list[tuple[int, int]]:
    """Start and length of every occurrence of a text: as it is, or escaped as JSON may write it."""
    escaped = "".join(_json_escape(letter) for letter in text)
    for needle in dict.fromkeys((text.encode(), json_text(text)[1:-1].encode(), escaped.encode())):
        if needle and (starts := _occurrences(data, needle)):
            return [(start, len(needle)) for start in starts]
    raise FaultMisplaced(f"there is no {text!r} in the bytes of the body")


def _json_escape(letter: str) -> str:
    if letter.isascii():
        return json_text(letter)[1:-1]
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _occurrences(data: bytes, needle: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(needle), data)]


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _splice(body: Body, edits: Sequence[tuple[int, int, bytes]]) -> Body:
    """The body with each (start, end, new) replaced; edits are in order and apart. Marks move with their bytes.

    A mark at the start of an edit stays before the new bytes; one inside or at its end comes after them.
    """
    pieces: list[bytes] = []
    ends: list[int] = []  # where each edit ended in the old bytes
    shifts: list[int] = [0]  # how far bytes move that come after so many edits
    position = 0
    for start, end, new in edits:
        pieces += (body.data[position:start], new)
        position = end
        ends.append(end)
        shifts.append(shifts[-1] + len(new) - (end - start))
    pieces.append(body.data[position:])
    starts = [start for start, _, _ in edits]

    def moved(offset: int) -> int:
        begun = bisect_right(starts, offset - 1)  # edits that start before the mark
        if begun and offset < ends[begun - 1]:
            offset = ends[begun - 1]
        return offset + shifts[begun]

    def moved_all(offsets: Sequence[int]) -> tuple[int, ...]:
        return tuple(moved(offset) for offset in offsets)

    return replace(
        body,
        data=b"".join(pieces),
        frame_ends=moved_all(body.frame_ends),
        event_ends=None if body.event_ends is None else moved_all(body.event_ends),
        chunk_ends=None if body.chunk_ends is None else moved_all(body.chunk_ends),
        pauses=tuple((moved(offset), seconds) for offset, seconds in body.pauses),
        gates=tuple((moved(offset), gate) for offset, gate in body.gates),
    )
