"""What recording adds to a stream: the same httpx client unrecorded, recorded by us, and recorded by vcrpy.

A server in a process of its own streams a chat completion at a steady pace. One client at a time first, all of them
taking turns, so that whatever else the machine does falls on each alike; then many at once, one starting after another.
A stream's first event and its total are measured where the client reads; each cassette is read again and must hold
every byte. What a mode adds is the median of its differences from the unrecorded client in the same round, and the
processor's time, which other programs touch less; shares are of the unrecorded total.

    python benchmarks/bench_record.py [--events 200] [--interval 0.01] [--rounds 15] [--streams 200]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import vcr

from harness.recording.cassette import load_cassette
from harness.recording.tape import Recorder
from harness.recording.transport import RecordingTransport
from harness.recording.writer import CassetteWriter

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHAT = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1767225600, "model": "test-model"}
MODES = ("unrecorded", "recorded", "in background", "vcrpy")
TARGET = "target: under 1 % of the total, the first event no later"


def event(number: int) -> bytes:
    """One event of a chat completion."""
    choice = {"index": 0, "delta": {"content": f"word {number} "}, "finish_reason": None}
    return b"data: " + json.dumps({**CHAT, "choices": [choice]}).encode() + b"\n\n"


def body(events: int) -> bytes:
    """The whole body."""
    return b"".join(map(event, range(events))) + b"data: [DONE]\n\n"


@dataclass
class Times:
    """Seconds after the request, for each stream; processor seconds of the client for all of them."""

    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    cpu: float = 0.0


# The server


def serve(told: Connection, events: int, interval: float) -> None:
    """Runs in its own process: streams to whoever asks, until it is terminated."""
    asyncio.run(_serve(told, events, interval))


async def _serve(told: Connection, events: int, interval: float) -> None:
    parts = [*map(event, range(events)), b"data: [DONE]\n\n"]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                writer.write(HEAD)
                due = asyncio.get_running_loop().time()
                for part in parts:
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    due += interval
                    await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                writer.write(b"0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


@contextlib.contextmanager
def serving(events: int, interval: float) -> Iterator[str]:
    """A server for the length of a `with` block; gives its URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, events, interval), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1/chat/completions"
    finally:
        process.terminate()
        process.join()


# The clients


async def read(client: httpx.AsyncClient, url: str, times: Times, wanted: bytes) -> None:
    """Reads one stream to its end."""
    pieces: list[bytes] = []
    start = time.perf_counter()
    async with client.stream("POST", url, json={"model": "test-model", "stream": True}) as answer:
        async for piece in answer.aiter_raw():
            if not pieces:
                times.first.append(time.perf_counter() - start)
            pieces.append(piece)
    times.total.append(time.perf_counter() - start)
    assert b"".join(pieces) == wanted


@contextlib.contextmanager
def mode(name: str, path: Path) -> Iterator[httpx.AsyncHTTPTransport | RecordingTransport]:
    """A transport that records in that way, into that file."""
    limits = httpx.Limits(max_connections=1000)
    plain = httpx.AsyncHTTPTransport(limits=limits)
    match name:
        case "unrecorded":
            yield plain
        case "vcrpy":
            with vcr.use_cassette(str(path), record_mode="all"):
                yield plain
        case _:
            behind = name == "in background"
            with CassetteWriter(path) as cassette, Recorder(cassette.append, in_background=behind) as recorder:
                yield RecordingTransport(recorder, plain)


async def run(
    name: str, url: str, streams: int, times: Times, wanted: bytes, folder: Path, within: float = 0.0
) -> float:
    """So many streams, all begun within so many seconds, recorded in that way; gives the seconds until everything was
    on the disk."""

    async def one(number: int) -> None:
        await asyncio.sleep(within * number / streams)
        await read(client, url, times, wanted)

    path = folder / f"{name}.yaml"
    path.unlink(missing_ok=True)
    start, cpu = time.perf_counter(), time.process_time()
    with mode(name, path) as transport:
        async with httpx.AsyncClient(transport=transport, timeout=120) as client:
            await asyncio.gather(*(one(number) for number in range(streams)))
    times.cpu += time.process_time() - cpu
    done = time.perf_counter() - start
    if name != "unrecorded":
        exchanges = load_cassette(path).exchanges
        assert len(exchanges) == streams, f"{name}: {len(exchanges)} of {streams} exchanges"
        assert all(each.response.body == wanted for each in exchanges)
    return done


# The report


def line(name: str, times: Times, base: Times) -> str:
    """The medians of one mode, and what it adds, stream by stream, to the unrecorded ones of the same round."""
    more_first = statistics.median(ours - plain for ours, plain in zip(times.first, base.first, strict=True))
    more = statistics.median(ours - plain for ours, plain in zip(times.total, base.total, strict=True))
    total = statistics.median(base.total)
    streams = len(times.total)
    more_cpu = (times.cpu - base.cpu) / streams
    return (
        f"  {name:14} first event {statistics.median(times.first) * 1e3:8.2f} ms ({more_first * 1e3:+8.2f})   "
        f"total {statistics.median(times.total) * 1e3:8.1f} ms ({more * 1e3:+7.1f} = {100 * more / total:+6.2f} %)   "
        f"processor {1e3 * times.cpu / streams:5.1f} ms ({more_cpu * 1e3:+5.1f} = {100 * more_cpu / total:+5.2f} %)"
    )


async def one_at_a_time(arguments: argparse.Namespace, url: str, folder: Path) -> None:
    """The four in turn, each time another one first."""
    wanted = body(arguments.events)
    measured = {name: Times() for name in MODES}
    for name in MODES:
        await run(name, url, 1, Times(), wanted, folder)  # imports, and the disk's cache
    for number in range(arguments.rounds):
        for name in (*MODES[number % 4 :], *MODES[: number % 4]):
            await run(name, url, 1, measured[name], wanted, folder)
    print(f"one stream at a time, median of {arguments.rounds} ({TARGET})")
    for name in MODES:
        print(line(name, measured[name], measured["unrecorded"]))


async def many_at_once(arguments: argparse.Namespace, url: str, folder: Path) -> None:
    """Each mode once, with many streams at once in one event loop."""
    wanted = body(arguments.events)
    measured = {name: Times() for name in MODES}
    within = arguments.events * 5 * arguments.interval / 2
    print(f"{arguments.streams} streams at once, begun within {within:g} s, in one process and one cassette")
    for name in MODES:
        done = await run(name, url, arguments.streams, measured[name], wanted, folder, within)
        print(f"{line(name, measured[name], measured['unrecorded'])}   all on the disk after {done:.1f} s")


def main() -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--interval", type=float, default=0.01, help="seconds between two events")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--streams", type=int, default=200)
    arguments = parser.parse_args()
    logging.getLogger("vcr").setLevel(logging.ERROR)
    size = len(body(arguments.events)) / 1000
    print(f"streams of {arguments.events} events, {arguments.interval * 1e3:g} ms apart, {size:.0f} kB")
    with tempfile.TemporaryDirectory() as folder:
        with serving(arguments.events, arguments.interval) as url:
            asyncio.run(one_at_a_time(arguments, url, Path(folder)))
        with serving(arguments.events, 5 * arguments.interval) as url:
            print(f"the same, {5 * arguments.interval * 1e3:g} ms apart")
            asyncio.run(many_at_once(arguments, url, Path(folder)))


if __name__ == "__main__":
    main()
