from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from harness.runner.evidence_index import EvidenceIndex
from harness.runner.results import Evidence, Run, UnreadableResults, read_run, write_run

from ..report.sample import small_run


def written(path: Path, run: Run) -> Run:
    assert run.footer is not None
    write_run(path, [run.header, *run.results, run.footer])
    return read_run(path, evidence=False)


def test_evidence_is_read_in_any_order(tmp_path: Path) -> None:
    run = small_run()
    lean = written(tmp_path / "r.jsonl", run)
    index = EvidenceIndex.over([lean])
    found = [index.of(result) for result in reversed(lean.results)]
    index.close()
    assert found == [result.evidence for result in reversed(run.results)]


def test_evidence_in_memory_is_given_from_there() -> None:
    run = small_run()
    assert EvidenceIndex.over([run]).of(run.results[3]) is run.results[3].evidence


def test_of_two_results_of_one_case_the_later_one_stands(tmp_path: Path) -> None:
    run = small_run()
    changed = structs.replace(run.results[0], evidence=Evidence(stderr="later"))
    index = EvidenceIndex.over([written(tmp_path / "a.jsonl", run), replace(run, results=(changed,))])
    assert index.of(run.results[0]) == Evidence(stderr="later")
    assert index.of(run.results[1]) == run.results[1].evidence
    index.close()


def test_a_file_that_has_changed_meanwhile_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lean = written(path, small_run())
    index = EvidenceIndex.over([lean])
    path.write_bytes(path.read_bytes().replace(b'"verdict":"fail"', b'"verdict":"pass"'))
    failed = next(result for result in lean.results if result.verdict == "fail")
    with pytest.raises(UnreadableResults, match=r"r\.jsonl: line \d+: the file has changed since it was read"):
        index.of(failed)
    index.close()


def test_a_file_that_was_cut_off_meanwhile_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lean = written(path, small_run())
    index = EvidenceIndex.over([lean])
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UnreadableResults, match="the file has changed"):
        index.of(lean.results[-1])
    index.close()


def test_lines_that_are_no_results_are_refused_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lean = written(path, small_run())
    path.write_text("{}\nnot JSON\n")
    with pytest.raises(UnreadableResults, match=r"r\.jsonl: line 1: "):
        EvidenceIndex.over([lean])
