"""Cassettes by the files and folders that a person names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.recording.cassette import Cassette, UnreadableCassette, load_cassette

SUFFIXES = (".yaml", ".yml", ".json")
_MARK = b"interactions"
"""Stands in every cassette; other YAML and JSON may lie beside them."""


@dataclass(frozen=True, slots=True)
class NamedCassette:
    """A cassette with the name that it goes by among the others: its path below the folder that was named."""

    name: str
    cassette: Cassette


@dataclass(frozen=True, slots=True)
class Found:
    """What lies there: the cassettes, and the files beside them that are none."""

    cassettes: tuple[NamedCassette, ...]
    others: tuple[Path, ...]


def read_cassettes(paths: Iterable[Path]) -> Found:
    """The cassettes in those files and folders, in the order of their names within each.

    Raises UnreadableCassette for a path that is not there, a folder without a cassette, and a cassette that is broken.
    """
    named = [(path, file) for path in paths for file in _files(path)]
    cassettes = [(path, file) for path, file in named if file == path or _MARK in _content(file)]
    for path, _ in named:
        if all(path != other for other, _ in cassettes):
            raise _empty(path)
    names = _names(cassettes)
    return Found(
        tuple(NamedCassette(name, load_cassette(file)) for name, (_, file) in zip(names, cassettes, strict=True)),
        tuple(file for path, file in named if (path, file) not in cassettes),
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if _is_ours(file, path))
    if not files:
        raise _empty(path)
    return files


def _empty(path: Path) -> UnreadableCassette:
    return UnreadableCassette(f"{path}: no cassette lies there; name a cassette, or a folder that holds one")


def _is_ours(file: Path, folder: Path) -> bool:
    """Whether it may be a cassette; hidden files are other programs' own."""
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix in SUFFIXES and not hidden and file.is_file()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableCassette(f"{file}: cannot be read: {problem}; make it readable, or take it away") from error


def _names(files: list[tuple[Path, Path]]) -> Iterator[str]:
    """The names, longer ones where two files would go by the same."""
    short = [_short_name(path, file) for path, file in files]
    counts = Counter(short)
    for name, (_, file) in zip(short, files, strict=True):
        yield (
            name
            if counts[name] == 1
            else "/".join(part for part in file.with_suffix("").parts if part not in ("/", ".."))
        )


def _short_name(path: Path, file: Path) -> str:
    return file.stem if file == path else file.relative_to(path).with_suffix("").as_posix()
