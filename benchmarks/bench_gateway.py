"""Many streams at once through our gateway, and the same work through the LiteLLM proxy: is anything lost, how much
older is each event for it, how many events does a core carry, and does memory stay flat?

One process is the upstream and all clients (sockets without any HTTP library); the gateway is another. The upstream
writes into each event when it sent it, and each client looks whether the events are all there, in order, and how old
they are. A gateway's cost is the processor time of its process, as the system counts it. LiteLLM is left out, with a
word, where it cannot be installed.

    python benchmarks/bench_gateway.py [--streams 500] [--events 40] [--interval 1.0] [--rounds 3] [--only harness]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx

from harness.systems.environment import BuildFailed, python_with

HARNESS = Path(sys.executable).with_name("harness")
LITELLM = "litellm[proxy]==1.106.2"
KEY = "sk-bench"
STAMP = re.compile(rb"<(\d+):(\d+)>")
TICK = os.sysconf("SC_CLK_TCK")
TARGET = 10
"""Times LiteLLM's throughput per core that ours is meant to reach."""

CHAT = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1767225600, "model": "test-model"}


def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    """One event of a chat completion, as a chunk of an HTTP body."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    data = b"data: " + json.dumps({**CHAT, "choices": [choice]}).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
TAIL = chunk({}, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


@dataclass
class Work:
    """How much is asked for, and what came of it."""

    streams: int
    events: int
    interval_s: float
    ages: list[float] = field(default_factory=list)
    """Seconds from an event's sending to its arrival."""
    faults: list[str] = field(default_factory=list)


class Upstream(asyncio.Protocol):
    """Answers every request with a stream of stamped events, one each interval."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if found and length and len(body) >= int(length[1]):
            self._got = b""
            self._transport.write(HEAD + chunk({"role": "assistant", "content": ""}))
            self._send(0)

    def _send(self, number: int) -> None:
        if self._transport.is_closing():
            return
        if number == self._work.events:
            self._transport.write(TAIL)
            return
        self._transport.write(chunk({"content": f"<{number}:{time.monotonic_ns()}>"}))
        asyncio.get_running_loop().call_later(self._work.interval_s, self._send, number + 1)


class Caller(asyncio.Protocol):
    """One client of a gateway: asks once, and looks at every event."""

    def __init__(self, work: Work, port: int) -> None:
        self._work, self._port = work, port
        self._got = b""
        self._next = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        asked = {"model": "test-model", "stream": True, "messages": [{"role": "user", "content": "Count."}]}
        body = json.dumps(asked).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\nauthorization: Bearer {KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._got += data
        read = 0
        for found in STAMP.finditer(self._got):
            read = found.end()
            if int(found[1]) != self._next:
                self._work.faults.append(f"event {int(found[1])} came where {self._next} was due")
            self._next = int(found[1]) + 1
            self._work.ages.append((now - int(found[2])) / 1e9)
        self._got = self._got[max(read, len(self._got) - 400) :]
        if b"[DONE]" in self._got and self._got.endswith(b"0\r\n\r\n"):
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            if self._next != self._work.events:
                self._work.faults.append(f"{self._work.events - self._next} events were lost: {self._got[-200:]!r}")
            self.done.set_result(None)
            self._transport.close()


@dataclass(frozen=True)
class Process:
    """A gateway that runs, as the system sees it."""

    name: str
    pid: int
    port: int

    def cpu_s(self) -> float:
        """Processor time that it and its threads took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self) -> float:
        """Memory that it holds now."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


async def through(port: int, work: Work) -> float:
    """All streams at once; the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = time.monotonic()

    async def one(place: int) -> None:
        await asyncio.sleep(work.interval_s * place / work.streams)  # spread, as independent clients are
        _, caller = await loop.create_connection(lambda: Caller(work, port), "127.0.0.1", port)
        await caller.done

    await asyncio.gather(*(one(place) for place in range(work.streams)))
    return time.monotonic() - began


