"""Writes cassettes: exchange by exchange, nothing uncleaned, and never half a file.

Each exchange that is kept gives a new file beside the cassette, which then takes its place; so whoever reads finds the
cassette as it was before or as it is after, and a kill loses no more than the exchange in hand. What stood in the file
is copied byte by byte.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from harness.recording.cassette import Exchange, load_cassette
from harness.recording.written import FILE_START, canonical, written


class Cleaner(Protocol):
    """What takes secrets out of an exchange, and tells what it found."""

    def clean(self, exchange: Exchange, /) -> tuple[Exchange, Sequence[object]]: ...


class CassetteWriter:
    """Appends exchanges to a cassette, from any thread."""

    def __init__(self, path: Path | str, *, redactor: Cleaner | None = None, append: bool = False) -> None:
        """Without `append`, the first exchange replaces a cassette that is there; with it, it must be one that can be
        read, else UnreadableCassette is raised. None stands for the default redactor."""
        self.path = Path(path)
        self._redactor = default_redactor() if redactor is None else redactor
        self._lock = threading.Lock()
        self._head, self._tail = FILE_START.encode(), b""
        self._closed = False
        if append and self.path.exists():
            load_cassette(self.path)
            self._head = self.path.read_bytes()

    def append(self, exchange: Exchange) -> Exchange:
        """Cleans and keeps an exchange, and gives it as it now stands on the disk; OSError where it could not be
        written, ValueError for what nobody can have recorded."""
        cleaned = canonical(self._redactor.clean(exchange)[0])
        item = written(cleaned).encode()
        with self._lock:
            if self._closed:
                raise ValueError(f"{self.path}: the writer is closed; make another one with append=True")
            head = self._head + item
            _replace(self.path, head + self._tail)
            self._head = head
        return cleaned

    def close(self) -> None:
        """Takes no more exchanges; what was appended is on the disk already."""
        with self._lock:
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def default_redactor() -> Cleaner:
    """What cleans where nobody says otherwise."""
    from harness.recording.secrets import Redactor

    return Redactor()


def save_cassette(path: Path | str, exchanges: Iterable[Exchange], *, redactor: Cleaner | None = None) -> None:
    """Writes a whole cassette, cleaned, in place of what is there; no exchanges give an empty one."""
    cleaner = default_redactor() if redactor is None else redactor
    items = (written(canonical(cleaner.clean(exchange)[0])) for exchange in exchanges)
    text = "".join(items)
    _replace(Path(path), (FILE_START + text if text else FILE_START.rstrip() + " []\n").encode())


def _replace(path: Path, content: bytes) -> None:
    """Puts the content in the place of a file, at once; what a link names is replaced, not the link."""
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        temporary.write_bytes(content)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
