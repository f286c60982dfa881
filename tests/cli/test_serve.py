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


def test_a_port_that_was_asked_for_is_taken(started: Start) -> None:
    first = started("serve", "--scenario", "canary/plain-text")
    line_of(first)
    port = line_of(first).removeprefix("base URL: ").split(":")[2].partition("/")[0]
    stopped(first)
    second = started("serve", "--scenario", "canary/plain-text", "--port", port)
    assert f"http://127.0.0.1:{port}/" in line_of(second)
    stopped(second)
