"""Says what it can see: its environment, folder, limits, and what stdin and stdout are for everybody but the kit."""

import os
import resource
import sys
from pathlib import Path

from harness_kit import Other, serve


async def run(case):
    print("not for the protocol")
    os.system("echo nor this")
    yield Other("environment", dict(os.environ))
    yield Other("cwd", str(Path.cwd()))
    yield Other("stdin", sys.stdin.read())
    yield Other("memory", resource.getrlimit(resource.RLIMIT_DATA)[0])
    yield Other("group", [os.getpid(), os.getpgid(0)])
    if case.options.get("allocate"):
        yield Other("allocated", len(bytearray(case.options["allocate"])))


serve(name="tells-environment", version="1", dialects=["anthropic-messages"], run=run)
