"""The harness as its users run it: the real command, over real sockets, with good calls and bad ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from harness.runner.results import Run, read_run

HARNESS = Path(sys.executable).with_name("harness")
CUT = "disconnects/clean-end-before-stop-reason"
ADAPTER = """# /// script
# dependencies = []
# ///
from harness_kit import Finish, Text, serve

def run(case):
    {body}

serve(name="tried", version="1", dialects=["openai-chat"], features=[], run=run)
"""


def harness(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [HARNESS, *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def adapter(folder: Path, body: str) -> Path:
    path = folder / "tried.py"
    path.write_text(ADAPTER.format(body=body))
    return path


def replay(folder: Path, *arguments: str | Path) -> tuple[subprocess.CompletedProcess[str], Run]:
    done = harness("replay", *arguments, "--results", folder / "results.jsonl")
    return done, read_run(folder / "results.jsonl")


def refused(done: subprocess.CompletedProcess[str], *words: str, status: int = 2) -> None:
    """It ended with that status and one line of error that holds the words, without a traceback."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_the_reference_conforms_over_sockets_and_in_process(tmp_path: Path) -> None:
    for lane in ([], ["--in-process"]):
        done, run = replay(tmp_path, "--family", "canary", *lane)
        assert done.returncode == 0, done.stderr
        assert {result.verdict for result in run.results} == {"pass"}
        assert len({result.dialect for result in run.results}) == 5
        assert run.footer is not None and run.footer.results == len(run.results)
        assert all(("--in-process" in result.reproduce) == bool(lane) for result in run.results)


def test_a_broken_client_fails_and_the_report_shows_it(tmp_path: Path) -> None:
    script = adapter(tmp_path, 'yield Text("Hello, world!"); yield Finish("stop")')
    report, junit = tmp_path / "report", tmp_path / "junit.xml"
    done = harness("replay", "-s", script, "--scenario", "canary/plain-text", "--report", report, "--junit", junit)
    assert done.returncode == 3, "an adapter that sends no request proves nothing about its client"
    sends = adapter(tmp_path, "import urllib.request as u; u.urlopen(case.base_url); yield Text('no')")
    done = harness("replay", "-s", sends, "--scenario", CUT, "--report", report, "--junit", junit)
    assert (report / "index.html").is_file() and (report / "results.jsonl").is_file()
    assert ElementTree.parse(junit).getroot().tag == "testsuites"
    assert str(sends) in done.stdout + (report / "results.jsonl").read_text()


def test_a_must_that_fails_is_exit_status_one_and_names_its_command(tmp_path: Path) -> None:
    naive = adapter(
        tmp_path,
        """import json, urllib.request as u
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}).encode()
    headers = {"authorization": "Bearer " + case.api_key, "content-type": "application/json"}
    request = u.Request(case.base_url + "/v1/chat/completions", body, headers)
    for line in u.urlopen(request, timeout=10):
        if line.startswith(b"data: {"):
            for choice in json.loads(line[6:])["choices"]:
                if choice["delta"].get("content"):
                    yield Text(choice["delta"]["content"])
                if choice["finish_reason"]:
                    yield Finish(choice["finish_reason"])""",
    )
    done, run = replay(tmp_path, "-s", naive, "--scenario", "canary/plain-text", "--scenario", CUT)
    verdicts = {result.scenario: (result.verdict, result.silent) for result in run.results}
    assert done.returncode == 1
    assert verdicts == {"canary/plain-text": ("pass", False), CUT: ("fail", True)}
    assert f"harness replay --system {naive} --scenario {CUT} --dialect openai-chat" in done.stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import os; os._exit(7)", "7"),
        ("import time; time.sleep(60); yield Text('late')", ""),
        ("import os; os.write(3 if os.path.exists('/proc/self/fd/3') else 2, b''); raise SystemExit(4)", ""),
    ],
)
def test_an_adapter_that_dies_or_hangs_does_not_end_the_run(tmp_path: Path, body: str, said: str) -> None:
    scenarios = tmp_path / "scenarios" / "canary"
    scenarios.mkdir(parents=True)
    (scenarios / "short.yaml").write_text(
        "title: Short\nwhy: A deadline that a test can wait for.\ndeadline_s: 3\n"
        "response: {events: [{text: Hello}, {finish: stop}]}\nexpect: {text: Hello, finish: stop}\n"
    )
    script = adapter(tmp_path, body)
    catalogue = ("--catalogue", tmp_path / "scenarios")
    done, run = replay(tmp_path, "-s", script, "-s", "reference", "-d", "openai-chat", *catalogue)
    verdicts = {result.system: result for result in run.results}
    assert verdicts["reference"].verdict == "pass"
    assert verdicts["tried"].verdict in ("error", "fail")
    assert said in verdicts["tried"].note
    assert done.returncode in (1, 3)


def test_a_system_that_cannot_start_is_an_error_and_the_others_run(tmp_path: Path) -> None:
    manifest = tmp_path / "gone.yaml"
    manifest.write_text("kind: client\ncommand: [no-such-program]\n")
    done, run = replay(tmp_path, "-s", manifest, "-s", "reference", "--family", "canary", "-d", "gemini")
    assert done.returncode == 3
    assert "no-such-program" in done.stderr
    assert {result.system: result.verdict for result in run.results} == {"gone": "error", "reference": "pass"}