@contextlib.contextmanager
def started(name: str, command: list[str | Path], port: int, path: str, **environment: str) -> Iterator[Process]:
    """A gateway's process, up and answering; its whole group is ended."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            for _ in range(600):
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(f"{name} did not start: {log.read()[-2000:].decode('utf-8', 'replace')}")
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2).status_code == 200:
                        break
                time.sleep(0.1)
            yield Process(name, process.pid, port)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def free_port() -> int:
    """A port that nobody has just now."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def ours(upstream: int) -> contextlib.AbstractContextManager[Process]:
    """`harness gateway`, as anybody would start it."""
    port = free_port()
    command: list[str | Path] = [HARNESS, "gateway", "--upstream", f"http://127.0.0.1:{upstream}"]
    command += ["--upstream-dialect", "openai-chat", "--listen", f"127.0.0.1:{port}", "--token-env", "BENCH_TOKEN"]
    return started("harness gateway", command, port, "/health", BENCH_TOKEN=KEY, OPENAI_API_KEY="sk-upstream")


@contextlib.contextmanager
def litellm(upstream: int) -> Iterator[Process]:
    """The LiteLLM proxy over the same upstream, with its logging off."""
    python = python_with(LITELLM)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "litellm.yaml"
        model = {"model": "openai/test-model", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "sk-upstream"}
        config.write_text(json.dumps({"model_list": [{"model_name": "test-model", "litellm_params": model}]}))
        command: list[str | Path] = [python.with_name("litellm"), "--config", config, "--host", "127.0.0.1"]
        command += ["--port", str(port), "--telemetry", "False", "--num_workers", "1"]
        quiet = {"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        with started("LiteLLM proxy", command, port, "/health/liveliness", HOME=folder, **quiet) as process:
            yield process


async def measure(process: Process | None, upstream: int, work: Work) -> tuple[float, float]:
    """One round; events per second of the gateway's processor time, and its memory afterwards in MiB."""
    before = process.cpu_s() if process else 0.0
    await through(process.port if process else upstream, work)
    spent = process.cpu_s() - before if process else 0.0
    return (work.streams * work.events / spent if spent else 0.0), (process.rss_mib() if process else 0.0)


async def bench(name: str, process: Process | None, upstream: int, work: Work, rounds: int) -> float:
    """Several rounds, each told in a line; the median of events per second and core."""
    rates = []
    for number in range(1, rounds + 1):
        work.ages.clear()
        work.faults.clear()
        rate, memory = await measure(process, upstream, work)
        rates.append(rate)
        ages = statistics.quantiles(work.ages, n=100) if len(work.ages) > 1 else [0.0] * 99
        whole = "nothing lost, all in order" if not work.faults else f"{len(work.faults)} FAULTS: {work.faults[0]}"
        cost = f"{rate:,.0f} events/s per core, RSS {memory:.0f} MiB, " if process else ""
        print(
            f"{name}, round {number}: {len(work.ages):,} events in {work.streams} streams, {cost}"
            f"age of an event p50 {ages[49] * 1e3:.2f} ms, p99 {ages[98] * 1e3:.2f} ms; {whole}",
            flush=True,
        )
    return statistics.median(rates)


async def run(options: argparse.Namespace) -> dict[str, float]:
    """The measurements, by name. A SIGTERM ends them, and the gateway with them."""
    running = asyncio.current_task()
    assert running is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    work = Work(options.streams, options.events, options.interval)
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(work), "127.0.0.1", 0, backlog=2048)
    upstream = server.sockets[0].getsockname()[1]
    found = {}
    await bench("no gateway", None, upstream, work, 1)
    for name, start in (("harness", ours), ("litellm", litellm)):
        if options.only in (None, name):
            try:
                with start(upstream) as process:
                    warm = Work(20, 5, 0.01)
                    work.events, kept = warm.events, work.events
                    await through(process.port, warm)
                    work.events = kept
                    found[name] = await bench(process.name, process, upstream, work, options.rounds)
            except (SystemExit, BuildFailed) as problem:
                print(f"{name} is left out: {problem}")
    server.close()
    return found


def main() -> None:
    """Measures both, and says how they compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--interval", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["harness", "litellm"])
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    import uvloop

    found = uvloop.run(run(options))
    if len(found) == 2:
        times = found["harness"] / found["litellm"]
        print(f"events per second and core: ours is {times:.1f} times LiteLLM's (target: {TARGET})")


if __name__ == "__main__":
    main()
