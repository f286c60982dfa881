"""`harness serve`: any client can be pointed at it, it tells what it sees, and Ctrl-C ends it well."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable

import httpx

from harness import decode
from tests.cli.conftest import Harness, stdout_of

Start = Callable[..., subprocess.Popen[bytes]]

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
HEADERS = {"authorization": "Bearer sk-test"}
CASSETTE = """\
version: 1
interactions:
- request:
    method: POST
    uri: https://api.example.invalid/v1/chat/completions
    body: '{"model": "m"}'
    headers: {}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream]}
    body:
      string: |+
        data: {"choices": [{"delta": {"content": "taped"}, "finish_reason": "stop"}]}

"""


def line_of(process: subprocess.Popen[bytes]) -> str:
    return stdout_of(process).readline().decode().rstrip("\n")


def stopped(process: subprocess.Popen[bytes]) -> str:
    """The rest of what it says once a person has pressed Ctrl-C."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, b"")
    return out.decode()


def test_one_scenario_is_served_and_its_requests_are_told(started: Start) -> None:
    process = started("serve", "--scenario", "canary/plain-text")
    assert line_of(process).startswith("serving 1 base URL")
    base = line_of(process).removeprefix("base URL: ")
    answer = httpx.post(f"{base}/v1/chat/completions", json=REQUEST, headers=HEADERS)
    assert decode("openai-chat", answer.content).text == "Hello, world!"
    assert line_of(process) == "canary/plain-text: POST /v1/chat/completions (openai-chat) -> 200 clean"
    ollama = httpx.post(f"{base}/api/chat", json=REQUEST)
    assert decode("ollama", ollama.content).text == "Hello, world!"
    assert line_of(process) == "canary/plain-text: POST /api/chat (ollama) -> 200 clean"
    assert stopped(process) == ""


def test_what_the_vendor_would_refuse_is_refused_and_said(started: Start) -> None:
    process = started("serve", "--scenario", "canary/plain-text")
    line_of(process)
    base = line_of(process).removeprefix("base URL: ")
    answer = httpx.post(f"{base}/v1/chat/completions", json={**REQUEST, "messages": []}, headers=HEADERS)
    assert answer.status_code == 400
    assert line_of(process).endswith(" -> 400 clean")
    assert line_of(process).startswith("    the vendor would refuse it: ")
    stopped(process)


def test_many_scenarios_are_listed_at_the_root(started: Start) -> None:
    process = started("serve", "--family", "canary", "--family", "overload")
    root = line_of(process).partition("; ")[2].removesuffix(" lists them")
    listed = httpx.get(root).text
    assert f"{root}canary/plain-text\n    A plain answer, streamed in three pieces [" in listed
    assert f"{root}overload/one-529\n" in listed
    missed = httpx.post(f"{root}canary/plain-txt/v1/chat/completions", json=REQUEST)
    assert missed.status_code == 404
    assert "did you mean" in missed.text and "canary/plain-text" in missed.text
    stopped(process)


def test_a_cassette_is_played(harness: Harness, started: Start) -> None:
    harness.write("taped.yaml", CASSETTE)
    process = started("serve", "--scenario", "canary/plain-text", "--cassette", "taped.yaml")
    root = line_of(process).partition("; ")[2].removesuffix(" lists them")
    answer = httpx.post(f"{root}cassette/v1/chat/completions", json={"model": "m"}, headers=HEADERS)
    assert decode("openai-chat", answer.content).text == "taped", json.dumps(answer.text)
    stopped(process)


def test_a_cassette_alone_is_one_base_url_and_in_the_end_it_is_told_what_nobody_asked_for(
    harness: Harness, started: Start
) -> None:
    other = CASSETTE.partition("interactions:\n")[2].replace('"m"}', '"m", "user": "somebody else altogether"}')
    harness.write("taped.yaml", CASSETTE + other)
    process = started("serve", "--cassette", "taped.yaml", "--speed", "instant")
    assert line_of(process).startswith("serving 1 base URL")
    base = line_of(process).removeprefix("base URL: ")
    assert base.endswith("/cassette")
    answer = httpx.post(f"{base}/v1/chat/completions", json={"model": "m", "top_p": 1}, headers=HEADERS)
    assert decode("openai-chat", answer.content).text == "taped"
    missed = httpx.post(f"{base}/v1/messages", json={"model": "m"}, headers=HEADERS)
    assert missed.json()["harness_origin"]["recorded_in"] == "taped.yaml#0"
    told = stopped(process)
    assert "    not as it was recorded: top_p: recorded nothing, sent '1'\n" in told
    assert "    nothing recorded answers it: POST /v1/messages as a whole answer was not recorded;" in told
    assert "    path: recorded /v1/chat/completions, sent /v1/messages\n" in told
    assert told.endswith(
        "1 of 2 recorded exchanges were never asked for:\n"
        "    taped.yaml#1: POST https://api.example.invalid/v1/chat/completions\n"
    )


def test_a_folder_of_cassettes_is_served_and_ended_by_who_started_it(harness: Harness, started: Start) -> None:
    for name in ("tapes/one.yaml", "tapes/b/two.yaml"):
        harness.write(name, CASSETTE.replace("taped", name))
    harness.write("tapes/servers.yaml", "servers: []\n")
    process = started("serve", "--cassette", "tapes")
    root = line_of(process).partition("; ")[2].removesuffix(" lists them")
    for base, name in (("cassettes/b/two", "tapes/b/two.yaml"), ("cassettes/one", "tapes/one.yaml")):
        answer = httpx.post(f"{root}{base}/v1/chat/completions", json={"model": "m"}, headers=HEADERS)
        assert decode("openai-chat", answer.content).text == name
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err.decode()) == (0, "tapes/servers.yaml: no cassette, left out\n")
    assert b"never asked for" not in out


def test_what_cannot_be_played_is_a_wrong_call(harness: Harness) -> None:
    harness.write("empty/notes.txt", "nothing")
    harness.write("taped.yaml", CASSETTE)
    assert "no cassette lies there" in harness.inside("serve", "--cassette", "empty", status=2).error
    assert "missing.yaml: cannot be read" in harness.inside("serve", "--cassette", "missing.yaml", status=2).error
    wrong = harness.inside("serve", "--cassette", "taped.yaml", "--speed", "fast", status=2).error
    assert wrong == "'fast' is no speed: give `recorded`, `instant`, or how many times as fast, such as 10 or 0.5"


def test_a_port_that_was_asked_for_is_taken(started: Start) -> None:
    first = started("serve", "--scenario", "canary/plain-text")
    line_of(first)
    port = line_of(first).removeprefix("base URL: ").split(":")[2].partition("/")[0]
    stopped(first)
    second = started("serve", "--scenario", "canary/plain-text", "--port", port)
    assert f"http://127.0.0.1:{port}/" in line_of(second)
    stopped(second)
