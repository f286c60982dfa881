"""`harness replay`: what was asked for runs, in both lanes, and every output is written."""

from __future__ import annotations

import gzip
import json
import sys
from base64 import b64encode
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from harness import __version__
from harness.catalogue.loader import load_catalogue
from harness.runner.results import Footer, Header, Line, RecordingResult, Result, read_run
from tests.cli.conftest import CHAT_STREAM, MINIATURES, SCENARIO, Harness, the_result

DIALECTS = ["anthropic-messages", "gemini", "ollama", "openai-chat", "openai-responses"]
PYTHON = sys.executable
PLAIN = ["--scenario", "canary/plain-text", "--dialect", "openai-chat"]


def lines_of(data: bytes) -> list[Line]:
    decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
    return [decoder.decode(line) for line in data.splitlines()]


def recorded(**changes: object) -> str:
    """One line of a file of recordings: a whole answer of two reads."""
    record = {
        "kind": "stream",
        "id": "r1",
        "dialect": "openai-chat",
        "provider": "somebody",
        "body_b64": b64encode(CHAT_STREAM).decode(),
        "chunk_lengths": [50, len(CHAT_STREAM) - 50],
        "terminal": "[DONE]",
    }
    return json.dumps({**record, **changes}) + "\n"


@pytest.mark.parametrize("lane", ["sockets", "in-process"])
def test_the_reference_passes_its_canaries_and_every_output_is_written(harness: Harness, lane: str) -> None:
    arguments = ["--family", "canary", "--report", "report", "--results", "deep/r.jsonl", "--junit", "deep/er/j.xml"]
    ran = harness("replay", *arguments, *(["--in-process"] if lane == "in-process" else []))
    run = read_run(harness.folder / "deep/r.jsonl")
    canaries = len(load_catalogue().select(families=["canary"])) * len(DIALECTS)
    assert (run.header.lane, run.footer and run.footer.results) == (lane, canaries)
    assert {result.verdict for result in run.results} == {"pass"}
    assert {result.dialect for result in run.results} == set(DIALECTS)
    assert [line.split()[:3] for line in ran.out.splitlines()[1:6]] == [
        ["reference", "0.1.0", each] for each in DIALECTS
    ]
    assert ran.out.endswith("report: report/index.html\n")
    assert "A plain answer" in (harness.folder / "report/matrix.html").read_text()
    suites = ElementTree.parse(harness.folder / "deep/er/j.xml").getroot()
    assert len(list(suites.iter("testcase"))) == canaries
    assert not list(suites.iter("failure"))


def test_the_report_folder_holds_the_results_too(harness: Harness) -> None:
    harness("replay", *PLAIN, "--in-process", "--report", "report")
    assert read_run(harness.folder / "report/results.jsonl").footer is not None


def test_the_results_file_is_what_json_prints(harness: Harness) -> None:
    ran = harness("replay", *PLAIN, "--in-process", "--json", "--results", "r.jsonl")
    first, result, last = lines_of(ran.out.encode())
    assert isinstance(first, Header) and isinstance(result, Result) and isinstance(last, Footer)
    assert (first.catalogue, list(first.systems)) == (load_catalogue().version, ["reference"])
    assert (result.scenario, result.verdict, result.content, result.ending) == ("canary/plain-text", *["pass"] * 3)
    assert (last.results, last.interrupted) == (1, False)
    assert (harness.folder / "r.jsonl").read_bytes() == ran.out.encode()
    assert ran.err == ""


def test_quiet_says_nothing(harness: Harness) -> None:
    ran = harness("replay", *PLAIN, "--in-process", "--quiet")
    assert (ran.out, ran.err) == ("", "")


def test_patterns_families_and_dialects_choose_the_cases(harness: Harness) -> None:
    ran = harness(
        "replay", "--scenario", "canary/*", "--scenario", "tool-calls/two-calls-in-turn",
        "-f", "canary", "-f", "tool-calls", "-d", "gemini", "-d", "ollama", "--in-process", "--json",
    )  # fmt: skip
    cases = {(line.scenario, line.dialect) for line in lines_of(ran.out.encode()) if isinstance(line, Result)}
    canaries = [each.id for each in load_catalogue().select(families=["canary"])]
    assert cases == {
        (each, name) for each in [*canaries, "tool-calls/two-calls-in-turn"] for name in ("gemini", "ollama")
    }


def test_a_catalogue_of_ones_own(harness: Harness) -> None:
    harness.write("own/greetings/word.yaml", SCENARIO)
    ran = harness("replay", "--catalogue", "own", "-d", "gemini", "--in-process", "--json")
    [result] = [line for line in lines_of(ran.out.encode()) if isinstance(line, Result)]
    assert (result.scenario, result.family, result.verdict) == ("greetings/word", "greetings", "pass")
    assert "--catalogue own" in result.reproduce
    harness(*result.reproduce.split()[1:])


