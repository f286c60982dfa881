"""What a person gets wrong is one line of error with the file, the place and the mend, before anything runs."""

from __future__ import annotations

import gzip
import socket

import pytest

from tests.cli.conftest import MINIATURES, SCENARIO, Harness

OWN = ["--catalogue", "own"]
CANARY = [*OWN, "--family", "canary", "--in-process"]

BAD_SCENARIOS = [
    ("title: [unclosed\n", ":2: not YAML: "),
    (b"\xff\xfe\x00\x01", ":1: the file is not UTF-8"),
    ("- one\n- two\n", ":1: a scenario is a mapping with title, why, response and expect"),
    (SCENARIO.replace("expect:", "expct:"), ":7: expct: unknown key 'expct'; did you mean 'expect'?"),
    (
        SCENARIO.replace("text: Hello\n", "txt: Hello\n"),
        ":5: response.events.0.txt: unknown event 'txt'; did you mean 'text'?",
    ),
    (SCENARIO + "level: musst\n", ":8: level: unknown value 'musst'; did you mean 'must'?"),
    (SCENARIO + "deadline_s: soon\n", ":8: deadline_s: Input should be a valid number"),
    (SCENARIO + "needs: [telepathy]\n", ":8: needs.0: unknown feature"),
    (SCENARIO + "dialects: [openai]\n", ":8: dialects.0: unknown dialect"),
]

WRONG_CALLS = [
    ([*OWN, "--family", "canry"], "no family 'canry'; did you mean 'canary'?"),
    ([*OWN, "--scenario", "canary/plain-txt"], "no scenario 'canary/plain-txt'; did you mean 'canary/plain-text'?"),
    ([*OWN, "--scenario", "canary"], "no scenario 'canary'; it is a family: did you mean 'canary/*'?"),
    ([*CANARY, "--dialect", "openai"], "unknown dialect 'openai'; the dialects are ai-sdk-ui, anthropic-messages, "),
    ([*CANARY, "--system", "openai-pyton"], "unknown system 'openai-pyton'; did you mean openai-python? "),
    ([*CANARY, "--system", "openai-python"], "openai-python cannot run in process, only over sockets: "),
    ([*CANARY, "--system", "nowhere.py"], "there is no file nowhere.py"),
    (
        [*CANARY, "--system", "nowhere:SYSTEM"],
        "nowhere:SYSTEM cannot be loaded: ModuleNotFoundError: No module named 'nowhere'",
    ),
    ([*CANARY, "--system", "json:dump"], "json:dump cannot be loaded: TypeError: "),
    ([*CANARY, "--system", "json:nothing"], "json:nothing cannot be loaded: AttributeError: "),
    ([*CANARY, "--system", "wrong_systems:Case"], "wrong_systems:Case cannot be loaded: TypeError: "),
    ([*CANARY, "--system", "wrong_systems:Mute"], "nothing to run: wrong_systems:Mute has no part in this run: "),
    ([*CANARY, "--system", "answer.sse"], "answer.sse is neither an adapter script (.py, .mjs) nor a manifest (.yaml)"),
    ([*CANARY, "-s", "reference", "-s", "reference"], "reference, reference: each is reference 0.1.0, "),
    (
        [*OWN, "--scenario", "framing/only-*", "--dialect", "gemini"],
        "nothing to run: reference has no part ",
    ),
    (["--catalogue", "nowhere"], "nowhere: no such folder of scenarios"),
    (["--catalogue", "empty"], "nothing to run: "),
    ([*CANARY, "--recordings", "nowhere"], "nowhere: no *.jsonl.gz files of recordings lie there"),
    ([*CANARY, "--recordings", "empty"], "empty: no *.jsonl.gz files of recordings lie there"),
    ([*CANARY, "--results", "answer.sse/r.jsonl"], "answer.sse: "),
    ([*CANARY, "--results", "empty"], "empty: Is a directory"),
    ([*CANARY, "--report", "answer.sse"], "answer.sse: "),
    ([*CANARY, "--junit", "answer.sse/j.xml"], "answer.sse: "),
]

BAD_MANIFESTS = [
    (b"\xff\xfe\x00", "cannot be read: "),
    ("", "the manifest: "),
    ("kind: cliient\ncommand: [x]\n", "'cliient'"),
    ("kind: client\ncomand: [x]\n", "comand: "),
    ("kind: client\ncommand: python x.py\n", "command: "),
    ("kind: client\ncommand: [x]\nenv: {DEBUG: 1}\n", "DEBUG is 1 to YAML; put quotes around it"),
    (
        "kind: gateway\ncommand: [x]\nupstream: openai\nserves: [gemini]\n",
        "unknown dialect 'openai'; the dialects are ",
    ),
]

