"""`harness replay --cassette`: golden transcripts are held to, rewritten when a person agrees, and systems are run."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.recording.cassette import Exchange, RecordedRequest, load_cassette
from harness.recording.golden import Undecoded, decoded
from harness.recording.writer import save_cassette
from harness.runner.results import read_run
from harness.wire.response import Chunk, Ending, WireResponse
from tests.cli.conftest import CHAT_STREAM, HARNESS, Harness

CHAT = "https://api.example.invalid/v1/chat/completions"
STREAM = (("content-type", "text/event-stream"),)
REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
HELLO: dict[str, object] = {
    **{"dialect": "openai-chat", "status": "completed", "finish": "stop", "finish_raw": "stop"},
    **{"text": "Hello", "reasoning": "", "refusal": None, "tool_calls": [], "error": None, "id": "r-1", "model": "m-1"},
    "usage": dict.fromkeys(
        ["input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens"]
    ),
    **{"other_choices": [], "warnings": []},
}
"""What CHAT_STREAM amounts to."""
FIRST_WORD = (Chunk(CHAT_STREAM.partition(b"\n\n")[0] + b"\n\n"),)
HALF: dict[str, object] = {**HELLO, "status": "truncated", "finish": None, "finish_raw": None, "text": "Hel"}
RESET = {
    **{"kind": "connection", "status": None, "code": None, "message": "the connection was reset"},
    **{"retryable": True, "retry_after_s": None},
}
SILENT = '''
from harness.events import Finish, Text
from harness.systems.base import Description


class Swallows:
    """Takes whatever came for a finished answer."""

    description = Description("swallows", "1", "python", ("openai-chat",), frozenset({"usage"}))

    async def run(self, case):
        import httpx

        async with httpx.AsyncClient(transport=case.transport) as client:
            yield Text("Hel")
            try:
                body, headers = {**case.request, "stream": True}, {"authorization": "Bearer k"}
                await client.post(f"{case.base_url}/v1/chat/completions", json=body, headers=headers)
            except httpx.HTTPError:
                pass
        yield Finish("stop")
'''


def exchange(
    golden: Mapping[str, object] | None = HELLO,
    *,
    chunks: tuple[Chunk, ...] = (Chunk(CHAT_STREAM[:60], 0.01), Chunk(CHAT_STREAM[60:], 0.02)),
    ending: Ending = "clean",
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = STREAM,
    url: str = CHAT,
    request: object = REQUEST,
) -> Exchange:
    response = WireResponse(status, headers, chunks, ending)
    sent = RecordedRequest("POST", url, (), json.dumps(request).encode())
    return Exchange(sent, response, provider="somebody", transcript=golden)


def tape(harness: Harness, name: str, *exchanges: Exchange) -> Path:
    path = harness.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    save_cassette(path, exchanges)
    return path


def said(error: str) -> tuple[Chunk, ...]:
    return (Chunk(json.dumps({"error": {"message": error, "type": error, "code": error}}).encode()),)


RATE_LIMITED: dict[str, object] = {
    **HALF,
    **{"status": "failed", "text": "", "id": None, "model": None},
    "error": {
        **{"kind": "rate_limit", "status": 429, "code": "rate_limit_exceeded", "message": "rate_limit_exceeded"},
        **{"retryable": True, "retry_after_s": None},
    },
}


@pytest.mark.parametrize("lane", [[], ["--in-process"]])
def test_what_was_recorded_is_replayed_to_the_reference_and_every_report_has_it(
    harness: Harness, lane: list[str]
) -> None:
    half = exchange({**HALF, "error": RESET}, chunks=FIRST_WORD, ending="reset")
    refused = exchange(RATE_LIMITED, chunks=said("rate_limit_exceeded"), status=429, headers=())
    tape(harness, "tapes/a/text.yaml", exchange(), half)
    tape(harness, "tapes/limits.yaml", refused)
    outputs = ["--report", "report", "--results", "r.jsonl", "--junit", "j.xml"]
    ran = harness("replay", "--cassette", "tapes", *outputs, *lane)
    run = read_run(harness.folder / "r.jsonl")
    assert {result.scenario: result.verdict for result in run.results} == {
        "cassette/a/text#0": "pass",
        "cassette/a/text#1": "pass",
        "cassette/limits#0": "pass",
    }
    assert [(each.id, each.verdict, each.golden) for each in run.recordings] == [
        ("cassette/a/text#0", "pass", True),
        ("cassette/a/text#1", "pass", True),
        ("cassette/limits#0", "pass", True),
    ]
    assert run.header.catalogue.startswith("cassettes+")
    assert "\ncassettes: 3 exchanges, 3 as the golden transcript has it, 0 not; 0 not compared\n" in ran.out
    page = (harness.folder / "report/matrix.html").read_text()
    assert "text#1: what somebody answered" in page
    cases = [each.get("name") for each in ElementTree.parse(harness.folder / "j.xml").getroot().iter("testcase")]
    assert {"cassette/a/text#0", "cassette/a/text#1", "cassette/limits#0"} <= {*cases}
    evidence = run.results[0].evidence
    assert evidence is not None
    assert evidence.expected


def test_a_decode_that_is_not_the_golden_transcript_fails_field_by_field(harness: Harness) -> None:
    tape(harness, "text.yaml", exchange({**HELLO, "text": "Hallo", "finish": "length"}), exchange())
    ran = harness("replay", "--cassette", "text.yaml", "--scenario", "cassette/text#*", "--results", "r", status=1)
    assert "cassettes: 2 exchanges, 1 as the golden transcript has it, 1 not; 0 not compared\n" in ran.out
    assert "\nfail: cassette/text#0 (openai-chat, somebody), text.yaml#0\n" in ran.out
    assert "  finish: golden 'length', now 'stop'\n  text: golden 'Hallo', now 'Hello'\n" in ran.out
    first, second = read_run(harness.folder / "r").recordings
    assert (first.verdict, second.verdict) == ("fail", "pass")
    again = harness("replay", "--cassette", "text.yaml", "--scenario", "cassette/text#1")
    assert "cassettes: 1 exchange, 1 as the golden" in again.out


def test_what_cannot_be_judged_is_told_and_does_not_fail(harness: Harness) -> None:
    left = exchange({**HALF, "status": "cancelled"}, chunks=FIRST_WORD, ending="cancelled")
    nowhere = exchange(None, url="https://api.example.invalid/v1/embeddings")
    tape(harness, "odd.yaml", left, nowhere, exchange(None))
    ran = harness("replay", "--cassette", "odd.yaml", "--results", "r.jsonl")
    assert read_run(harness.folder / "r.jsonl").results == ()
    assert ran.out.splitlines()[1:] == [
        "cassettes: 3 exchanges, 1 as the golden transcript has it, 0 not; 2 not compared",
        "  no case for a system, it was stopped while it was recorded, and what would have come is not known: "
        "cassette/odd#0",
        "  not compared, POST /v1/embeddings is the address of no known dialect: cassette/odd#1",
        "  not compared, it has no golden transcript: cassette/odd#2",
        "",
        "conformant",
    ]


def test_a_stream_that_its_recorder_left_behind_the_last_word_is_a_case(harness: Harness) -> None:
    tape(harness, "left.yaml", exchange(ending="cancelled"))
    harness("replay", "--cassette", "left.yaml", "--results", "r.jsonl")
    [result] = read_run(harness.folder / "r.jsonl").results
    assert result.verdict == "pass"


@pytest.mark.parametrize("lane", [[], ["--in-process"]])
def test_a_recorded_break_that_passes_for_success_is_a_silent_failure_and_its_command_shows_it_again(
    harness: Harness, lane: list[str]
) -> None:
    harness.write("swallows.py", SILENT)
    half = exchange({**HALF, "error": RESET}, chunks=FIRST_WORD, ending="reset")
    tape(harness, "my tapes/cut.yaml", exchange(), half)
    system = ["--system", "swallows:Swallows"]
    ran = harness(
        *("replay", "--cassette", "my tapes", "--speed", "instant", "--results", "r.jsonl"), *system, *lane,
        env={"PYTHONPATH": "."}, status=1,
    )  # fmt: skip
    [silent] = [each for each in read_run(harness.folder / "r.jsonl").results if each.scenario == "cassette/cut#1"]
    assert (silent.verdict, silent.silent, [each.kind for each in silent.failures]) == (
        "fail",
        True,
        ["silent-truncation"],
    )
    words = shlex.split(silent.reproduce)
    assert words == [
        *("harness", "replay", *system, "--scenario", "cassette/cut#1", "--dialect", "openai-chat"),
        *("--cassette", "my tapes", "--speed", "instant", *lane),
    ]
    assert silent.reproduce in ran.out
    again = harness(*words[1:], env={"PYTHONPATH": "."}, status=1)
    assert "fail silently: swallows cassette/cut#1 (openai-chat)" in again.out
    assert "cassette/cut#0" not in again.out


def test_a_recorded_refusal_that_a_system_takes_for_another_kind_fails(harness: Harness) -> None:
    wrong = {**RATE_LIMITED, "error": {**RATE_LIMITED["error"], "kind": "auth"}}  # type: ignore[dict-item]
    tape(harness, "limits.yaml", exchange(wrong, chunks=said("rate_limit_exceeded"), status=429, headers=()))
    ran = harness("replay", "--cassette", "limits.yaml", status=1)
    assert "  wrong-error: the error is another one: kind\n" in ran.out
    assert "  error.kind: golden 'auth', now 'rate_limit'\n" in ran.out


def test_update_writes_what_a_person_says_yes_to(harness: Harness) -> None:
    path = tape(harness, "text.yaml", exchange({**HELLO, "text": "Hallo"}), exchange(None), exchange())
    before = path.read_bytes()
    refused = harness("replay", "--cassette", "text.yaml", "--update", status=2)
    assert "text: golden 'Hallo', now 'Hello'" in refused.out
    assert "there is no terminal to ask on; --yes" in refused.error
    assert path.read_bytes() == before
    ran = harness("replay", "--cassette", "text.yaml", "--update", "--yes")
    assert ran.out == (
        "cassette/text#0\n"
        "  text: golden 'Hallo', now 'Hello'\n"
        "cassette/text#1\n"
        "  new: completed, finish stop, text 'Hello'\n"
        "text.yaml: 2 golden transcripts written\n"
    )
    assert [each.transcript for each in load_cassette(path).exchanges] == [HELLO] * 3
    assert "3 as the golden transcript has it" in harness("replay", "--cassette", "text.yaml").out
    assert harness("replay", "--cassette", "text.yaml", "--update").out.startswith("nothing to update")


@pytest.mark.parametrize(("answer", "status", "text"), [("n", 1, "Hallo"), ("y", 0, "Hello")])
def test_update_asks_on_a_terminal(harness: Harness, answer: str, status: int, text: str) -> None:
    path = tape(harness, "text.yaml", exchange({**HELLO, "text": "Hallo"}))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [HARNESS, "replay", "--cassette", "text.yaml", "--update"],
        cwd=harness.folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, err) == (status, b"")
    assert b"Is this right, and to be written into text.yaml?" in out
    [kept] = load_cassette(path).exchanges
    assert kept.transcript is not None
    assert kept.transcript["text"] == text


def test_a_cassette_that_vcrpy_wrote_gets_golden_transcripts_and_loses_nothing(harness: Harness) -> None:
    body = CHAT_STREAM.decode().replace("\n", "\\n").replace('"', '\\"')
    harness.write(
        "vcr.yaml",
        "version: 1\ninteractions:\n- request:\n    method: POST\n"
        f"    uri: {CHAT}\n    body: '{json.dumps(REQUEST)}'\n    headers: {{}}\n"
        "  response:\n    status: {code: 200, message: OK}\n    headers: {content-type: [text/event-stream]}\n"
        f'    body:\n      string: "{body}"\n',
    )
    harness("replay", "--cassette", "vcr.yaml", "--update", "--yes")
    [kept] = load_cassette(harness.folder / "vcr.yaml").exchanges
    assert kept.response.body == CHAT_STREAM
    assert kept.transcript == HELLO
    assert "reference" in harness("replay", "--cassette", "vcr.yaml").out


def test_what_does_not_go_together_is_a_wrong_call(harness: Harness) -> None:
    tape(harness, "text.yaml", exchange())
    harness.write("plain.json", '{"version": 1, "interactions": []}')
    for arguments, words in (
        (["--cassette", "text.yaml", "--catalogue", "."], "each say where the cases come from"),
        (["--update"], "--update is about cassettes; name one with --cassette"),
        (["--speed", "2"], "--speed is about cassettes; name one with --cassette"),
        (["--cassette", "text.yaml", "--speed", "0"], "'0' is no speed"),
        (["--cassette", "text.yaml", "--update", "--system", "reference"], "leave --system out"),
        (["--cassette", "text.yaml", "--yes"], "--yes answers the question of --update"),
        (["--cassette", "text.yaml", "--scenario", "cassette/txt#0"], "did you mean 'cassette/text#0'?"),
        (["--cassette", "text.yaml", "--family", "canary"], "no family 'canary'; known are cassette"),
        (["--cassette", "nowhere"], "nowhere: cannot be read"),
    ):
        assert words in harness.inside("replay", *arguments, status=2).error


def test_the_golden_transcript_of_these_tests_is_what_the_stream_says() -> None:
    now = decoded(exchange())
    assert not isinstance(now, Undecoded)
    assert now.to_dict() == HELLO
