"""harness merge: files in, one file out, remarks on stderr, and the status of the whole."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from harness.runner.results import Line, read_run, write_run
from tests.cli.conftest import SCENARIO, Harness
from tests.runner.test_results import FOOTER, FULL, HEADER, SEARCH, result

PASSES = result(scenario="made/down")


def written(folder: Path, name: str, *lines: Line) -> None:
    write_run(folder / name, lines)


def test_a_failure_in_one_file_fails_the_whole(harness: Harness) -> None:
    written(harness.folder, "1.jsonl", replace(HEADER, shard="1/3"), PASSES, FOOTER)
    written(harness.folder, "2.jsonl", replace(HEADER, shard="2/3"), replace(FULL, known=None), FOOTER)
    ran = harness.inside("merge", "1.jsonl", "2.jsonl", "--results", "deep/all.jsonl", status=1)
    assert ran.err == "not all parts of the run are here: 3/3 is missing\n"
    assert "fail silently: made made/up (gemini)" in ran.out
    assert len(read_run(harness.folder / "deep/all.jsonl").results) == 2


def test_what_searches_found_counts_too(harness: Harness) -> None:
    written(harness.folder, "1.jsonl", HEADER, PASSES, FOOTER)
    written(harness.folder, "2.jsonl", HEADER, SEARCH, FOOTER)
    ran = harness.inside("merge", "1.jsonl", "2.jsonl", "--results", "all.jsonl", status=1)
    assert "corruption silently: made made/up (gemini)" in ran.out
    assert "cuts: cut after byte 7, inside the second byte of é" in ran.out
    known = replace(SEARCH, findings=[replace(SEARCH.findings[0], known="Everybody knows.")])
    written(harness.folder, "2.jsonl", HEADER, known, FOOTER)
    harness.inside("merge", "1.jsonl", "2.jsonl", "--results", "all.jsonl")


def test_quiet_writes_and_says_nothing(harness: Harness) -> None:
    written(harness.folder, "1.jsonl", replace(HEADER, shard="1/2"), PASSES, FOOTER)
    ran = harness.inside("merge", "1.jsonl", "--results", "all.jsonl", "--quiet")
    assert (ran.out, ran.err) == ("", "")
    assert read_run(harness.folder / "all.jsonl").results == (PASSES,)


def test_a_wrong_file_is_one_line_of_error(harness: Harness) -> None:
    harness.write("bad.jsonl", "{}\n")
    ran = harness.inside("merge", "bad.jsonl", "--results", "all.jsonl", status=2)
    assert ran.error.startswith("bad.jsonl: line 1: ")
    assert not (harness.folder / "all.jsonl").exists()
    assert harness.inside("merge", "nowhere.jsonl", "-o", "all.jsonl", status=2).error.startswith("nowhere.jsonl: ")


def test_shards_of_a_replay_are_the_whole_replay(harness: Harness) -> None:
    for number in range(6):
        harness.write(f"own/greetings/word-{number}.yaml", SCENARIO)
    same = ["replay", "--catalogue", "own", "--in-process"]
    harness.inside(*same, "--results", "whole.jsonl")
    for number in "12":
        harness.inside(*same, "--shard", f"{number}/2", "--results", f"{number}.jsonl")
    ran = harness.inside("merge", "1.jsonl", "2.jsonl", "--results", "all.jsonl")
    assert ran.err == ""
    whole, merged = (read_run(harness.folder / name).results for name in ("whole.jsonl", "all.jsonl"))
    parts = [len(read_run(harness.folder / f"{number}.jsonl").results) for number in "12"]
    assert sum(parts) == len(whole) and all(parts)
    assert sorted((each.scenario, each.dialect) for each in merged) == sorted(
        (each.scenario, each.dialect) for each in whole
    )
