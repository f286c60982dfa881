"""What a report of 20,000 results takes: time, memory at its peak with all processes, and bytes on the disk.

The results are those of our own stack, run in process over the whole catalogue, under the names of forty systems: each
has headers and times of its own, every other one bytes of its own, every fourth is a gateway whose client's side is
there as well. One result in nine is unsupported, and one in fifteen fails, most of those in every fifth system. All is
the same each time.
"""

from __future__ import annotations

import argparse
import base64
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from harness.catalogue.findings import FAILURE_KINDS, Finding
from harness.runner.results import (
    AttemptRecord,
    ChunkRecord,
    EventRecord,
    Evidence,
    Footer,
    Result,
    SystemNote,
    encode_line,
    read_run,
)

HARNESS = Path(sys.executable).with_name("harness")
CELLS, SYSTEMS = 20_000, 40
SECONDS, MEMORY, SITE = 10.0, 500_000_000, 6_000_000
"""What is promised: at most so long, so much memory, and so many bytes without the cells, on two cores."""
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Other:
    """A made-up system, by its number."""

    number: int

    @property
    def gateway(self) -> bool:
        """Whether it stands between a client and an upstream."""
        return self.number % 4 == 3

    def of(self, result: Result) -> Result:
        """That result as if it were this system's. A scenario comes out alike in all of a system's dialects."""
        named = structs.replace(
            result,
            system=f"{'gateway' if self.gateway else 'system'}-{self.number:02}",
            system_version=f"1.{self.number}.0",
            upstream="openai-chat" if self.gateway else None,
            reproduce=result.reproduce.replace("reference", f"system-{self.number:02}"),
        )
        chance = zlib.crc32(f"{result.scenario} {self.number}".encode()) % 997
        if chance > 886:
            note = "not claimed"
            return structs.replace(
                named, verdict="unsupported", content="unsupported", ending="unsupported", evidence=None, note=note
            )
        named = structs.replace(named, evidence=self._evidence(result.evidence or Evidence()))
        return self._failed(named, chance) if chance < (190 if self.number % 5 == 4 else 35) else named

    def _failed(self, result: Result, chance: int) -> Result:
        kind = FAILURE_KINDS[chance % len(FAILURE_KINDS)]
        column = "ending" if chance % 2 else "content"
        finding = Finding(kind, kind, column, chance % 3 == 0, f"made up, no. {chance}", "so", "otherwise", 1, 0)
        halves = {"content": "pass", "ending": "pass", column: "fail"}
        return structs.replace(result, verdict="fail", failures=[finding], **halves)

    def _evidence(self, evidence: Evidence) -> Evidence:
        late = 0.001 * self.number
        wire = [self._attempt(attempt, late) for attempt in evidence.wire]
        front = [self._attempt(attempt, late * 2, f"gateway-{self.number}") for attempt in evidence.wire]
        events = [EventRecord(each.at_s + late, each.event) for each in evidence.events]
        return structs.replace(evidence, wire=wire, events=events, front=front if self.gateway else [])

    def _attempt(self, attempt: AttemptRecord, late: float, model: str = "") -> AttemptRecord:
        own = model or (f"model-{self.number}" if self.number % 2 else "test-model")
        chunks = [
            ChunkRecord(
                None if chunk.sent_s is None else chunk.sent_s + late * (1 + place % 5 / 10),
                base64.b64encode(chunk.data.replace(b"test-model", own.encode())).decode(),
            )
            for place, chunk in enumerate(attempt.chunks)
        ]
        agent = [("user-agent", f"system-{self.number}/1.{self.number}"), ("x-request", str(self.number * 31))]
        return structs.replace(attempt, chunks=chunks, request_headers=[*attempt.request_headers, *agent])


def own_results(folder: Path) -> Path:
    """The results of our own stack over the whole catalogue."""
    path = folder / "own.jsonl"
    command = [str(HARNESS), "replay", "--system", "reference", "--in-process", "--results", str(path), "--quiet"]
    ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if ended.returncode not in (0, 1):  # verdicts are not what is measured here
        raise SystemExit(f"{shlex.join(command)} ended with status {ended.returncode}")
    return path


def made_up(path: Path) -> Iterator[bytes]:
    """The lines of a results file of forty systems."""
    run = read_run(path)
    others = [Other(number) for number in range(SYSTEMS)]
    described = {other.of(run.results[0]).system: SystemNote("python") for other in others}
    yield encode_line(structs.replace(run.header, described=described, systems={}))
    for place in range(CELLS):
        result = run.results[place % len(run.results)]
        yield encode_line(others[(place // len(run.results) * 2 + place % 2) % SYSTEMS].of(result))
    yield encode_line(Footer(CELLS, 60.0))


def memory_of(group: int) -> int:
    """Bytes of memory of a group of processes; what several of them share is counted once."""
    whole = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                shares = (entry / "smaps_rollup").read_text().split("Pss:")[1]
                whole += int(shares.split()[0]) * 1024
        except (OSError, IndexError):  # it ended while we looked
            continue
    return whole


def measured(command: list[str]) -> tuple[float, float, int]:
    """Of a command and all that it starts: wall time, processor time (both in seconds), and the peak of memory."""
    start, before, peak = time.perf_counter(), _processor_s(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            time.sleep(LOOK_S)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} {command[1]} ended with status {process.returncode}")
    return time.perf_counter() - start, _processor_s() - before, peak


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Renders the report once, and says what it took; the exit status tells whether that is what is promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, help="a file of real results instead of made-up ones")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-report-") as name:
        folder = Path(name)
        results = wanted.results or folder / "results.jsonl"
        if not wanted.results:
            with results.open("wb") as file:
                file.writelines(made_up(own_results(folder)))
        seconds, used, memory = measured([str(HARNESS), "report", str(results), "--html", str(folder / "site")])
        packs = size_of(folder / "site" / "cells")
        site = size_of(folder / "site") - packs
        cells = len(read_run(results, evidence=False).results)
        kept = seconds < SECONDS and memory < MEMORY and site < SITE
        print(
            f"harness report: {cells:,} results ({results.stat().st_size / 1e6:.0f} MB) in {seconds:.1f} s "
            f"({used:.1f} s of processor time); memory at most {memory / 1e6:.0f} MB in all processes; "
            f"{site / 1e6:.1f} MB of pages and {packs / 1e6:.1f} MB of packed cells"
        )
        print(f"{'within' if kept else 'NOT within'} {SECONDS:.0f} s, {MEMORY / 1e6:.0f} MB and {SITE / 1e6:.0f} MB")
    return 0 if kept or cells > CELLS else 1


if __name__ == "__main__":
    sys.exit(main())
