"""How fast streams are re-cut and read: complete streams of 2 KB a second on one core, and every single cut of one.

`cut and read` makes a random cutting, feeds our decoder with its reads, and folds the events to a transcript that is
compared; `read alone` has the cuttings ready and only feeds. The openai SDK reads the same cuttings through its
transport, as an in-process search of it does. All in the processor's time; the best of several rounds counts.

    python benchmarks/bench_fuzz.py [--rounds 3]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random

import httpx2
import openai

from harness.dialects import dialect, dialect_names
from harness.events import AnyEvent, Finish, Start, Text, ToolCall, Usage
from harness.fuzz.cuts import cut_variants, random_cuts
from harness.fuzz.stream import Stream, body_stream
from harness.fuzz.variant import Variant
from harness.transcript import Transcript, fold

SIZE = 2048
PER_CORE = 5000
"""Streams a second that are cut and read, at the least."""
SINGLE_CUTS_S = 0.5
"""Seconds for every single cut of one stream, at the most."""
STREAMS = 2000
OF_THE_SDK = 200
SDK_DIALECT = "openai-chat"


def stream_of_size(name: str, size: int) -> Stream:
    """A stream of about that many bytes, or the shortest: prose that is not all ASCII, and a call where one fits in."""
    for with_call in (True, False):
        bodies = [made for words in range(1, 60) if len(made := _made(name, words, with_call)) <= size]
        if bodies:
            return body_stream(bodies[-1], name)
    return body_stream(_made(name, 1, with_call=False), name)


def _made(name: str, words: int, with_call: bool) -> bytes:
    events: list[AnyEvent] = [Start("id", "model"), *(Text(f"größer {number} ") for number in range(words))]
    if with_call:
        events += [ToolCall(0, "call_1", "f", '{"x": '), ToolCall(0, None, None, "1}")]
    events += [Finish("tool_calls" if with_call else "stop"), Usage(9, 30)]
    encoder = dialect(name).encoder()
    return b"".join([*(frame for event in events for frame in encoder.feed(event)), *encoder.close()])


def transcript(name: str, variant: Variant) -> Transcript:
    """What our decoder makes of it."""
    decoder = dialect(name).decoder()
    events = [event for chunk in variant.response.chunks for event in decoder.feed(chunk.data)]
    return fold(name, [*events, *decoder.close()])


def cut_and_read(stream: Stream) -> int:
    """So many random cuttings, each made, read and compared."""
    intact = transcript(stream.dialect, next(cut_variants(stream)))
    for variant in islice(random_cuts(stream, Random(1)), STREAMS):
        if transcript(stream.dialect, variant) != intact:
            raise SystemExit(f"the decoder of {stream.dialect} reads otherwise what is {variant.words}")
    return STREAMS


def read_alone(stream: Stream) -> Callable[[], int]:
    """The same cuttings, fed alone."""
    cuttings = [[chunk.data for chunk in variant.response.chunks] for variant in _some(stream, STREAMS)]
    make = dialect(stream.dialect).decoder

    def read() -> int:
        for reads in cuttings:
            decoder = make()
            for data in reads:
                decoder.feed(data)
            decoder.close()
        return STREAMS

    return read


def _some(stream: Stream, count: int) -> Iterator[Variant]:
    return islice(random_cuts(stream, Random(1)), count)


class _Reads(httpx2.SyncByteStream):
    def __init__(self, reads: list[bytes]) -> None:
        self._reads = reads

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._reads)


def through_the_sdk(stream: Stream) -> Callable[[], int]:
    """Random cuttings through the transport of openai's client."""
    waiting: list[list[bytes]] = []

    def answer(_: object) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=_Reads(waiting.pop()))

    client = openai.OpenAI(
        api_key="k",
        base_url="http://vendor/v1",
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        max_retries=0,
    )

    def read() -> int:
        for variant in _some(stream, OF_THE_SDK):
            waiting.append([chunk.data for chunk in variant.response.chunks])
            for _ in client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "x"}], stream=True
            ):
                pass
        return OF_THE_SDK

    return read


def every_single_cut(stream: Stream) -> int:
    """Every single cut, made, read and compared."""
    variants = [each for each in cut_variants(stream) if len(each.plan.get("cuts", ())) == 1]
    intact = transcript(stream.dialect, next(cut_variants(stream)))
    if any(transcript(stream.dialect, variant) != intact for variant in variants):
        raise SystemExit(f"the decoder of {stream.dialect} does not stand every single cut")
    return len(variants)


def best(rounds: int, run: Callable[[], int]) -> tuple[int, float]:
    """How many streams were read, and in how many seconds of the processor's time at the best."""
    times: list[float] = []
    count = 0
    for _ in range(rounds):
        start = time.process_time()
        count = run()
        times.append(time.process_time() - start)
    return count, min(times)


def rate(rounds: int, run: Callable[[], int]) -> float:
    """Streams a second."""
    count, seconds = best(rounds, run)
    return count / seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    print(f"streams of about {SIZE} bytes in random cuttings, streams a second on one core\n")
    print("dialect               bytes  cut and read  read alone  openai SDK   every single cut")
    missed = sum([report(stream_of_size(name, SIZE), rounds) for name in dialect_names()])
    print(f"\ntargets: at least {PER_CORE} of {SIZE} bytes cut and read a second,", end=" ")
    print(f"every single cut within {SINGLE_CUTS_S} s")
    sys.exit(1 if missed else 0)


def report(stream: Stream, rounds: int) -> bool:
    """One line; whether a target was missed."""
    ours, alone = rate(rounds, lambda: cut_and_read(stream)), rate(rounds, read_alone(stream))
    theirs = f"{rate(rounds, through_the_sdk(stream)):10.0f}" if stream.dialect == SDK_DIALECT else " " * 10
    cuts, seconds = best(rounds, lambda: every_single_cut(stream))
    longer = max(1.0, len(stream.body) / SIZE)  # no stream of openai-responses is as short
    missed = ours * longer < PER_CORE or seconds > SINGLE_CUTS_S
    numbers = f"{len(stream.body):6}  {ours:12.0f}  {alone:10.0f}  {theirs}"
    print(f"{stream.dialect:20} {numbers}   {cuts:5} in {seconds:.2f} s  {'missed' if missed else 'met'}")
    return missed


if __name__ == "__main__":
    main()