def test_wrong_calls_are_refused_in_one_line(tmp_path: Path) -> None:
    refused(harness("replay", "-s", "refrence"), "refrence", "did you mean reference")
    refused(harness("replay", "--scenario", "canary/plain-txt"), "canary/plain-text")
    refused(harness("replay", "--family", "canry"), "canary")
    refused(harness("replay", "--dialect", "openai"), "openai-chat")
    refused(harness("replay", "-s", "openai-python", "--in-process"), "--in-process")
    refused(harness("replay", "--family", "canary", "--recordings", tmp_path), str(tmp_path))
    refused(harness("decode", tmp_path / "none.sse", "-d", "openai-chat"), "none.sse")
    refused(harness("decode", tmp_path / "none.sse", "-d", "openai"), "openai-chat")
    (tmp_path / "bad.jsonl").write_text('{"record": "header"\n')
    refused(harness("report", tmp_path / "bad.jsonl"), "bad.jsonl", "line 1")


def test_unreadable_files_are_refused_with_their_place(tmp_path: Path) -> None:
    family = tmp_path / "canary"
    family.mkdir()
    (family / "typo.yaml").write_text("title: T\nwhy: W\nresponse: {event: []}\nexpect: {}\n")
    (family / "broken.yaml").write_text("title: [\n")
    done = harness("scenarios", "list", "--catalogue", tmp_path)
    refused(done, "typo.yaml:3", "did you mean", "broken.yaml")
    (tmp_path / "m.yaml").write_text("kind: clint\ncommand: [x]\n")
    refused(harness("replay", "-s", tmp_path / "m.yaml"), "m.yaml", "clint")
    (tmp_path / "c.yaml").write_text("interactions: !!python/object:os.system [x]\n")
    refused(harness("serve", "--cassette", tmp_path / "c.yaml"), "c.yaml")


def test_without_uv_a_system_with_dependencies_cannot_be_built(tmp_path: Path) -> None:
    script = tmp_path / "needs.py"
    script.write_text('# /// script\n# dependencies = ["six==1.16.0"]\n# ///\nimport six\n')
    (tmp_path / "uv.py").write_text("def find_uv_bin():\n    raise FileNotFoundError('uv')\n")
    results = tmp_path / "results.jsonl"
    done = harness(
        *("replay", "-s", script, "--scenario", "canary/plain-text", "--results", results),
        PATH=str(tmp_path),
        PYTHONPATH=str(tmp_path),
        HARNESS_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 3, done.stderr
    assert "uv" in done.stderr and "Traceback" not in done.stderr
    assert {result.verdict for result in read_run(results).results} == {"error"}


def test_decode_prints_the_transcript(tmp_path: Path) -> None:
    choice = '{"index":0,"delta":{"content":"<think>a</think>b"},"finish_reason":"stop"}'
    body = f'data: {{"id":"c","model":"m","choices":[{choice}]}}\n\n'
    (tmp_path / "a.sse").write_text(body)
    done = harness("decode", tmp_path / "a.sse", "-d", "openai-chat", "--think-tags", "--json")
    transcript = json.loads(done.stdout)
    keys = (
        "dialect status finish finish_raw text reasoning refusal tool_calls usage error id model other_choices warnings"
    )
    assert list(transcript) == keys.split()
    assert (transcript["text"], transcript["reasoning"], transcript["status"]) == ("b", "a", "completed")
    piped = subprocess.run(
        [HARNESS, "decode", "-", "-d", "openai-chat"], input=body, capture_output=True, text=True, timeout=60
    )
    assert "<think>a</think>b" in piped.stdout


def test_scenarios_are_listed_and_shown() -> None:
    listed = json.loads(harness("scenarios", "list", "--family", "canary", "--json").stdout)
    assert {row["id"] for row in listed["scenarios"]} == {"canary/plain-text", "canary/tool-call"}
    shown = harness("scenarios", "show", "canary/plain-text", "--dialect", "gemini").stdout
    assert "candidates" in shown and "ends: clean" in shown


def test_every_verb_has_help_with_an_example() -> None:
    for verb in ("replay", "decode", "serve", "report", "scenarios list", "scenarios show", "systems list"):
        assert "Example: harness" in harness(*verb.split(), "--help").stdout


def test_serve_answers_and_a_port_in_use_is_said() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.listen()
        refused(harness("serve", "--port", str(port)), str(port), "in use", status=3)
    serving = subprocess.Popen(
        [HARNESS, "serve", "--scenario", "canary/plain-text"], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        assert serving.stdout is not None
        base = next(line for line in serving.stdout if line.startswith("base URL: ")).split()[-1]
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(f"{base}/api/chat", json=body, timeout=10)
        assert [json.loads(line)["done"] for line in answer.text.splitlines()][-1] is True
    finally:
        serving.send_signal(signal.SIGINT)
        assert serving.wait(10) in (0, 130)
        assert serving.stdout is not None
        serving.stdout.close()


def test_a_stopped_run_leaves_what_it_has(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    running = subprocess.Popen([HARNESS, "replay", "--results", results], stderr=subprocess.PIPE, text=True)
    while not results.exists() or results.read_bytes().count(b"\n") < 20:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    run = read_run(results)
    assert "Traceback" not in said
    assert run.footer is not None and run.footer.interrupted
    assert len(run.results) >= 15
