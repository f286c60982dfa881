"""What a matrix of many systems takes: time, and how much memory at its peak.

Copies of the bundled systems under other names stand for systems that are not installed. The memory is that of the
harness and of all that it starts, together, looked at ten times a second.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.systems.registry import BUNDLED

HARNESS = Path(sys.executable).with_name("harness")
COPIED = ("openai_python", "anthropic_python")
LOOK_S = 0.1


def copies(folder: Path, count: int) -> list[str]:
    """The systems under so many names: the reference, and copies of what the development environment has anyway."""
    systems = ["reference"]
    for number in range(count):
        name = COPIED[number % len(COPIED)]
        source = (BUNDLED / f"{name}.py").read_text()
        path = folder / f"{name}_{number}.py"
        path.write_text(re.sub(r'name="([\w-]+)"', rf'name="\1-{number}"', source, count=1))
        systems.append(str(path))
    for helper in BUNDLED.glob("_*.py"):
        shutil.copy(helper, folder)
    return systems


def memory_of(process: int) -> tuple[int, int]:
    """Bytes of memory of a process alone, and with all its descendants."""
    parents: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended while we looked
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
        sizes[int(entry.name)] = int(fields[21]) * 4096
    family, waiting = [], [process]
    while waiting:
        each = waiting.pop()
        family.append(each)
        waiting += parents.get(each, [])
    return sizes.get(process, 0), sum(sizes.get(each, 0) for each in family)


def measured(command: list[str]) -> tuple[float, int, int]:
    """The wall time of a command in seconds, and the peaks of its own and of all memory in bytes."""
    start = time.perf_counter()
    own = everything = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            one, all_of_it = memory_of(process.pid)
            own, everything = max(own, one), max(everything, all_of_it)
            time.sleep(LOOK_S)
    return time.perf_counter() - start, own, everything


def main() -> None:
    """Runs the matrix once and says what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, default=8, help="how many copies run besides the reference")
    parser.add_argument("options", nargs="*", help="what else `harness matrix` is given, after --")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-matrix-") as folder:
        systems = copies(Path(folder), wanted.systems)
        results = Path(folder) / "results.jsonl"
        command = [str(HARNESS), "matrix", "--quiet", "--results", str(results), *wanted.options]
        seconds, own, everything = measured([*command, *(word for name in systems for word in ("--system", name))])
        with results.open("rb") as lines:
            cases = sum(line.startswith(b'{"record":"result"') for line in lines)
        print(
            f"harness matrix: {len(systems)} systems, {cases:,} cases in {seconds:.0f} s; memory at most "
            f"{own / 1e6:.0f} MB in the harness, {everything / 1e6:.0f} MB with all that it started "
            f"(results file: {results.stat().st_size / 1e6:.0f} MB)"
        )


if __name__ == "__main__":
    main()
