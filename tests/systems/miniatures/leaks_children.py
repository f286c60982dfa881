"""Leaves processes behind: a child in its own group, and a grandchild in a session of its own that lost its parent."""

import os
import subprocess
import sys

from harness_kit import Other, serve

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


async def run(case):
    child = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL)
    middle = subprocess.run(
        [sys.executable, "-S", "-c", _ORPHAN.format(command=SLEEP)], capture_output=True, check=True, text=True
    )
    yield Other("left", [child.pid, int(middle.stdout)])
    if case.options.get("leave"):
        os._exit(0)


_ORPHAN = """
import subprocess
quiet = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(subprocess.Popen({command}, start_new_session=True, **quiet).pid)
"""

serve(name="leaks-children", version="1", dialects=["anthropic-messages"], run=run)
