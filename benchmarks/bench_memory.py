"""What decoding costs in memory: a stream of a gigabyte fed to each dialect's decoder, in reads of 64 KiB.

The body is never whole in memory: our encoder's frames go round and round. What counts is how far the process's
resident memory grows while the events are taken and dropped; a second run reads the same stream in tiny pieces.

    python benchmarks/bench_memory.py [--megabytes 1024]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from harness.dialects import dialect, dialect_names
from harness.events import Text, ToolCall

READ = 64 * 1024
GROWTH_LIMIT_MB = 16
KEPT = {"openai-responses": "remembers up to 16 MiB of text, which its last frames repeat"}


def endless(name: str) -> bytes:
    """What a stream says between its beginning and its end, as often as it likes: about 64 KiB of frames."""
    encoder = dialect(name).encoder()
    encoder.feed(Text("begin"))
    frames = [
        frame for text in ["some words of an answer ", "Grüße, 日本 😀 "] * 100 for frame in encoder.feed(Text(text))
    ]
    round_of_frames = b"".join(frames)
    return round_of_frames * max(1, READ // len(round_of_frames))


def beginning(name: str) -> bytes:
    """What opens the stream, with a tool call in it."""
    encoder = dialect(name).encoder()
    return b"".join(encoder.feed(ToolCall(0, "a", "f", "{}")) + encoder.feed(Text("begin")))


def reads(body: bytes, size: int, total: int) -> Iterator[bytes]:
    """`body` over and over, in pieces of `size` bytes, until `total` bytes are given."""
    twice, at = body + body[:size], 0
    for _ in range(total // size):
        yield twice[at : at + size]
        at = (at + size) % len(body)


def resident_mb() -> float:
    """The memory that this process has resident now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024 / 1024


def growth_mb(name: str, size: int, total: int) -> float:
    """How far memory goes beyond what it was after the first twentieth of a stream."""
    decoder = dialect(name).decoder()
    decoder.feed(beginning(name))
    body = endless(name)
    step = max(1, total // size // 20)
    seen = []
    for number, data in enumerate(reads(body, size, total)):
        decoder.feed(data)
        if number % step == step - 1:
            seen.append(resident_mb())
    decoder.close()
    return max(seen) - seen[0]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--megabytes", type=int, default=1024)
    total = arguments.parse_args().megabytes * 1024 * 1024
    for name in dialect_names():
        for size, share in ((READ, 1), (7, 200)):
            start = time.process_time()
            grown = growth_mb(name, size, total // share)
            seconds = time.process_time() - start
            verdict = KEPT.get(name, "flat" if grown <= GROWTH_LIMIT_MB else "GROWS")
            megabytes = total // share // 1024 // 1024
            print(f"{name:20} {megabytes:5} MB in reads of {size:5}: +{grown:5.1f} MB, {verdict} ({seconds:.1f} s)")


if __name__ == "__main__":
    main()
