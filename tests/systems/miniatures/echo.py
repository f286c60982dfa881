"""Well-behaved, in the kit's asynchronous way: gives the words of the request back."""

from harness_kit import Finish, Text, Usage, serve


async def run(case):
    words = case.request["messages"][-1]["content"][0]["text"].split()
    for word in words:
        yield Text(word + " ")
    yield Usage(input_tokens=len(words), output_tokens=len(words))
    yield Finish("stop", raw="done")


serve(name="echo", version="1.2.3", dialects=["anthropic-messages"], features=["usage", "cancel"], run=run)
