"""The table of a body's chunks as text: `SIZE@MICROSECONDS` for each, several to a line."""

from __future__ import annotations

import re
from collections.abc import Iterable

COLUMNS = 92
"""Characters of a line, so that with its indent it stays within 100."""

_ENTRY = re.compile(r"[0-9]{1,16}@[0-9]{1,16}")


def table(chunks: Iterable[tuple[int, int]]) -> str:
    """The text for chunks with their sizes in bytes and their arrivals in microseconds."""
    lines: list[str] = []
    line = ""
    for size, at_us in chunks:
        entry = f"{size}@{at_us}"
        if line and len(line) + 1 + len(entry) > COLUMNS:
            lines.append(line)
            line = entry
        else:
            line = f"{line} {entry}" if line else entry
    return "\n".join([*lines, line])


def chunks_of(text: str, latest_us: int) -> list[tuple[int, int]]:
    """Sizes and arrivals; raises ValueError that names the first entry that is none, or that came too late."""
    return [_entry(entry, latest_us) for entry in text.split()]


def _entry(entry: str, latest_us: int) -> tuple[int, int]:
    if not _ENTRY.fullmatch(entry):
        raise ValueError(f"{entry[:40]!r} is no chunk: one is written SIZE@MICROSECONDS, such as 51@120044")
    size, _, at_us = entry.partition("@")
    if int(at_us) > latest_us:
        raise ValueError(f"{entry!r} came later than {latest_us} microseconds, which is the limit")
    return int(size), int(at_us)
