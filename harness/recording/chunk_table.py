"""The table of a body's chunks as text: `SIZE@MICROSECONDS` for each, several to a line."""

from __future__ import annotations

from collections.abc import Iterable

COLUMNS = 92
"""Characters of a line, so that with its indent it stays within 100."""


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


def chunks_of(text: str) -> list[tuple[int, int]]:
    """Sizes and arrivals; raises ValueError that names the entry that is none."""
    return [_entry(entry) for entry in text.split()]


def _entry(entry: str) -> tuple[int, int]:
    size, mark, at_us = entry.partition("@")
    if not (mark and size.isdecimal() and at_us.isdecimal() and entry.isascii() and len(entry) <= 40):
        raise ValueError(f"{entry[:40]!r} is no chunk: one is written SIZE@MICROSECONDS, such as 51@120044")
    return int(size), int(at_us)
