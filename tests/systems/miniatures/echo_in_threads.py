"""Well-behaved, as a plain generator: each case runs in a thread of its own."""

import threading

from harness_kit import Finish, Other, Text, serve


def run(case):
    yield Other("thread", threading.current_thread() is not threading.main_thread())
    for word in case.request["messages"][-1]["content"][0]["text"].split():
        yield Text(word + " ")
    yield Finish("stop")


serve(name="echo-in-threads", version="1", dialects=["anthropic-messages"], features=["cancel"], run=run)
