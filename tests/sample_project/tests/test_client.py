"""pocket-chat against the harness, by its pytest plugin: a test for each scenario."""

import pocket_chat
import pytest


def hear(harness_case):
    """Asks what the case wants asked, and tells it what came."""
    with harness_case.listening() as heard:
        for piece in pocket_chat.ask(harness_case.base_url, harness_case.api_key, harness_case.body):
            match piece:
                case pocket_chat.Piece(text):
                    heard.text(text)
                case pocket_chat.Call(index, id, name, arguments):
                    heard.tool_call(index, id, name, arguments)
                case pocket_chat.Finish(reason):
                    heard.finish(reason)


@pytest.mark.harness(
    dialect="openai-chat", family=["canary", "framing"], features=["tool_calls"], system="pocket-chat", version="1.0.0"
)
def test_the_client_reads_every_framing(harness_case):
    hear(harness_case)
    harness_case.check()


@pytest.mark.xfail(reason="known: nothing looks whether a stop reason came", strict=True)
@pytest.mark.harness(dialect="openai-chat", scenario="disconnects/clean-end-before-stop-reason", system="pocket-chat")
def test_a_cut_answer_is_no_whole_one(harness_case):
    hear(harness_case)
    harness_case.check()
