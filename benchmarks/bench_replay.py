"""How long the command line takes: its start, and the whole catalogue through the reference, in process.

Prints the median and the range of several runs of the real command, start included.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

HARNESS = Path(sys.executable).with_name("harness")
COMMANDS = {
    "harness --version": (["--version"], "target: under 0.3 s"),
    "harness replay --in-process (whole catalogue)": (["replay", "--in-process", "--quiet"], "target: under 5 s"),
}
RUNS = 5


def seconds(arguments: list[str]) -> float:
    """The wall time of one run of the command."""
    start = time.perf_counter()
    subprocess.run([HARNESS, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Times each command, after one run to warm the disk's cache."""
    for name, (arguments, target) in COMMANDS.items():
        seconds(arguments)
        times = [seconds(arguments) for _ in range(RUNS)]
        print(f"{name}: median {statistics.median(times):.2f} s, {min(times):.2f} to {max(times):.2f} s ({target})")


if __name__ == "__main__":
    main()
