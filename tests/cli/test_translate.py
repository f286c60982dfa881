"""`harness translate`: frames on standard output, what was lost on standard error."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import CHAT_STREAM, Harness, stdout_of
from tests.dialects.decoded import transcript

AS_OLLAMA = (
    '{"model":"m-1","created_at":"2025-01-01T00:00:00Z","message":{"role":"assistant","content":"Hel"},"done":false}\n'
    '{"model":"m-1","created_at":"2025-01-01T00:00:00Z","message":{"role":"assistant","content":"lo"},"done":false}\n'
    '{"model":"m-1","created_at":"2025-01-01T00:00:00Z","message":{"role":"assistant","content":""},"done":true,'
    '"done_reason":"stop"}\n'
)
CASSETTE = """\
version: 1
interactions:
  - request: {method: POST, uri: "http://127.0.0.1/v1/chat/completions", body: null, headers: {}}
    response:
      status: {code: 200, message: OK}
      headers: {content-type: [text/event-stream]}
      body:
        string: |+
          data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}

"""


def test_frames_go_to_standard_output_and_losses_to_standard_error(harness: Harness) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    ran = harness("translate", "answer.sse", "--from", "openai-chat", "--to", "ollama")
    assert ran.out == AS_OLLAMA
    assert ran.err == "lost: response-id (an answer has no id)\n"


def test_the_json_form_holds_frames_and_losses(harness: Harness) -> None:
    ran = harness("translate", "-", "-f", "openai-chat", "-t", "ollama", "--json", stdin=CHAT_STREAM)
    assert json.loads(ran.out) == {
        "from": "openai-chat",
        "to": "ollama",
        "status": "completed",
        "losses": [{"what": "response-id", "detail": "an answer has no id"}],
        "frames": AS_OLLAMA.splitlines(keepends=True),
    }
    assert ran.err == ""


def test_a_stream_that_is_cut_off_ends_with_an_error_of_the_other_dialect(harness: Harness) -> None:
    half = CHAT_STREAM[: CHAT_STREAM.index(b"lo") - 20]
    out = harness("translate", "-", "-f", "openai-chat", "-t", "anthropic-messages", stdin=half).out
    assert out.rstrip().splitlines()[-2] == "event: error"
    assert "message_stop" not in out


def test_think_tags_become_reasoning_when_asked_for(harness: Harness) -> None:
    body = CHAT_STREAM.replace(b'"Hel"', b'"<think>So</think>Hel"')
    arguments = ("translate", "-", "-f", "openai-chat", "-t", "gemini")
    plain = transcript("gemini", harness(*arguments, stdin=body).out.encode())
    asked = transcript("gemini", harness(*arguments, "--think-tags", stdin=body).out.encode())
    assert (plain.text, plain.reasoning) == ("<think>So</think>Hello", "")
    assert (asked.text, asked.reasoning) == ("Hello", "So")


def test_an_exchange_of_a_cassette_is_translated(harness: Harness) -> None:
    harness.write("talk.yaml", CASSETTE)
    ran = harness("translate", "talk.yaml", "--from", "openai-chat", "--to", "ollama")
    assert '"content":"Hi"' in ran.out
    arguments = ("translate", "talk.yaml", "-f", "openai-chat", "-t", "ollama", "--exchange", "3")
    assert harness(*arguments, status=2).error == "talk.yaml has 1 exchanges, and no number 3"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["answer.sse", "--from", "smoke", "--to", "ollama"], "unknown dialect 'smoke'"),
        (["answer.sse", "--from", "ollama", "--to", "smoke"], "unknown dialect 'smoke'"),
        (["nowhere.sse", "--from", "ollama", "--to", "gemini"], "nowhere.sse: No such file or directory"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(harness: Harness, arguments: list[str], problem: str) -> None:
    harness.write("answer.sse", CHAT_STREAM)
    assert harness.inside("translate", *arguments, status=2).error.startswith(problem)


def test_what_has_come_is_translated_before_more_comes(started: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = started("translate", "-", "--from", "openai-chat", "--to", "ollama", stdin=subprocess.PIPE)
    assert process.stdin is not None
    first, rest = CHAT_STREAM.split(b"\n\n", 1)
    process.stdin.write(first + b"\n\n")
    process.stdin.flush()
    assert b"Hel" in stdout_of(process).readline()
    process.stdin.write(rest)
    process.stdin.close()
    process.stdin = None
    assert b"lo" in stdout_of(process).readline()
