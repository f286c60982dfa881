"""Dies in the middle of its first case."""

import os
import sys

from harness_kit import Text, serve


async def run(case):
    yield Text("Hel")
    print("the library fell over", file=sys.stderr)
    os._exit(7)


serve(name="dies-in-case", version="1", dialects=["openai-chat"], run=run)
