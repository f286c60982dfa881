"""Writes specs/servers/recorded.json: what servers' recorded streams were seen to do, counted.

python docs/make_servers.py RECORDINGS [CORRECTIONS]

RECORDINGS is a folder of recordings by provider. The repository's own cassettes of real servers are counted as well.
The file holds names of traits and counts, and where each was seen first; nothing of what the streams say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from harness.lint.corrections import Corrections, read_corrections
from harness.lint.record import StreamRecord
from harness.lint.standing import lint_record
from harness.lint.streams import lint_files
from harness.report.served import Counting, profiles_json

ROOT = Path(__file__).parents[1]
CASSETTES = ("litellm", "llama-cpp", "llama-cpp-python", "transformers")
OUR_DOING = ("cancel", "interrupted", "killed")
"""Cassettes in which whoever recorded them stopped the answer or the server."""


def main(recordings: Path, corrections: Path | None) -> None:
    """Counts and writes."""
    known: Corrections = read_corrections(corrections) if corrections else {}
    counted: dict[tuple[str, str], Counting] = {}
    for name, stream in [*_streams(recordings, known), *_own()]:
        key = (stream.dialect, stream.provider)
        one = counted.setdefault(key, Counting(stream.provider, stream.dialect, "recorded"))
        one.count(stream.traits, name)
    of = "published recordings by provider, and this project's cassettes of local servers"
    made = datetime.now(tz=UTC).date().isoformat()
    servers = [one.server() for one in counted.values()]
    (ROOT / "specs" / "servers" / "recorded.json").write_bytes(profiles_json(servers, made=made, of=of))
    print(f"{len(servers)} servers, {sum(server.streams for server in servers)} streams")


def _streams(folder: Path, known: Corrections) -> Iterator[tuple[str, StreamRecord]]:
    for stream in lint_record(lint_files([folder], None, known)).streams:
        yield f"{Path(stream.file).name}#{stream.exchange}", stream


def _own() -> Iterator[tuple[str, StreamRecord]]:
    for stream in lint_record(lint_files([ROOT / "cassettes" / name for name in CASSETTES])).streams:
        if Path(stream.file).stem not in OUR_DOING:
            yield f"{Path(stream.file).relative_to(ROOT).as_posix()}#{stream.exchange}", stream


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else ROOT / "docs" / "findings" / "recordings.yaml")
