"""How much a translated event costs: events per second from every dialect to every other, one event at a time.

An answer of many small deltas (reasoning, text, a call in fragments) is decoded beforehand; what is measured is the
stream writer with the target's encoder, fed event by event as a gateway feeds it. The time is the processor's; the best
of several rounds counts.

    python benchmarks/bench_translate.py [--rounds 5] [--deltas 5000]
"""

from __future__ import annotations

import argparse
import sys
import time

from harness.dialects import dialect, dialect_names, stream_names
from harness.events import AnyEvent, End, Finish, Reasoning, Start, Text, ToolCall, Usage
from harness.stack.translate.stream import StreamWriter

MICROSECONDS = 10.0
"""What an event may cost at most."""


def answer(deltas: int) -> list[AnyEvent]:
    """A long answer, mostly text."""
    pieces = [ToolCall(0, arguments=f'{"," * bool(n)}"key_{n}":"value {n}"') for n in range(deltas // 10)]
    call = [ToolCall(0, "call_1", "search", "{"), *pieces, ToolCall(0, arguments="}")]
    said = [*(Reasoning("Hmm, ") for _ in range(deltas // 10)), *(Text("word ") for _ in range(deltas))]
    return [Start("answer-1", "test-model"), *said, *call, Usage(9, deltas), Finish("tool_calls"), End("completed")]


def seconds(source: str, target: str, events: list[AnyEvent]) -> float:
    """The processor time that the whole answer takes."""
    writer = StreamWriter(dialect(source), dialect(target))
    begun = time.process_time()
    for event in events:
        writer.feed((event,))
    return time.process_time() - begun


def main() -> int:
    """Print the table; 1 where an event costs more than it may."""
    options = argparse.ArgumentParser(description="Events per second, for every pair of dialects.")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--deltas", type=int, default=5000)
    asked = options.parse_args()
    events = answer(asked.deltas)
    dearest = 0.0
    print(f"events per second, and microseconds per event, of {len(events)} events\n")
    print(f"{'from':<20}" + "".join(f"{name:>22}" for name in stream_names()))
    for source in dialect_names():
        cells = []
        for target in stream_names():
            best = min(seconds(source, target, events) for _ in range(asked.rounds))
            each = best / len(events) * 1e6
            dearest = max(dearest, each)
            cells.append(f"{len(events) / best:>13,.0f} ({each:4.1f})")
        print(f"{source:<20}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"\nthe dearest event costs {dearest:.1f} microseconds; at most {MICROSECONDS} are allowed")
    return int(dearest > MICROSECONDS)


if __name__ == "__main__":
    sys.exit(main())
