"""Results files made one: every case once, the worse verdict of two, and what does not go together is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.runner.merge import join_searches, merge_results
from harness.runner.results import Footer, Line, UnreadableResults, read_run, write_run
from tests.runner.test_results import FOOTER, FULL, HEADER, RECORDING, SEARCH, result

WHOLE = Footer(1, 0.5)
OTHER = result(scenario="made/down", verdict="pass")


def written(folder: Path, name: str, *lines: Line) -> Path:
    path = folder / name
    write_run(path, lines)
    return path


def test_two_halves_are_the_whole_with_all_their_evidence(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", replace(HEADER, shard="1/2"), FULL, RECORDING, FOOTER)
    two = written(tmp_path, "2.jsonl", replace(HEADER, shard="2/2", started="2026-11-20"), OTHER, SEARCH, WHOLE)
    merged = merge_results([one, two], tmp_path / "all.jsonl")
    assert merged.remarks == ()
    run = read_run(tmp_path / "all.jsonl")
    assert (run.results, run.recordings, run.searches) == ((FULL, OTHER), (RECORDING,), (SEARCH,))
    assert run.footer == Footer(4, 1.0)
    assert (run.header.shard, run.header.started) == ("", "2026-11-20")
    assert merged.run.results == (FULL.without_evidence(), OTHER)


def test_of_a_case_that_is_there_twice_the_worse_verdict_counts(tmp_path: Path) -> None:
    good = written(tmp_path, "good.jsonl", HEADER, result(verdict="pass"), WHOLE)
    bad = written(tmp_path, "bad.jsonl", HEADER, FULL, WHOLE)
    for order in ([good, bad], [bad, good]):
        merged = merge_results(order, tmp_path / "all.jsonl")
        assert read_run(tmp_path / "all.jsonl").results == (FULL,)
        assert merged.remarks == (
            "made gemini made/up is there more than once; each counts once",
            "made gemini made/up did not come out the same each time; the worse verdict counts",
        )


def test_the_same_file_twice_is_that_file(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", HEADER, OTHER, SEARCH, Footer(2, 0.5))
    merged = merge_results([one, one], tmp_path / "all.jsonl")
    run = read_run(tmp_path / "all.jsonl")
    assert (run.results, run.searches) == ((OTHER,), (SEARCH,))
    assert merged.remarks == (
        "made gemini made/down, made gemini made/up cuts are there more than once; each counts once",
    )


def test_what_is_of_different_versions_is_told(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", HEADER, WHOLE)
    newer = replace(HEADER, harness="0.2.0", catalogue="2026.12+def", lane="in-process", systems={"made": "2"})
    two = written(tmp_path, "2.jsonl", newer, WHOLE)
    merged = merge_results([one, two], tmp_path / "all.jsonl")
    assert merged.remarks == (
        "these are of different versions of the harness: 0.1.0, 0.2.0",
        "these are of different versions of the catalogue: 2026.11+abc, 2026.12+def",
        "these are of different lanes: in-process, sockets",
        "made is there in different versions: 1, 2",
    )
    assert merged.run.header.harness == "0.1.0 and 0.2.0"


def test_what_is_missing_is_told_also_after_a_second_merge(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", replace(HEADER, shard="1/4"), FOOTER)
    three = written(tmp_path, "3.jsonl", replace(HEADER, shard="3/4"))
    merged = merge_results([one, three], tmp_path / "some.jsonl")
    assert merged.remarks == (
        f"{three} is not whole: its run did not come to its end, results may be missing",
        "not all parts of the run are here: 2/4, 4/4 are missing",
    )
    assert merged.run.footer is not None and merged.run.footer.interrupted
    four = written(tmp_path, "4.jsonl", replace(HEADER, shard="4/4"), FOOTER)
    again = merge_results([tmp_path / "some.jsonl", four], tmp_path / "some.jsonl")
    assert again.remarks[-1] == "not all parts of the run are here: 2/4 is missing"
    assert again.run.header.shard == "1/4, 3/4, 4/4"


def test_searches_with_other_seeds_are_one_search_with_more_inputs() -> None:
    smaller = replace(SEARCH.findings[0], plan={"cuts": [9]}, family="pairs")
    other = replace(SEARCH, seed=2, tried={"single": 1, "pairs": 5}, findings=[smaller], proof="complete")
    [joined] = join_searches([SEARCH, other])
    assert joined.tried == {"single": 120, "pairs": 5}
    assert joined.findings == [SEARCH.findings[0], smaller]
    assert (joined.examples, joined.duration_s, joined.proof) == (20, 1.0, "complete")


def test_of_two_findings_of_one_sort_the_smaller_input_is_kept() -> None:
    larger = replace(SEARCH.findings[0], body_b64=["w6k=", "w6k="], plan={"cuts": [7, 8]})
    [joined] = join_searches([replace(SEARCH, seed=2, findings=[larger]), SEARCH])
    assert joined.findings == SEARCH.findings


def test_a_search_that_came_to_nothing_does_not_hide_what_another_found() -> None:
    nothing = replace(SEARCH, seed=2, verdict="error", findings=[], note="It broke down.")
    for order in ([SEARCH, nothing], [nothing, SEARCH]):
        [joined] = join_searches(order)
        assert (joined.verdict, joined.findings, joined.note) == ("fail", SEARCH.findings, "")


def test_a_file_that_is_none_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", HEADER, FOOTER)
    (tmp_path / "bad.jsonl").write_text("not json\n")
    with pytest.raises(UnreadableResults, match=r"bad\.jsonl: line 1: "):
        merge_results([one, tmp_path / "bad.jsonl"], tmp_path / "all.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.jsonl", "bad.jsonl"]


def test_a_header_with_a_part_that_is_none_is_refused(tmp_path: Path) -> None:
    one = written(tmp_path, "1.jsonl", replace(HEADER, shard="5/4"), FOOTER)
    with pytest.raises(UnreadableResults, match="a header names a part of a run that is none: '5/4' is no shard"):
        merge_results([one], tmp_path / "all.jsonl")
