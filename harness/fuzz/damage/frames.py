"""A body's frames with their places: a splitter of this room's own, so that what is demanded rests on no decoder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.fuzz.damage.spec import Framing

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One frame: the bytes from `start` to `end`, its delimiter included; from `whole_at` on a reader may have it all.

    `data_start` and `data_end` are where its payload lies, line beginnings in between included. `data` is the payload;
    `payload` is the object that it spells, None where it spells none.
    """

    start: int
    data_start: int
    data_end: int
    whole_at: int
    end: int
    name: str
    data: bytes
    payload: dict[str, Any] | None


def split(framing: Framing, body: bytes) -> tuple[WireFrame, ...]:
    """The frames of a body, in order. A body that begins like a JSON array is taken for one."""
    begin = len(BOM) if body.startswith(BOM) else 0
    if framing == "sse" and body[begin:].lstrip(_BLANK)[:1] == b"[":
        return tuple(_elements(body, begin))
    return tuple(_lines(body, begin) if framing == "ndjson" else _events(body, begin))


@lru_cache(maxsize=4096)
def parsed(data: bytes, *, strict: bool = False) -> dict[str, Any] | None:
    """The object that `data` spells, None where it spells none; bytes that are no UTF-8 are read as U+FFFD.

    `strict`: control characters within texts are not let pass. The object is shared by all who ask, and not to be
    changed.
    """
    try:
        value = json.loads(data.decode("utf-8", "replace"), strict=strict)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _events(body: bytes, begin: int) -> Iterator[WireFrame]:
    """Server-sent events that have data; what stands between them belongs to the next."""
    start, name, pieces, first, whole_at = begin, "", list[bytes](), 0, 0
    for found in _LINE.finditer(body, begin):
        line = found.group().rstrip(b"\r\n")
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            pieces.append(value)
            value_at = found.start() + len(line) - len(value)
            first = first if len(pieces) > 1 else value_at
            whole_at = value_at + len(value.rstrip(_BLANK))
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        over = not line or found.end() == len(body)
        if over and pieces:
            data = b"\n".join(pieces)
            yield WireFrame(start, first, whole_at, whole_at, found.end(), name, data, parsed(data))
        if over:
            start, name, pieces = (found.end() if pieces else start), "", []


def _lines(body: bytes, begin: int) -> Iterator[WireFrame]:
    """Lines that are not blank."""
    for found in re.finditer(rb"[^\n]*(?:\n|$)", body[begin:]):
        line = found.group()
        data = line.strip(_BLANK)
        if data:
            at = begin + found.start() + len(line) - len(line.lstrip(_BLANK))
            ends = at + len(data)
            yield WireFrame(begin + found.start(), at, ends, ends, begin + found.end(), "", data, parsed(data))


def _elements(body: bytes, begin: int) -> Iterator[WireFrame]:
    """The objects that are elements of one JSON array; brackets and commas belong to what follows them."""
    start, depth, opened, in_string = begin, 0, 0, False
    for found in re.finditer(rb'\\.|["{}]', body, re.DOTALL):
        token = found.group()
        if token == b'"':
            in_string = not in_string
        elif in_string or found.start() < begin:
            continue
        elif token == b"{":
            depth += 1
            opened = found.start() if depth == 1 else opened
        elif token == b"}":
            depth -= 1
            if depth == 0:
                data = body[opened : found.end()]
                yield WireFrame(start, opened, found.end(), found.end(), found.end(), "", data, parsed(data))
                start = found.end()
