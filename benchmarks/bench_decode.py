"""How fast bytes become events: our decoders beside the vendors' SDKs and the floor, on the same bytes.

The floor is what no decoder can avoid: splitting the body into lines and parsing the JSON of each, with the faster of
two parsers. The bodies are recorded streams where `../shared/recordings` is there, else streams that our encoders
make. All measure whole streams, handed over at once, in one process; the best of several rounds counts.

    python benchmarks/bench_decode.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import msgspec
import openai
import orjson

from harness.dialects import dialect
from harness.events import AnyEvent, Finish, Start, Text, ToolCall, Usage

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
TIMES_THE_SDK = {"openai-chat": 20, "openai-responses": 20}  # at least, where there is a target
TIMES_THE_FLOOR = 3  # at most, in time
SDK_ROUNDS = 2

Read = Callable[[list[bytes]], object]


@dataclass(frozen=True)
class Result:
    """Seconds for all bodies of a dialect."""

    events: int
    ours: float
    floor: float
    sdk: float


def recorded(name: str) -> list[bytes]:
    """The bodies of recorded SSE streams that ended as they should, which every SDK reads without raising."""
    path = RECORDINGS / f"{name}.jsonl.gz"
    if not path.exists():
        return []
    unread = {"in-stream-error", "no-event-lines", "aws-eventstream", "from-history"}
    with gzip.open(path) as lines:
        records = [json.loads(line) for line in lines]
    streams = [one for one in records if one["kind"] == "stream" and not unread & {*one["features"]}]
    return [body for one in streams if is_readable(body := base64.b64decode(one["body_b64"]))]


def is_readable(body: bytes) -> bool:
    """Whether every line of data is JSON: the floor has no place for handling errors."""
    try:
        floor(orjson.loads)([body])
    except ValueError:
        return False
    return True


def made(name: str) -> list[bytes]:
    """Bodies that our encoder makes: prose, and two tool calls at its end."""
    events: list[AnyEvent] = [Start("id", "model"), *(Text(f"word {n} ") for n in range(300))]
    events += [ToolCall(0, "a", "f", '{"x": '), ToolCall(0, None, None, "1}"), ToolCall(1, "b", "g", "{}")]
    encoder = dialect(name).encoder()
    frames = [frame for event in [*events, Finish("tool_calls"), Usage(9, 300)] for frame in encoder.feed(event)]
    return [b"".join([*frames, *encoder.close()])] * 50


def ours(name: str) -> Read:
    make = dialect(name).decoder

    def read(bodies: list[bytes]) -> None:
        for body in bodies:
            decoder = make()
            decoder.feed(body)
            decoder.close()

    return read


def floor(parse: Callable[[bytes], Any]) -> Read:
    def read(bodies: list[bytes]) -> None:
        for body in bodies:
            for line in body.split(b"\n"):
                if line[:7] == b"data: {":
                    parse(line[6:])

    return read


def sdk(name: str) -> Read:
    """The vendor's own stream iterator, over a transport that hands it each body at once."""
    waiting: list[bytes] = []

    def answer(_: Any) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=waiting.pop())

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    stream = _streams(client)[name]

    def read(bodies: list[bytes]) -> None:
        for body in bodies:
            waiting.append(body)
            with suppress(openai.OpenAIError, anthropic.AnthropicError, ValueError):
                for _ in stream():
                    pass

    return read


def _streams(client: httpx2.Client) -> dict[str, Callable[[], Iterable[Any]]]:
    of_openai = openai.OpenAI(api_key="k", base_url="http://vendor/v1", http_client=client, max_retries=0)
    of_anthropic = anthropic.Anthropic(api_key="k", base_url="http://vendor", http_client=client, max_retries=0)
    return {
        "openai-chat": lambda: of_openai.chat.completions.create(**ASKED, stream=True),
        "openai-responses": lambda: of_openai.responses.create(model="m", input="x", stream=True),
        "anthropic-messages": lambda: of_anthropic.messages.create(**ASKED, max_tokens=9, stream=True),
    }


def measure(name: str, rounds: int) -> Result:
    """Each reader in turn, round after round; the best of each counts."""
    bodies = recorded(name) or made(name)
    readers = {
        "ours": ours(name),
        "orjson": floor(orjson.loads),
        "msgspec": floor(msgspec.json.Decoder().decode),
        "sdk": sdk(name),
    }
    times: dict[str, list[float]] = {reader: [] for reader in readers}
    for number in range(rounds):
        for reader, read in readers.items():
            if reader == "sdk" and number >= SDK_ROUNDS:
                continue
            start = time.process_time()  # the processor's time: what else runs on the machine does not count
            read(bodies)
            times[reader].append(time.process_time() - start)
    best = {reader: min(taken) for reader, taken in times.items()}
    events = sum(body.count(b"data:") for body in bodies)
    return Result(events, best["ours"], min(best["orjson"], best["msgspec"]), best["sdk"])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    where = "recorded streams" if RECORDINGS.exists() else "made streams"
    print(f"decoding {where}: thousands of events a second\n")
    print("dialect                events    ours     SDK   floor  against the SDK   of the floor's time")
    for name in ("openai-chat", "openai-responses", "anthropic-messages"):
        print(line_of(name, measure(name, rounds)))
    print(f"\ntargets: at least 20 times as fast as OpenAI's SDK, at most {TIMES_THE_FLOOR} times the floor's time")


def line_of(name: str, result: Result) -> str:
    ours, theirs, bare = (result.events / taken / 1000 for taken in (result.ours, result.sdk, result.floor))
    faster, slower = result.sdk / result.ours, result.ours / result.floor
    target = TIMES_THE_SDK.get(name)
    verdict = "" if target is None else "met" if faster >= target else "missed"
    within = "met" if slower <= TIMES_THE_FLOOR else "missed"
    rates = f"{ours:7.0f} {theirs:7.1f} {bare:7.0f}"
    return f"{name:20} {result.events:8} {rates}  {faster:6.1f}x {verdict:8}  {slower:6.2f}x {within}"


if __name__ == "__main__":
    main()