BAD_RECORDINGS = [
    (b"this is no gzip", "a.jsonl.gz: cannot be read: Not a gzipped file"),
    (gzip.compress(b'{"kind": "note"}\n')[:-9], "a.jsonl.gz: cannot be read: "),
    (gzip.compress(b"x" * 1000)[:12] + b"\xff" * 20, "a.jsonl.gz: cannot be read: "),
    (gzip.compress(b"not json\n"), "a.jsonl.gz: line 1: not a recording: JSON is malformed"),
    (gzip.compress(b'{"kind": "note"}\n{"kind": "stream"}\n'), "a.jsonl.gz: line 2: not a recording: it has no 'id'"),
    (
        gzip.compress(b'{"kind":"stream","id":"a","dialect":"gemini","body_b64":7}\n'),
        "a.jsonl.gz: line 1: not a recording: ",
    ),
    (
        gzip.compress(b'{"kind":"stream","id":"a","dialect":"gemini","body_b64":"x"}\n'),
        "a.jsonl.gz: line 1: not a recording: ",
    ),
]

BAD_CASSETTES = [
    ("interactions: 7\n", "c.yaml:1: a cassette has `version: 1` and a list of `interactions`; "),
    ("interactions: [\n", "c.yaml:"),
    ("version: 1\ninteractions: !!python/object:os.system [x]\n", "c.yaml:"),
]


@pytest.fixture
def surroundings(harness: Harness) -> None:
    harness.write("own/canary/plain-text.yaml", SCENARIO)
    harness.write("own/framing/only-ollama.yaml", SCENARIO + "dialects: [ollama]\n")
    harness.write("answer.sse", "data: {}\n\n")
    harness.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())
    (harness.folder / "empty").mkdir()


@pytest.mark.parametrize(("content", "error"), BAD_SCENARIOS, ids=[error for _, error in BAD_SCENARIOS])
def test_a_bad_scenario_is_named_with_line_and_field(harness: Harness, content: str | bytes, error: str) -> None:
    harness.write("own/greetings/word.yaml", content)
    ran = harness.inside("replay", "--catalogue", "own", "--in-process", status=2)
    assert ran.error.startswith(f"own/greetings/word.yaml{error}")
    assert ran.out == ""


def test_all_bad_scenarios_are_named_at_once(harness: Harness) -> None:
    harness.write("own/greetings/word.yaml", SCENARIO + "level: 7\ndeadline_s: soon\n")
    harness.write("own/greetings/Loud.yaml", SCENARIO)
    harness.write("own/greetings/fine.yaml", SCENARIO)
    lines = harness.inside("scenarios", "list", "--catalogue", "own", status=2).err.splitlines()
    assert [line.rpartition("own/")[2].split(": ")[0] for line in lines] == [
        "greetings/Loud.yaml:1",
        "greetings/word.yaml:8",
        "greetings/word.yaml:9",
    ]


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(("arguments", "error"), WRONG_CALLS, ids=[error for _, error in WRONG_CALLS])
def test_a_wrong_call_is_refused_before_anything_runs(harness: Harness, arguments: list[str], error: str) -> None:
    ran = harness.inside("replay", *arguments, status=2)
    assert ran.error.startswith(error)
    assert ran.out == ""


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(("content", "error"), BAD_MANIFESTS, ids=[error for _, error in BAD_MANIFESTS])
def test_a_bad_manifest_is_named_with_its_field(harness: Harness, content: str | bytes, error: str) -> None:
    harness.write("m.yaml", content)
    said = harness.inside("replay", *OWN, "--system", "m.yaml", status=2).error
    assert said.startswith("m.yaml: ")
    assert error in said


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize(("content", "error"), BAD_RECORDINGS, ids=[error for _, error in BAD_RECORDINGS])
def test_a_bad_file_of_recordings_is_named_with_its_line(harness: Harness, content: bytes, error: str) -> None:
    harness.write("streams/a.jsonl.gz", content)
    ran = harness.inside("replay", *CANARY, "--recordings", "streams", "--results", "r.jsonl", status=2)
    assert ran.error.startswith(f"streams/{error}")
    assert not (harness.folder / "r.jsonl").exists()


@pytest.mark.parametrize(("content", "error"), BAD_CASSETTES, ids=[content for content, _ in BAD_CASSETTES])
def test_a_bad_cassette_is_named_with_its_line(harness: Harness, content: str, error: str) -> None:
    harness.write("c.yaml", content)
    assert harness.inside("serve", "--cassette", "c.yaml", status=2).error.startswith(error)


def test_a_cassette_that_is_not_there_is_named(harness: Harness) -> None:
    assert harness.inside("serve", "--cassette", "c.yaml", status=2).error.startswith(
        "c.yaml: cannot be read: No such file or directory; "
    )


def test_a_port_in_use_is_named(harness: Harness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = harness.inside("serve", "--port", str(port), "--family", "canary", status=3).error
    assert said == f"port {port} on 127.0.0.1 is in use; choose another one, or 0 for any that is free"


def test_a_port_that_is_none_is_a_wrong_call(harness: Harness) -> None:
    assert "65535" in harness.inside("serve", "--port", "65536", status=2).err


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("arguments", [["--catalogue", "bad"], [*CANARY, "--system", "refrence"]], ids=["file", "name"])
def test_a_real_process_says_the_same(harness: Harness, arguments: list[str]) -> None:
    harness.write("bad/greetings/word.yaml", SCENARIO.replace("why:", "wy:"))
    assert harness("replay", *arguments, status=2) == harness.inside("replay", *arguments, status=2)
