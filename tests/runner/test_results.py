"""The results file: what was written is read again, and what is none is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.catalogue.findings import Finding
from harness.runner.results import (
    FORMAT,
    AttemptRecord,
    ChunkRecord,
    EventRecord,
    Evidence,
    Footer,
    FuzzFinding,
    FuzzResult,
    Header,
    Line,
    RecordingResult,
    Result,
    ScenarioNote,
    SystemNote,
    UnreadableResults,
    encode_line,
    read_run,
    write_run,
)

HEADER = Header(
    format=FORMAT,
    harness="0.1.0",
    catalogue="2026.11+abc",
    started="2026-11-21T03:00:00+00:00",
    lane="sockets",
    python="3.11.7",
    platform="Linux x86_64",
    systems={"made": "1"},
    scenarios={"made/up": ScenarioNote("Because.", ["https://example.invalid/1"], ["retries"])},
    described={"made": SystemNote("rust", "client", ["gemini"], ["usage"])},
)
FOOTER = Footer(1, 0.5)
RECORDING = RecordingResult(
    "reference", "r1", "gemini", "somebody", "repo/path", 10, 2, 7, "completed", "stop", "pass", [], []
)
SEARCH = FuzzResult(
    *("made", "1", "gemini", "made/up", "", 120, "cuts", {"single": 119}),
    verdict="fail",
    findings=[
        FuzzFinding(
            *("single", "must", "cut after byte 7, inside the second byte of é", {"cuts": [7]}, "corruption", True),
            differences=["the text changed"],
            body_b64=["w6k="],
            status=200,
            headers=[("a", "b")],
            how_ended="clean",
            expected={"text": "é"},
            seen={"text": "??"},
            reproduce="harness fuzz --plan '{\"cuts\": [7]}'",
        )
    ],
    seed=1,
    examples=10,
    duration_s=0.5,
    reproduce="harness fuzz --seed 1",
    proof="sampled",
)


def result(**fields: Any) -> Result:
    usual = {
        "system": "made",
        "system_version": "1",
        "dialect": "gemini",
        "scenario": "made/up",
        "family": "made",
        "title": "A word",
        "level": "must",
        "verdict": "pass",
        "content": "pass",
        "ending": "pass",
        "failures": [],
        "attempts": 1,
        "duration_s": 0.25,
        "reproduce": "harness replay",
    }
    return Result(**{**usual, **fields})


def finding(*, silent: bool) -> Finding:
    return Finding("loss", "text", "content", silent, "the text is not what was sent")


FULL = result(
    verdict="fail",
    failures=[finding(silent=True)],
    note="Odd.",
    known="Everybody knows.",
    evidence=Evidence(
        expected={"text": "Hello"},
        seen={"text": "Hel"},
        events=[EventRecord(0.1, {"type": "text", "text": "Hel"})],
        wire=[
            AttemptRecord(1, 0.0, "POST", "/v1", [("a", "b")], "{}", [], 200, [("c", "d")], [ChunkRecord(0.1, "SGk=")])
        ],
        stderr="hm",
    ),
)


PROMISED = """
system system_version dialect scenario family level verdict content ending failures attempts duration_s reproduce
"""


def written(folder: Path, *lines: Line) -> Path:
    path = folder / "r.jsonl"
    write_run(path, lines)
    return path


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, HEADER, FULL, RECORDING, SEARCH, FOOTER))
    assert (run.header, run.results, run.recordings, run.footer) == (HEADER, (FULL,), (RECORDING,), FOOTER)
    assert run.searches == (SEARCH,)


def test_a_run_without_a_footer_is_not_whole(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, HEADER, FULL))
    assert (run.results, run.footer) == ((FULL,), None)


def test_every_line_says_what_it_is_and_what_a_reader_needs() -> None:
    records = [json.loads(encode_line(line)) for line in (HEADER, FULL, RECORDING, FOOTER)]
    assert [record["record"] for record in records] == ["header", "result", "recording", "footer"]
    assert {*PROMISED.split()} <= records[1].keys()
    assert {"kind", "check", "silent", "message", "expected", "seen", "attempt", "offset"} <= records[1]["failures"][
        0
    ].keys()


def test_a_chunk_gives_its_bytes_back() -> None:
    assert ChunkRecord(None, "SGk=").data == b"Hi"


def test_halves_of_surrogate_pairs_do_not_stop_the_file(tmp_path: Path) -> None:
    odd = msgspec.structs.replace(FULL, title="half \ud83d", evidence=Evidence(seen={"\udc00": ["\udc00", 7]}))
    [read] = read_run(written(tmp_path, HEADER, odd, FOOTER)).results
    assert read.title == r"half \ud83d"
    assert read.evidence is not None and read.evidence.seen == {r"\udc00": [r"\udc00", 7]}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: a results file begins with a header line"),
        (encode_line(FOOTER), "line 1: a results file begins with a header line"),
        (b"not json\n", "line 1: JSON is malformed"),
        (encode_line(HEADER) + b'{"record":"rumour"}\n', "line 2: Invalid value 'rumour'"),
        (encode_line(HEADER) + b'{"record":"footer"}\n', "line 2: Object missing required field `results`"),
        (encode_line(HEADER) + encode_line(FULL)[:40], "line 2: Input data was truncated"),
        (encode_line(HEADER) + b"\n", "line 2: Input data was truncated"),
        (encode_line(HEADER) + encode_line(FULL).replace(b'"must"', b'"ought"'), "line 2: Invalid enum value 'ought'"),
    ],
)
def test_what_is_no_results_file_is_refused_with_its_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(UnreadableResults) as caught:
        read_run(path)
    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_file_that_is_not_there_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "gone.jsonl")


@pytest.mark.parametrize(
    ("fields", "nonconformant"),
    [
        ({}, False),
        ({"verdict": "fail"}, True),
        ({"verdict": "fail", "level": "should"}, False),
        ({"verdict": "fail", "level": "may"}, False),
        ({"verdict": "error"}, False),
        ({"verdict": "unsupported"}, False),
        ({"verdict": "fail", "known": "It is known."}, False),
        ({"verdict": "pass", "known": "It is known."}, True),
        ({"verdict": "pass", "known": "It is known.", "level": "should"}, True),
        ({"verdict": "error", "known": "It is known."}, False),
    ],
)
def test_only_a_must_that_fails_and_a_stale_known_failure_are_nonconformance(
    fields: dict[str, Any], nonconformant: bool
) -> None:
    assert result(**fields).nonconformant is nonconformant


def test_one_silent_failure_makes_a_result_silent() -> None:
    assert result(failures=[finding(silent=False), finding(silent=True)]).silent
    assert not result(failures=[finding(silent=False)]).silent
    assert not result().silent
