"""`harness systems check` names the mistake that an adapter makes, and tells it from what may be its system's."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Harness

SOUND = """
import json
import urllib.request

from harness_kit import Finish, Text, ToolCall, Usage, chat, serve

def run(case):
    reader = chat.Reader()
    url = f"{case.base_url}/v1/chat/completions"
    body = json.dumps(chat.parameters(case.request)).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {case.api_key}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
        for line in response:
            if line.startswith(b"data: {"):
                for event in reader.read(json.loads(line[6:])):
                    yield event


serve(name="mine", version="1", dialects=["openai-chat"], features=["tool_calls", "usage"], run=run)
"""


GIVE = "                    yield event\n"


def checked(harness: Harness, *changes: tuple[str, str], status: int = 1) -> str:
    source = SOUND
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    harness.write("mine.py", source)
    return harness("systems", "check", "mine.py", status=status).out


def when(condition: str, then: str) -> tuple[str, str]:
    """The change that does `then` to the events for which `condition` holds, before they are given."""
    return GIVE, f"                    if {condition}:\n                        {then}\n{GIVE}"


def test_a_sound_adapter_is_called_sound(harness: Harness) -> None:
    assert checked(harness, status=0).startswith("the adapter is sound: 3 plain scenarios passed")


MISTAKES = {
    "another path": (
        ("/v1/chat", "/v1/chats"),
        "adapter: canary/plain-text (openai-chat): the request went to POST /v1/chats/completions",
    ),
    "another server": (
        ("    with urllib.request", "    yield Finish('stop')\n    return\n    with urllib.request"),
        "adapter: canary/plain-text (openai-chat): the system ended well without a single request",
    ),
    "all of the text so far": (
        when("isinstance(event, Text)", "event = Text(so_far := locals().get('so_far', '') + event.text)"),
        "adapter: canary/plain-text (openai-chat): each Text holds all of the text so far",
    ),
    "every text twice": (
        (GIVE, GIVE + "    yield Text('Hello, world!')\n"),
        "adapter: canary/plain-text (openai-chat): the text is given twice",
    ),
    "no text": (
        when("isinstance(event, Text)", "continue"),
        "adapter or system: canary/plain-text (openai-chat): the case completed without any Text",
    ),
    "no finish": (
        when("isinstance(event, Finish)", "continue"),
        "adapter or system: canary/plain-text (openai-chat): no Finish was given",
    ),
    "an unmapped finish": (
        when("isinstance(event, Finish)", "event = Finish('other', raw='end_of_turn')"),
        "adapter: canary/plain-text (openai-chat): the Finish says 'other' for 'end_of_turn'",
    ),
    "no usage": (
        when("isinstance(event, Usage)", "continue"),
        "adapter or system: canary/plain-text (openai-chat): no Usage was given",
    ),
    "no tool calls": (
        when("isinstance(event, ToolCall)", "continue"),
        "adapter or system: canary/tool-call (openai-chat): a plain tool call gave no ToolCall",
    ),
    "another index for each fragment": (
        when("isinstance(event, ToolCall)", "event = ToolCall(len(event.arguments), 'c', 'n', event.arguments)"),
        "adapter: canary/tool-call (openai-chat): the fragments of one call have several indices",
    ),
    "a claim without substance": (
        ('"usage"]', '"usage", "retries"]'),
        "adapter or system: overload/one-503 (openai-chat): it claims retries, and shows nothing of it",
    ),
    "a request that is refused": (
        ("json.dumps(chat.parameters(case.request))", "json.dumps({**chat.parameters(case.request), 'messages': []})"),
        "adapter or system: canary/plain-text (openai-chat): the vendor would refuse the request",
    ),
}


@pytest.mark.parametrize(("change", "diagnosis"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(harness: Harness, change: tuple[str, str], diagnosis: str) -> None:
    assert checked(harness, change).startswith(diagnosis)


def test_what_an_adapter_of_a_library_raises_itself_is_its_own_mistake(harness: Harness) -> None:
    said = checked(harness, (GIVE, GIVE.replace("event", "evnet")), ('version="1"', 'distribution="httpx"'))
    assert said.startswith("adapter: canary/plain-text (openai-chat): mine: the adapter itself failed, not its client")
    assert "NameError(\"name 'evnet' is not defined\") at mine.py:" in said


def test_the_same_mistake_in_a_client_that_is_the_adapter_is_the_clients(harness: Harness) -> None:
    said = checked(harness, (GIVE, GIVE.replace("event", "evnet")))
    assert "the adapter itself failed" not in said
    assert said.startswith("adapter or system: canary/plain-text (openai-chat)")


def test_a_swallowed_error_is_suspicious(harness: Harness) -> None:
    swallowing = (
        "    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:\n",
        "    try:\n"
        "        response = urllib.request.urlopen(urllib.request.Request(url, body, headers))\n"
        "    except OSError:\n"
        "        return\n"
        "    with response:\n",
    )
    assert checked(harness, swallowing).startswith("adapter or system: canary/refused-key (openai-chat)")


def test_a_system_that_cannot_be_started_is_no_adapters_verdict(harness: Harness) -> None:
    harness.write("mine.py", "import sys\nsys.exit('no licence')")
    ran = harness("systems", "check", "mine.py", status=3)
    assert "no licence" in ran.err