def test_a_must_that_fails_has_status_1_and_says_how_to_see_it_again(harness: Harness) -> None:
    harness.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())
    ran = harness("replay", "--system", "wrong_systems:Deaf", *PLAIN, "--in-process", status=1)
    assert ran.out.startswith("fail silently: deaf canary/plain-text (openai-chat)\n")
    assert ran.out.endswith("\nnot conformant: 1 case fails a must\n")
    command = (
        "harness replay --system wrong_systems:Deaf --scenario canary/plain-text --dialect openai-chat --in-process"
    )
    assert f"  {command}\n" in ran.out
    again = harness(*command.split()[1:], status=1)
    assert again.out == ran.out


def test_a_client_that_takes_a_cut_for_an_end_fails_silently(harness: Harness) -> None:
    cut = ["--scenario", "disconnects/fin-mid-answer", "--dialect", "openai-chat"]
    ran = harness(
        "replay",
        "--system",
        MINIATURES / "swallows_cuts.py",
        *cut,
        "--results",
        "r.jsonl",
        "--junit",
        "j.xml",
        status=1,
    )
    assert "fail silently: swallows-cuts disconnects/fin-mid-answer (openai-chat)\n  silent-truncation: " in ran.out
    result = the_result(read_run(harness.folder / "r.jsonl"), "swallows-cuts")
    assert (result.content, result.ending) == ("pass", "fail")
    assert len(list(ElementTree.parse(harness.folder / "j.xml").iter("failure"))) == 1


def test_the_same_client_passes_where_nothing_is_cut(harness: Harness) -> None:
    ran = harness("replay", "--system", MINIATURES / "swallows_cuts.py", *PLAIN, "--results", "r.jsonl")
    assert the_result(read_run(harness.folder / "r.jsonl"), "swallows-cuts").verdict == "pass"
    assert "fail silently" not in ran.out


KNOWN = """
version: "{version}"
failures:
  - scenarios: [{scenario}]
    reason: It does not listen, as everybody knows.
    link: https://example.invalid/1
"""

WITH_KNOWN_FAILURES_HERE = """
import sys
from pathlib import Path
from harness.systems import known_files as known
known.known_failures.__defaults__ = (Path.cwd(),)
from harness.cli.main import main
sys.argv = ["harness", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    ("system", "version", "status", "said"),
    [
        ("wrong_systems:Deaf", "1", 0, "deaf 1  openai-chat     0     0       0     0      0      1 "),
        ("reference", __version__, 1, "it is listed as a known failure, and passes: remove the entry\n"),
    ],
    ids=["still fails", "passes"],
)
def test_a_known_failure_is_excused_until_it_passes(
    harness: Harness, system: str, version: str, status: int, said: str
) -> None:
    harness.write("wrong_systems.py", (MINIATURES / "wrong_systems.py").read_text())
    harness.write(f"{system}.yaml", KNOWN.format(scenario="canary/plain-*", version=version))
    code = harness.write("run.py", WITH_KNOWN_FAILURES_HERE)
    ran = harness.call([PYTHON, code, "replay", "--system", system, *PLAIN, "--in-process"])
    assert (ran.status, ran.err) == (status, "")
    assert said in ran.out


def test_recordings_are_decoded_and_counted(harness: Harness) -> None:
    harness.write("streams/a.jsonl.gz", gzip.compress(recorded().encode()))
    ran = harness("replay", *PLAIN, "--in-process", "--recordings", "streams", "--results", "r.jsonl")
    assert "\nrecordings: 1 streams in 7 cuttings, 0 do not hold; 0 more are of other dialects\n" in ran.out
    [recording] = read_run(harness.folder / "r.jsonl").recordings
    assert isinstance(recording, RecordingResult)
    assert (recording.id, recording.status, recording.finish, recording.verdict) == ("r1", "completed", "stop", "pass")


def test_a_recording_that_does_not_hold_has_status_1(harness: Harness) -> None:
    cut = recorded(body_b64=b64encode(CHAT_STREAM[:120]).decode(), chunk_lengths=None)
    harness.write("streams/a.jsonl.gz", gzip.compress(cut.encode()))
    ran = harness("replay", *PLAIN, "--in-process", "--recordings", "streams", status=1)
    assert "\n  r1 (openai-chat, somebody): taken for truncated, although it ends with [DONE]\n" in ran.out
    assert ", 1 do not hold; " in ran.out


def test_nothing_is_written_beside_what_was_asked_for(harness: Harness, tmp_path: Path) -> None:
    harness("replay", *PLAIN, "--in-process")
    assert list(tmp_path.iterdir()) == []
