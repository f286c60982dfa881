"""Writes what was imported into cassettes: cleaned, and with the transcript that each exchange amounts to today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness import __version__
from harness.folders import plain_name
from harness.recording.cassette import Exchange
from harness.recording.golden import Undecoded, decoded
from harness.recording.importers.imported import Imported, UnreadableImport
from harness.recording.writer import Cleaner, default_redactor, save_cassette

CASSETTE_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Stored:
    """One cassette that was written: how many exchanges, how many of them have which status, and how many places in
    them were masked. `undecoded`: those of which nobody here reads the dialect."""

    path: Path
    exchanges: int
    statuses: dict[str, int]
    masked: int
    undecoded: int


def targets(files: Sequence[tuple[Path, Imported]], out: Path) -> dict[Path, list[Exchange]]:
    """Where each exchange goes: all into `out` where that names a cassette, else into one cassette in that folder for
    each file, or for each of its providers where it has several. Raises UnreadableImport where two files would share
    one."""
    if out.suffix in CASSETTE_SUFFIXES:
        together = [exchange for _, imported in files for exchange in imported.exchanges]
        return {out: together} if together else {}
    placed: dict[Path, list[Exchange]] = {}
    owner: dict[Path, Path] = {}
    for file, imported in files:
        for path, exchange in _each_in(file, imported.exchanges, out):
            if owner.setdefault(path, file) != file:
                raise UnreadableImport(f"{file}: {owner[path]} also becomes {path}; import them into different folders")
            placed.setdefault(path, []).append(exchange)
    return placed


def _each_in(file: Path, exchanges: Sequence[Exchange], out: Path) -> Iterator[tuple[Path, Exchange]]:
    stem = file.name.partition(".")[0] or "imported"
    several = len({exchange.provider for exchange in exchanges}) > 1
    for exchange in exchanges:
        provider = plain_name(exchange.provider or "unknown")
        yield (out / stem / f"{provider}.yaml" if several else out / f"{stem}.yaml"), exchange


def store(path: Path, exchanges: Sequence[Exchange], form: str, *, redactor: Cleaner | None = None) -> Stored:
    """Writes one cassette, atomically, in place of what is there."""
    cleaner = default_redactor() if redactor is None else redactor
    finished = [_finished(exchange, form, cleaner) for exchange in exchanges]
    path.parent.mkdir(parents=True, exist_ok=True)
    save_cassette(path, finished, redactor=cleaner)
    statuses = Counter(str(exchange.transcript["status"]) for exchange in finished if exchange.transcript)
    undecoded = sum(exchange.transcript is None for exchange in finished)
    return Stored(path, len(finished), dict(statuses), sum(exchange.masked for exchange in finished), undecoded)


def _finished(exchange: Exchange, form: str, cleaner: Cleaner) -> Exchange:
    """The exchange cleaned, and with a transcript of what then is left."""
    tool = exchange.tool or f"harness {__version__}, imported from {form}"
    cleaned, _ = cleaner.clean(replace(exchange, tool=tool))
    if cleaned.transcript is not None:
        return cleaned
    now = decoded(cleaned)
    return cleaned if isinstance(now, Undecoded) else replace(cleaned, transcript=now.to_dict())
