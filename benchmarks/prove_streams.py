"""Proves of all catalogue streams, and of all recordings, that no cutting of them matters to our readers.

Each distinct body is proved for its decoder, through the think-tag filter, and through the translation into every
dialect in which models are asked. Proofs are kept: a second run over the same code takes seconds. Ends with status 1
where a reader was broken, or where a body of at most `--limit` bytes could not be proved whole.

    python benchmarks/prove_streams.py [--store reports/proofs] [--recordings ../shared/recordings] [--jobs 2]
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from harness.catalogue.loader import load_catalogue
from harness.dialects import dialect_names
from harness.fuzz.proof import LIMIT, Proof
from harness.fuzz.proof_store import ProofStore
from harness.fuzz.stream import Stream, catalogue_answers, recording_streams

READINGS = ("decoder", "think tags", *(f"to {name}" for name in dialect_names()))


class Body(NamedTuple):
    """A distinct body, and where it was found first."""

    source: str
    name: str
    dialect: str
    data: bytes


class Proved(NamedTuple):
    """What came of one reading of one body, and the processor's time that it took."""

    body: Body
    reading: str
    proof: Proof
    seconds: float


def bodies(source: str, streams: Iterable[Stream], seen: set[tuple[str, bytes]]) -> list[Body]:
    """The bodies that were not seen before; those in a content coding as they are unpacked, without it none."""
    found = []
    for stream in streams:
        data = unpacked(stream.body, stream.response.header("content-encoding"))
        if stream.dialect in dialect_names() and data and (stream.dialect, data) not in seen:
            seen.add((stream.dialect, data))
            found.append(Body(source, stream.id, stream.dialect, data))
    return found


def unpacked(body: bytes, coding: str | None) -> bytes:
    """The body without a coding of zlib's; empty where it has another, or is damaged."""
    if coding in (None, "identity"):
        return body
    if coding not in ("gzip", "deflate"):
        return b""
    try:
        return zlib.decompress(body, wbits=zlib.MAX_WBITS | 32)
    except zlib.error:
        return b""


@cache
def store(folder: Path) -> ProofStore:
    """One for each process."""
    return ProofStore(folder)


def proved(asked: tuple[Body, Path, int]) -> list[Proved]:
    """All readings of one body."""
    body, folder, limit = asked
    found = []
    for reading in READINGS:
        start = time.process_time()
        target = reading.removeprefix("to ") if reading.startswith("to ") else None
        proof = store(folder).proof(
            body.dialect, body.data, think_tags=reading == "think tags", target=target, limit=limit
        )
        found.append(Proved(body, reading, proof, time.process_time() - start))
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", type=Path, default=Path("reports/proofs"))
    arguments.add_argument("--recordings", type=Path, help="a folder of recordings besides the catalogue")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--limit", type=int, default=LIMIT, help="bytes up to which proofs are to be complete")
    arguments.add_argument("--most", type=int, default=0, help="leave out larger bodies (0: none)")
    asked = arguments.parse_args()
    seen: set[tuple[str, bytes]] = set()
    found = bodies("catalogue", catalogue_answers(load_catalogue()), seen)
    if asked.recordings:
        found += bodies("recordings", recording_streams(asked.recordings), seen)
    found = [body for body in found if not asked.most or len(body.data) <= asked.most]
    found.sort(key=lambda body: len(body.data))
    started = time.monotonic()
    with ProcessPoolExecutor(asked.jobs) as pool:
        work = ((body, asked.store, asked.limit) for body in found)
        results = [one for many in pool.map(proved, work, chunksize=4) for one in many]
    return told(results, asked.limit, time.monotonic() - started)


def told(results: list[Proved], limit: int, seconds: float) -> int:
    """Print what was shown; the exit status."""
    counts: Counter[tuple[str, str, str]] = Counter()
    slices: Counter[tuple[str, str]] = Counter()
    times: Counter[tuple[str, str]] = Counter()
    wrong = []
    for body, reading, proof, taken in results:
        verdict = "broken" if not proof.shown else "complete" if proof.complete else "sampled"
        source = f"{body.source} {'up to' if len(body.data) <= limit else 'above'} {limit}"
        counts[source, reading, verdict] += 1
        slices[source, reading] += proof.slices
        times[source, reading] += taken
        if not proof.shown or (len(body.data) <= limit and not proof.complete):
            wrong.append(
                f"{body.name} ({body.dialect}, {len(body.data)} bytes), {reading}: {proof.note} {proof.broken}"
            )
    print(f"{'bodies':28} {'reading':24} complete  sampled  broken        slices   seconds")
    for source, reading in slices:
        each = [counts[source, reading, verdict] for verdict in ("complete", "sampled", "broken")]
        line = f"{source:28} {reading:24} {each[0]:8} {each[1]:8} {each[2]:7} {slices[source, reading]:13}"
        print(f"{line} {times[source, reading]:9.1f}")
    print(*wrong, sep="\n")
    print(f"{len(results)} proofs in {seconds:.0f} s; {len(wrong)} that should have been complete are not")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
