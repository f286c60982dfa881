"""The streams that a person named: of the catalogue, of cassettes, or of a folder of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from harness.catalogue.loader import CatalogueError, load_catalogue
from harness.catalogue.recorded import recorded_cases
from harness.catalogue.records import did_you_mean
from harness.cli.cassettes import cassettes_in
from harness.dialects import dialect as known_dialect
from harness.fuzz.stream import Stream, cassette_streams, catalogue_streams, recording_streams


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which streams are to be searched; None is no condition. One of the last three says where they lie, if any."""

    scenarios: Sequence[str] | None = None
    families: Sequence[str] | None = None
    dialects: Sequence[str] | None = None
    catalogue: Path | None = None
    cassettes: Sequence[Path] = ()
    recordings: Path | None = None


@dataclass(frozen=True, slots=True)
class GivenStreams:
    """The streams, and the version of what they are of."""

    streams: tuple[Stream, ...]
    version: str


def given_streams(wanted: Wanted) -> GivenStreams:
    """Finds them. Raises CatalogueError, UnknownDialect, Unrenderable, UnreadableRecordings."""
    for name in wanted.dialects or ():
        known_dialect(name)
    if wanted.recordings is not None:
        return _chosen(recording_streams(wanted.recordings), wanted, "recordings")
    if wanted.cassettes:
        cassettes = cassettes_in([*wanted.cassettes])
        source = [word for path in wanted.cassettes for word in ("--cassette", str(path))]
        version = recorded_cases(cassettes).catalogue.version
        return _chosen(cassette_streams(cassettes, source), wanted, version)
    loaded = load_catalogue(wanted.catalogue)
    scenarios = loaded.select(ids=wanted.scenarios, families=wanted.families)
    source = ["--catalogue", str(wanted.catalogue)] if wanted.catalogue else []
    streams = [replace(each, source=tuple(source)) for each in catalogue_streams(scenarios, wanted.dialects)]
    return GivenStreams(tuple(streams), loaded.version)


def _chosen(streams: Sequence[Stream], wanted: Wanted, version: str) -> GivenStreams:
    """Those whose id and dialect are wanted. Raises CatalogueError for what names none of them."""
    ids = [stream.id for stream in streams]
    for name in wanted.scenarios or ():
        if not any(_matches(each, name) for each in ids):
            raise CatalogueError(f"no stream{did_you_mean(name, ids)}")
    kept = [
        stream
        for stream in streams
        if (wanted.scenarios is None or any(_matches(stream.id, each) for each in wanted.scenarios))
        and (wanted.dialects is None or stream.dialect in wanted.dialects)
    ]
    return GivenStreams(tuple(kept), version)


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
