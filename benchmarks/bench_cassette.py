"""How fast cassettes are read and written: 10 MB in several shapes, beside vcrpy on the same file.

Reading is `load_cassette`, which checks everything, and vcrpy's own serializer, which checks nothing; writing is
`save_cassette` with the default redactor and without one, and one exchange appended to a cassette of 10 MB.

    python benchmarks/bench_cassette.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from harness.recording.cassette import Exchange, RecordedRequest, load_cassette
from harness.recording.received import parted
from harness.recording.writer import CassetteWriter, save_cassette
from harness.wire.response import Chunk, WireResponse

TARGET_S = 1.0
SIZE = 10_000_000
WORDS = ["the", "answer", "to", "this", "question", "depends", "on", "what", "is", "meant", "by", "it", "👋"]
HEAD = [(f"X-Header-{number}", f"some-value-{number}") for number in range(15)]


@dataclass(frozen=True)
class Shape:
    """What a cassette of 10 MB is made of."""

    name: str
    reads: int
    """Network reads of each exchange."""
    events: int
    """Events of a stream in each read."""


SHAPES = (
    Shape("one stream, a read for each event", 58_000, 1),
    Shape("streams of 50 kB", 250, 1),
    Shape("streams of 50 kB, 4 events a read", 62, 4),
    Shape("answers of 5 kB", 1, 20),
)


class Nothing:
    """Cleans nothing."""

    def clean(self, exchange: Exchange) -> tuple[Exchange, tuple[()]]:
        return exchange, ()


def exchange(shape: Shape, chance: random.Random) -> Exchange:
    headers, form = parted([("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"), *HEAD])
    chunks = tuple(
        Chunk("".join(event(chance) for _ in range(shape.events)).encode(), chance.randrange(200_000) / 1e6)
        for _ in range(shape.reads)
    )
    request = RecordedRequest("POST", "https://api.test/v1/chat/completions", tuple(HEAD[:8]), b'{"model": "m"}')
    return Exchange(request, WireResponse(200, headers, chunks, before_head_s=0.2), header_form=form, reason="OK")


def event(chance: random.Random) -> str:
    return (
        f'data: {{"id":"chatcmpl-{chance.randrange(10**9)}","object":"chat.completion.chunk","created":1763740800,'
        f'"choices":[{{"index":0,"delta":{{"content":" {chance.choice(WORDS)}"}},"finish_reason":null}}]}}\n\n'
    )


def cassette(shape: Shape) -> list[Exchange]:
    """Exchanges of about 10 MB."""
    chance = random.Random(1)
    made: list[Exchange] = []
    size = 0
    while size < SIZE:
        made.append(exchange(shape, chance))
        size += len(made[-1].response.body) + 12 * len(made[-1].response.chunks) + 900
    return made


def best(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of the processor, the best of several rounds: what else runs on the machine does not count."""
    taken: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def measure(shape: Shape, rounds: int, folder: Path) -> bool:
    """Prints a line for the shape; whether it loads within the target."""
    exchanges = cassette(shape)
    path = folder / "a.yaml"
    plain = best(rounds, lambda: save_cassette(path, exchanges, redactor=Nothing()))
    cleaned = best(1, lambda: save_cassette(folder / "cleaned.yaml", exchanges))
    loads = best(rounds, lambda: load_cassette(path))
    vcrpys = best(1, lambda: deserialize(path.read_text(), yamlserializer))
    size = path.stat().st_size / 1e6
    writer = CassetteWriter(path, redactor=Nothing(), append=True)
    small = exchange(Shape("", 250, 1), random.Random(2))
    appends = best(rounds, lambda: writer.append(small))
    verdict = "met" if loads < TARGET_S else "missed"
    times = f"{loads:6.2f} {vcrpys:7.2f} {plain:8.2f} {cleaned:9.2f} {appends * 1000:10.1f}"
    print(f"{shape.name:36} {size:5.1f} {len(exchanges):9} {times}  {verdict}", flush=True)
    return loads < TARGET_S


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    print("cassettes of 10 MB: seconds of the processor, the best of several rounds; appending 50 kB in ms\n")
    print("shape                                   MB exchanges   load   vcrpy    write   cleaned     append")
    with TemporaryDirectory() as folder:
        met = [measure(shape, rounds, Path(folder)) for shape in SHAPES]
    print(f"\ntarget: 10 MB load in under {TARGET_S:g} s")
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
