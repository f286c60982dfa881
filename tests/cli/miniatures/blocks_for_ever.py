"""Stops its whole process in a case, so that nothing in it answers any more."""

import time

from harness_kit import Text, serve


async def run(case):
    yield Text("Hel")
    time.sleep(600)


serve(name="blocks-for-ever", version="1", dialects=["openai-chat"], run=run)
