"""Real recorded streams through the reference's decoders: whole, and re-cut in several ways.

A folder of recordings holds gzip'd JSON lines, one recorded stream each, with `dialect`, `provider`, `body_b64` and,
where the recorder kept them, `chunk_lengths`. What must hold of every stream: no cutting changes its transcript, a
decoder never raises, and a stream that the recorder saw through to its end marker is not taken for a broken one.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import itertools
import signal
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from harness.api import decode
from harness.dialects import dialect, dialect_names
from harness.recording.importers.recordings import DIALECT_ALIASES
from harness.runner.results import RecordingResult

SMALL_BODY = 32_768
"""Bytes up to which a body is also fed byte by byte."""
FIXED_SIZES = (2, 3, 7, 61, 1021)
"""Chunk sizes that every body is re-cut to; primes, so that the cuts fall on ever other places."""
BATCH = 64


@dataclass(frozen=True, slots=True)
class RecordedStream:
    """One recorded stream, and what its recorder knew of it."""

    id: str
    dialect: str
    api: str
    provider: str
    source: str
    body: bytes
    chunk_lengths: tuple[int, ...]
    terminal: str | None


class UnreadableRecordings(ValueError):
    """The folder holds no recordings, or one cannot be read; the message names the file, the line and the mend."""


def read_recordings(folder: Path) -> Iterator[RecordedStream]:
    """Every recorded stream, also those of dialects that nobody here decodes. Raises UnreadableRecordings."""
    files = sorted(folder.glob("*.jsonl.gz")) if folder.is_dir() else []
    if not files:
        raise UnreadableRecordings(f"{folder}: no *.jsonl.gz files of recordings lie there")
    for path in files:
        yield from _read_file(path)


def _read_file(path: Path) -> Iterator[RecordedStream]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    try:
        with gzip.open(path) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    stream = _stream(decoder.decode(line))
                except KeyError as error:
                    raise UnreadableRecordings(f"{path}: line {number}: not a recording: it has no {error}") from None
                except (TypeError, ValueError) as error:
                    raise UnreadableRecordings(f"{path}: line {number}: not a recording: {error}") from None
                if stream is not None:
                    yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableRecordings(f"{path}: cannot be read: {error}") from None


def _stream(record: dict[str, Any]) -> RecordedStream | None:
    if record["kind"] != "stream":
        return None
    return RecordedStream(
        id=record["id"],
        dialect=DIALECT_ALIASES.get(record["dialect"], record["dialect"]),
        api=record.get("api") or record["dialect"],
        provider=record.get("provider") or "unknown",
        source=f"{record.get('source_repo')}/{record.get('source_path')}",
        body=base64.b64decode(record["body_b64"]),
        chunk_lengths=tuple(record.get("chunk_lengths") or ()),
        terminal=record.get("terminal"),
    )


async def check_recordings(
    streams: Sequence[RecordedStream], *, system: str, workers: int
) -> AsyncIterator[RecordingResult]:
    """Results for all those streams, in their order, on so many processes; they end soon once nobody waits any more."""
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(workers, initializer=_leave_interrupts_alone)
    try:
        starts = range(0, len(streams), BATCH)
        under_way = [loop.run_in_executor(pool, _check_batch, streams[at : at + BATCH], system) for at in starts]
        for batch in under_way:
            for result in await batch:
                yield result
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_alone() -> None:
    """Ctrl-C is for the process that a person started, which ends these ones."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _check_batch(streams: Sequence[RecordedStream], system: str) -> list[RecordingResult]:
    return [check_stream(stream, system) for stream in streams]


def check_stream(stream: RecordedStream, system: str) -> RecordingResult:
    """Decodes one stream whole and re-cut, and says what does not hold."""
    if stream.dialect not in dialect_names():
        return _not_decoded(stream, system)
    whole = decode(stream.dialect, stream.body).to_dict()
    problems: list[str] = []
    cuttings = 0
    for name, chunks in recuttings(stream):
        cuttings += 1
        recut = decode(stream.dialect, chunks).to_dict()
        problems += [
            f"cut {name}: {key} is {_shown(recut[key])}, and {_shown(whole[key])} when fed whole"
            for key in whole
            if recut[key] != whole[key]
        ]
    if stream.terminal and whole["status"] == "truncated":
        problems.append(f"taken for truncated, although it ends with {stream.terminal}")
    return RecordingResult(
        system=system,
        id=stream.id,
        dialect=stream.dialect,
        provider=stream.provider,
        source=stream.source,
        size=len(stream.body),
        frames=len(dialect(stream.dialect).split_frames(stream.body)),
        cuttings=cuttings,
        status=whole["status"],
        finish=whole["finish"],
        verdict="fail" if problems else "pass",
        problems=problems,
        warnings=sorted({warning["rule"] for warning in whole["warnings"]}),
    )


def _not_decoded(stream: RecordedStream, system: str) -> RecordingResult:
    return RecordingResult(
        system=system,
        id=stream.id,
        dialect=stream.api,
        provider=stream.provider,
        source=stream.source,
        size=len(stream.body),
        frames=0,
        cuttings=0,
        status="not decoded",
        finish=None,
        verdict="unsupported",
        problems=[f"{stream.api} is none of the dialects {', '.join(dialect_names())}"],
        warnings=[],
    )


def recuttings(stream: RecordedStream) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Ways to cut the body other than whole, each with a name."""
    body = stream.body
    if stream.chunk_lengths:
        yield "as it was read from the network", _pieces(body, stream.chunk_lengths)
    if len(body) <= SMALL_BODY:
        yield "byte by byte", (body[at : at + 1] for at in range(len(body)))
    for size in FIXED_SIZES:
        yield f"every {size} bytes", (body[at : at + size] for at in range(0, len(body), size))


def _pieces(body: bytes, lengths: tuple[int, ...]) -> Iterator[bytes]:
    ends = list(itertools.accumulate(lengths))
    for start, end in zip([0, *ends], [*ends, len(body)], strict=True):
        yield body[start:end]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
