"""Where in a cassette's text the next exchange goes, so that the rest of it can stay as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.recording.cassette import UnreadableCassette, load_cassette
from harness.recording.document import end_of_list
from harness.recording.written import FILE_START

Stamp: TypeAlias = tuple[int, int, int]
"""What tells one state of a file from another: its number, its size, and when it was written."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a cassette lies in its file."""

    cut: int
    """The byte before which the next exchange is inserted."""
    margin: str = ""
    """Stands before each of its lines."""
    chunks: int = 0
    """How many chunks all bodies have so far."""
    start: bytes = b""
    """Of a file that is made anew, what stands in it before anything was recorded."""


FRESH = Layout(len(FILE_START), start=FILE_START.encode())


def stamp_of(path: Path) -> Stamp | None:
    """The state of a file; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def layout_of(path: Path) -> Layout:
    """The layout of a cassette; raises UnreadableCassette for a file that is none, or that cannot be added to."""
    cassette = load_cassette(path)
    if not cassette.exchanges:
        return FRESH
    text = path.read_bytes().decode("utf-8-sig")
    found = end_of_list(text, "interactions")
    if found is None or not text[: found[0]].endswith("\n"):
        raise UnreadableCassette(
            f"{path}: nothing can be appended: its interactions do not stand line by line, as vcrpy's YAML has them; "
            f"write it anew with save_cassette, or record into another file"
        )
    end, column = found
    mark = len(path.read_bytes()) - len(text.encode())
    chunks = sum(len(exchange.response.chunks) for exchange in cassette.exchanges)
    return Layout(mark + len(text[:end].encode()), " " * column, chunks)
