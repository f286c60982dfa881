"""What every importer gives, and how it refuses a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from harness.recording.cassette import Exchange

SIZE_LIMIT = 512 * 1024 * 1024
"""Bytes that a file, or what a packed one unpacks to, may have."""

ONE_CHUNK = "network reads were not recorded: the body is one chunk"
NO_REQUEST = "the request was not recorded: it is made up"
NO_REQUEST_BODY = "the body of the request was not recorded: it is made up"
REBUILT_FRAMES = "the framing was not recorded: it is rebuilt around the payloads"

Step: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person said besides the files. `dialect`: that of bodies which come without a request; of files with
    requests, only exchanges of that dialect are taken. `everything`: also exchanges with no model's endpoint."""

    dialect: str | None = None
    provider: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import: its path, and all its bytes (unpacked, where it was gzip'd)."""

    path: Path
    raw: bytes

    @property
    def text(self) -> str:
        """The bytes as UTF-8 text, without a byte order mark; raises Wrong."""
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.raw.count(b"\n", 0, error.start) + 1
            problem = f"the file is not UTF-8 text: byte {error.start} is no character"
            raise Wrong(problem, "save it as UTF-8", line=line) from None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: its form in words, its exchanges, and what was left out or mended, a sentence each."""

    form: str
    exchanges: tuple[Exchange, ...]
    notes: tuple[str, ...] = ()


Importer: TypeAlias = Callable[[Source, Wishes], Imported]


class UnreadableImport(ValueError):
    """A file cannot be imported; the message names the file, the place in it, and the mend."""


class Wrong(Exception):
    """Something in a file is not as its form has it."""

    def __init__(self, problem: str, mend: str, place: Sequence[Step] = (), line: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.mend, self.place, self.line = problem, mend, tuple(place), line

    def at(self, path: Path) -> UnreadableImport:
        """The error as a person reads it."""
        where = f"{path}:{self.line}" if self.line else str(path)
        place = dotted(self.place)
        return UnreadableImport(f"{where}: {place + ': ' if place else ''}{self.problem}; {self.mend}")


def dotted(place: Sequence[Step]) -> str:
    """A place in a document as people write it: `log.entries[3].response`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")


def read_json(text: str, *, mend: str, line: int = 1) -> Any:
    """The JSON value that `text`, whose first line has that number, spells; raises Wrong."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"this is no JSON: {error.msg} (column {error.colno})"
        raise Wrong(problem, mend, line=line + error.lineno - 1) from None
    except RecursionError:
        raise Wrong("the JSON is nested too deeply", mend, line=line) from None
    except ValueError as error:  # such as a number of thousands of digits
        raise Wrong(f"this is no JSON: {error}", mend, line=line) from None
