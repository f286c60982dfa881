"""What the recording proxy adds to a stream: the same httpx client straight to the server, and through the proxy.

Server and proxy run in processes of their own; the server streams a chat completion at a steady pace. One stream at a
time, the two ways taking turns, then many at once, each way by itself. Every byte is checked in the client, and in the
cassette afterwards.

    python benchmarks/bench_proxy.py [--events 200] [--interval 0.01] [--rounds 15] [--streams 200]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
import statistics
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from bench_record import Times, body, read, serving

from harness.recording.cassette import load_cassette
from harness.recording.proxy.events import Listening, ProxyEvent
from harness.recording.proxy.server import record_through_proxy
from harness.recording.tape import Recorder
from harness.recording.writer import CassetteWriter


def relay(told: Connection, upstream: str, path: Path) -> None:
    """Runs in its own process: records until it is interrupted, then tells its processor time."""

    def on_event(event: ProxyEvent) -> None:
        if isinstance(event, Listening):
            told.send(event.url)

    with CassetteWriter(path) as cassette, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(record_through_proxy(upstream, Recorder(cassette.append), on_event=on_event))
    used = resource.getrusage(resource.RUSAGE_SELF)
    told.send((used.ru_utime + used.ru_stime, used.ru_maxrss / 1000))


@contextlib.contextmanager
def proxying(upstream: str, path: Path) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """A proxy for the length of a `with` block; gives its URL, and behind the block its seconds and megabytes."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=relay, args=(theirs, upstream, path), daemon=True)
    process.start()
    cost: list[tuple[float, float]] = []
    try:
        yield ours.recv(), cost
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGINT)
        cost.append(ours.recv())
        process.join()


async def ask(url: str, streams: int, within: float, times: Times, wanted: bytes) -> None:
    """So many streams, all begun within so many seconds."""

    async def one(client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(within * number / streams)
        await read(client, url, times, wanted)

    async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=1000)) as client:
        await asyncio.gather(*(one(client, number) for number in range(streams)))


def told(name: str, times: Times, base: Times) -> str:
    """One way's medians, and what it adds."""
    first, total = statistics.median(times.first), statistics.median(times.total)
    more_first = first - statistics.median(base.first)
    more = total - statistics.median(base.total)
    return (
        f"  {name:10} first event {first * 1e3:8.2f} ms ({more_first * 1e3:+6.2f})   "
        f"total {total * 1e3:8.1f} ms ({more * 1e3:+6.1f} = {100 * more / total:+5.2f} %)"
    )


def checked(path: Path, streams: int, wanted: bytes) -> str:
    """That every stream was recorded whole."""
    exchanges = load_cassette(path).exchanges
    assert len(exchanges) == streams, f"{len(exchanges)} of {streams} exchanges"
    assert all(each.response.body == wanted and each.response.ending == "clean" for each in exchanges)
    return f"{streams} exchanges recorded whole"


def compare(arguments: argparse.Namespace, url: str, path: Path, rounds: int, streams: int, within: float) -> None:
    """Both ways in turn, and what they cost."""
    wanted, parts = body(arguments.events), urlsplit(url)
    direct, proxied = Times(), Times()
    with proxying(f"{parts.scheme}://{parts.netloc}", path) as (relayed, cost):
        ways = [(url, direct), (relayed + parts.path, proxied)]
        for address, _ in ways:
            asyncio.run(ask(address, 1, 0, Times(), wanted))
        for number in range(rounds):
            for address, times in ways if number % 2 else reversed(ways):
                asyncio.run(ask(address, streams, within, times, wanted))
    seconds, megabytes = cost[0]
    print(told("direct", direct, direct))
    print(told("recorded", proxied, direct))
    print(f"  {checked(path, rounds * streams + 1, wanted)}; the proxy used {seconds:.1f} s and {megabytes:.0f} MB")


def main() -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--interval", type=float, default=0.01, help="seconds between two events")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--streams", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with serving(arguments.events, arguments.interval) as url:
            print(f"{arguments.events} events {arguments.interval * 1e3:g} ms apart, one stream at a time")
            compare(arguments, url, Path(folder) / "one.yaml", arguments.rounds, 1, 0)
        interval = 5 * arguments.interval
        with serving(arguments.events, interval) as url:
            print(f"the same {interval * 1e3:g} ms apart, {arguments.streams} streams at once")
            compare(arguments, url, Path(folder) / "many.yaml", 1, arguments.streams, arguments.events * interval / 2)


if __name__ == "__main__":
    main()
