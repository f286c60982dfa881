"""Secrets in files: cassettes as the exchanges that they hold, and every other file as a text."""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.recording.cassette import Exchange, UnreadableCassette, load_cassette
from harness.recording.secrets.redactor import Finding, Redactor
from harness.recording.writer import save_cassette

_CASSETTE_SUFFIXES = (".yaml", ".yml", ".json")
_CASSETTE_MARK = b"interactions"
_GZIP = b"\x1f\x8b"
_UNPACKED_LIMIT = 1024 * 1024 * 1024
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})


class CannotScrub(ValueError):
    """A file could not be searched or cleaned; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class FoundInFile:
    """A secret in a file: where, and by which rule; the secret itself is not told."""

    file: Path
    line: int | None
    """None where the place has no line of its own, as in a packed file."""
    rule: str
    place: str = ""
    """In a cassette: the exchange and the place in it."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.rule}{f' in {self.place}' if self.place else ''}"


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that were named, and those in the folders that were, without hidden ones; raises CannotScrub."""
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(file for file in path.rglob("*") if _is_searched(file, path))
        else:
            raise CannotScrub(f"{path}: there is no such file; name files or folders")


def _is_searched(file: Path, top: Path) -> bool:
    steps = file.relative_to(top).parts
    hidden = any(step.startswith(".") or step in _SKIPPED_FOLDERS for step in steps)
    return not hidden and not file.is_symlink() and file.is_file()


def found_in(path: Path, redactor: Redactor) -> tuple[FoundInFile, ...]:
    """The secrets in a file; raises OSError, and CannotScrub for what cannot be unpacked."""
    raw = path.read_bytes()
    if (exchanges := _exchanges(path, raw)) is None:
        return _in_text(path, raw, redactor)
    found = [(number, finding) for number, one in enumerate(exchanges) for finding in redactor.clean(one)[1]]
    if found:
        return tuple(sorted(_in_cassette(path, raw, exchanges, found), key=lambda one: one.line or 0))
    return _at_lines(path, raw, redactor.plain_findings(raw))  # in comments, and in keys that nobody reads


def scrub(path: Path, redactor: Redactor) -> tuple[FoundInFile, ...]:
    """Masks the secrets in a file, which is replaced at once, and gives what was found. A cassette that held any is
    written anew in our own form; in other files nothing but the secrets changes. Raises OSError, and CannotScrub."""
    found = found_in(path, redactor)
    if not found:
        return ()
    raw = path.read_bytes()
    if (exchanges := _exchanges(path, raw)) is not None and path.suffix != ".json":
        save_cassette(path, exchanges, redactor=redactor)
    else:
        _rewrite_text(path, raw, redactor)
    return found


def _exchanges(path: Path, raw: bytes) -> tuple[Exchange, ...] | None:
    """The exchanges of a cassette; None where the file is none."""
    if path.suffix not in _CASSETTE_SUFFIXES or _CASSETTE_MARK not in raw:
        return None
    try:
        return load_cassette(path).exchanges
    except UnreadableCassette:
        return None  # then it is a text like any other


def _in_text(path: Path, raw: bytes, redactor: Redactor) -> tuple[FoundInFile, ...]:
    text, packed = _unpacked(path, raw)
    findings = redactor.clean_text(text)[1]
    if packed:
        return tuple(FoundInFile(path, None, finding.rule) for finding in findings)
    return _at_lines(path, text, findings)


def _at_lines(path: Path, text: bytes, findings: Iterable[Finding]) -> tuple[FoundInFile, ...]:
    found = {FoundInFile(path, text.count(b"\n", 0, finding.offset) + 1, finding.rule): None for finding in findings}
    return tuple(sorted(found, key=lambda one: one.line or 0))


def _unpacked(path: Path, raw: bytes) -> tuple[bytes, bool]:
    """The text of a file that may be packed by gzip, and whether it was."""
    if not raw.startswith(_GZIP):
        return raw, False
    try:
        text = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, _UNPACKED_LIMIT)
        return (gzip.decompress(raw) if len(text) < _UNPACKED_LIMIT else text), True
    except (zlib.error, OSError, EOFError) as error:
        raise CannotScrub(f"{path}: this is no whole gzip file: {error}; unpack it, or take it out") from None


def _rewrite_text(path: Path, raw: bytes, redactor: Redactor) -> None:
    text, packed = _unpacked(path, raw)
    cleaned, _ = redactor.clean_text(text)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(gzip.compress(cleaned, mtime=0) if packed else cleaned)
        shutil.copymode(path, temporary)
        temporary.replace(Path(os.path.realpath(path)))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _in_cassette(
    path: Path, raw: bytes, exchanges: Sequence[Exchange], found: Iterable[tuple[int, Finding]]
) -> Iterator[FoundInFile]:
    lines = _lines(raw, only_json=path.suffix == ".json")
    for number, finding in found:
        line, is_block = lines.get((number, finding.place), (None, False))
        if line is not None and is_block and finding.place.endswith(".body"):
            one = exchanges[number]
            body = one.request.body if finding.place.startswith("request") else one.response.body
            line += 1 + body.count(b"\n", 0, finding.offset)
        yield FoundInFile(path, line, finding.rule, f"interactions[{number}].{finding.place}")


def _lines(raw: bytes, *, only_json: bool) -> dict[tuple[int, str], tuple[int, bool]]:
    """For each exchange and place, the line of the file where its text begins, and whether it lies there line by line
    below that one. Nothing in JSON, where lines say little."""
    if only_json:
        return {}
    lines: dict[tuple[int, str], tuple[int, bool]] = {}
    for steps, line, is_block in _scalars(raw.decode("utf-8-sig")):
        match steps:
            case ["interactions", int(number), *inner]:
                lines.setdefault((number, _place(inner)), (line, is_block))
    return lines


def _place(steps: Sequence[str | int]) -> str:
    """The place, as a finding has it, of a value in an interaction."""
    match steps:
        case ["request", "uri"]:
            return "request.url"
        case [side, "headers", name, *_]:
            return f"{side}.headers.{str(name).lower()}"
        case [side, "body" | "content", *_]:
            return f"{side}.body"
        case ["response", "status", "message"]:
            return "response.reason"
        case ["x-harness", name, *_]:
            return str(name)
    return ".".join(map(str, steps))


def _scalars(text: str) -> Iterator[tuple[list[str | int], int, bool]]:
    """The place of each value in a YAML document that was read before, its line, and whether it is a block of lines."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    steps: list[str | int] = []
    in_mapping: list[bool] = []
    key_next: list[bool] = []
    for event in yaml.parse(text, Loader=loader):
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                in_mapping.append(is_mapping)
                key_next.append(is_mapping)
                steps.append("" if is_mapping else 0)
            case yaml.CollectionEndEvent():
                for stack in (steps, in_mapping, key_next):
                    stack.pop()
                _step(steps, in_mapping, key_next)
            case yaml.ScalarEvent() if key_next and key_next[-1]:
                steps[-1], key_next[-1] = event.value, False
            case yaml.ScalarEvent():
                yield list(steps), (event.start_mark.line if event.start_mark else 0) + 1, event.style == "|"
                _step(steps, in_mapping, key_next)
            case yaml.AliasEvent():
                _step(steps, in_mapping, key_next)


def _step(steps: list[str | int], in_mapping: list[bool], key_next: list[bool]) -> None:
    """Goes on behind a value."""
    if not steps:
        return
    if in_mapping[-1]:
        key_next[-1] = True
    else:
        steps[-1] = int(steps[-1]) + 1
