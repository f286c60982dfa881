"""Writes cassettes: exchange by exchange, nothing uncleaned, and never half a file.

Each exchange that is kept gives a new file beside the cassette, which then takes its place; so whoever reads finds the
cassette as it was before or as it is after, and a kill loses no more than the exchange in hand. What stood in the file
is copied byte by byte, so what other programs wrote there meanwhile is kept as well. It is not waited for until the
disk itself has it: after a loss of power the file is whole, and may be the one before.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import indent
from types import TracebackType
from typing import Protocol, Self

from harness.recording.cassette import CHUNK_LIMIT, Exchange
from harness.recording.document import SIZE_LIMIT
from harness.recording.layout import FRESH, Layout, Stamp, layout_of, stamp_of
from harness.recording.secrets import Redactor
from harness.recording.written import EMPTY_FILE, canonical, written

try:
    import fcntl
except ImportError:  # no such locks on this system
    fcntl = None  # type: ignore[assignment]


class Cleaner(Protocol):
    """What takes secrets out of an exchange, and tells what it found; a Redactor is one."""

    def clean(self, exchange: Exchange, /) -> tuple[Exchange, Sequence[object]]: ...


def default_redactor() -> Cleaner:
    """What cleans where nobody says otherwise."""
    return Redactor()


class CassetteFull(ValueError):
    """With this exchange the cassette would be larger than what can be loaded; it is as it was before."""


class CassetteWriter:
    """Appends exchanges to a cassette, from any thread, and beside other processes that do the same."""

    def __init__(self, path: Path | str, *, redactor: Cleaner | None = None, append: bool = False) -> None:
        """Without `append`, the first exchange replaces a cassette that is there. With it, it must be one that can be
        read and is laid out as vcrpy or we do it, else UnreadableCassette is raised. None: the default Redactor."""
        self.path = Path(path)
        self._redactor = default_redactor() if redactor is None else redactor
        self._lock = threading.Lock()
        self._replaces = not append
        self._layout = FRESH
        self._stamp: Stamp | None = None
        self._closed = False
        if append:
            self._look()

    def append(self, exchange: Exchange) -> Exchange:
        """Cleans and keeps an exchange, and gives it as it now stands in the file.

        Raises ValueError for what nobody can have recorded, CassetteFull, OSError where the file cannot be written,
        UnreadableCassette where another program has made something else of it. The file is then as it was.
        """
        cleaned = canonical(self._redactor.clean(exchange)[0])
        item = written(cleaned)
        with self._lock, _alone_in(self.path) as alone:
            if self._closed:
                raise ValueError(f"{self.path}: the writer is closed; make another one with append=True")
            if not self._replaces:
                self._look()
            self._insert(item, len(cleaned.response.chunks), alone)
        return cleaned

    def close(self) -> None:
        """Takes no more exchanges; what was appended is in the file already."""
        with self._lock:
            self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self) -> None:
        """Finds out where the next exchange goes, if the file is not as we left it."""
        stamp = stamp_of(self.path)
        if stamp is None or stamp != self._stamp:
            self._layout = FRESH if stamp is None else layout_of(self.path)
            self._stamp = stamp

    def _insert(self, item: str, chunks: int, alone: bool) -> None:
        here = self._layout
        old = FRESH.start if here.start else self.path.read_bytes()
        new = indent(item, here.margin, lambda line: line != "\n").encode()
        if len(old) + len(new) > SIZE_LIMIT or here.chunks + chunks > CHUNK_LIMIT:
            size = f"{len(old) + len(new)} bytes and {here.chunks + chunks} chunks"
            raise CassetteFull(
                f"{self.path}: the cassette would have {size}; {SIZE_LIMIT} and {CHUNK_LIMIT} are the "
                f"limits: record into another file"
            )
        _replace(self.path, (old[: here.cut], new, old[here.cut :]), alone)
        self._layout = Layout(here.cut + len(new), here.margin, here.chunks + chunks)
        self._stamp = stamp_of(self.path)
        self._replaces = False


def save_cassette(path: Path | str, exchanges: Iterable[Exchange], *, redactor: Cleaner | None = None) -> None:
    """Writes a whole cassette, cleaned, in place of what is there; no exchanges give an empty one. Raises as
    `CassetteWriter.append` does; the file is then as it was."""
    path = Path(path)
    cleaner = default_redactor() if redactor is None else redactor
    cleaned = [canonical(cleaner.clean(exchange)[0]) for exchange in exchanges]
    content = (FRESH.start + "".join(map(written, cleaned)).encode()) if cleaned else EMPTY_FILE.encode()
    chunks = sum(len(exchange.response.chunks) for exchange in cleaned)
    if len(content) > SIZE_LIMIT or chunks > CHUNK_LIMIT:
        size = f"{len(content)} bytes and {chunks} chunks"
        raise CassetteFull(
            f"{path}: the cassette would have {size}; {SIZE_LIMIT} and {CHUNK_LIMIT} are the limits: make several"
        )
    with _alone_in(path) as alone:
        _replace(path, (content,), alone)


@contextmanager
def _alone_in(path: Path) -> Iterator[bool]:
    """Makes the folder, and keeps other writers out of it; whether that was possible here."""
    folder = Path(os.path.realpath(path)).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # not every system opens folders
        yield False
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except (OSError, AttributeError):  # nor can every file system lock them
        return False
    return True


def _replace(path: Path, parts: Sequence[bytes], alone: bool) -> None:
    """Puts the content in the place of a file, at once; what a link names is replaced, not the link.

    Whoever is alone in the folder takes a name that a killed one may have left behind, so that no heap grows there.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.part" if alone else f".{path.name}.{os.getpid()}.part")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.writelines(parts)
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
