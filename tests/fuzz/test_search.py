"""The search finds what is wrong with a reader, makes it small, and suspects itself before it says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.fuzz.database import PLANS
from harness.fuzz.outcome import Difference, Outcome
from harness.fuzz.search import search
from harness.fuzz.stream import Stream
from tests.fuzz.given import stream_of
from tests.fuzz.readers import (
    A_GRAVE,
    A_RING,
    BODY,
    E_ACUTE,
    STREAM,
    Reader,
    careful,
    per_read,
    text_outcome,
    three_halves,
)


def test_in_a_correct_reader_nothing_is_found_and_what_was_tried_is_counted() -> None:
    found = search(Reader(careful), STREAM, "cuts", examples=20)
    assert (found.verdict, found.findings, found.note) == ("pass", (), "")
    assert found.tried["bytes"] == 1
    assert sum(found.tried.values()) >= len(BODY)


def test_the_smallest_input_is_found_and_told_in_words() -> None:
    [finding] = search(Reader(per_read), STREAM, "cuts", examples=20).findings
    assert finding.variant.plan == {"cuts": [E_ACUTE]}
    assert finding.variant.words == "cut after byte 41, inside é, before its second byte"
    assert finding.kind == "corruption"
    assert finding.silent
    assert finding.seen.transcript["text"] == BODY.decode().replace("é", "\ufffd\ufffd")
    assert finding.intact.transcript["text"] == BODY.decode()


def test_what_needs_several_cuts_is_found_and_none_of_them_can_be_spared() -> None:
    found = search(Reader(three_halves), STREAM, "cuts", examples=0)
    [finding] = found.findings
    assert finding.variant.plan == {"cuts": [E_ACUTE, A_GRAVE, A_RING]}
    assert (finding.kind, finding.silent) == ("loss", True)


def test_plans_of_many_cuts_find_what_no_single_cut_does() -> None:
    found = search(Reader(three_halves), STREAM, "cuts", examples=400, exhaustive=0, seed=3)
    assert [each.variant.plan for each in found.findings] == [{"cuts": [E_ACUTE, A_GRAVE, A_RING]}]


def test_one_cut_is_told_as_one_also_where_it_was_met_among_many() -> None:
    found = search(Reader(per_read), STREAM, "cuts", examples=60, exhaustive=0)
    [finding] = found.findings
    assert len(finding.variant.plan["cuts"]) == 1


def test_the_same_seed_asks_for_the_same_and_another_one_does_not() -> None:
    readers = [Reader(careful) for _ in range(3)]
    for reader, seed in zip(readers, (5, 5, 6), strict=True):
        search(reader, STREAM, "cuts", examples=30, exhaustive=20, seed=seed)
    assert readers[0].asked == readers[1].asked
    assert readers[0].asked != readers[2].asked


def test_two_failures_are_told_apart() -> None:
    def both(reads: Sequence[bytes]) -> Outcome:
        if any(read.endswith(b"[DO") for read in reads):
            return text_outcome(BODY.decode().removesuffix("data: [DONE]\n\n"))
        return per_read(reads)

    found = search(Reader(both), STREAM, "cuts", examples=20)
    assert {(each.kind, *each.variant.plan["cuts"]) for each in found.findings} == {
        ("corruption", E_ACUTE),
        ("loss", BODY.index(b"[DO") + 3),
    }


def test_silent_failures_are_told_before_others() -> None:
    def told_and_untold(reads: Sequence[bytes]) -> Outcome:
        if any(read.endswith(b"[DO") for read in reads):
            return text_outcome("", "error")
        return per_read(reads)

    found = search(Reader(told_and_untold), STREAM, "cuts", examples=0)
    assert [each.silent for each in found.findings] == [True, False]


def test_no_input_is_run_twice_but_to_confirm_it() -> None:
    reader = Reader(careful)
    search(reader, STREAM, "cuts", examples=50)
    intact = (BODY,)
    again = [reads for reads in reader.asked if reader.asked.count(reads) > 1 and reads != intact]
    assert again == []


def test_a_reader_of_many_at_once_is_given_many_at_once() -> None:
    reader = Reader(careful, at_once=16)
    search(reader, STREAM, "cuts", examples=100, exhaustive=0)
    assert max(reader.together) >= 16


def test_many_at_once_find_the_same_as_one_by_one() -> None:
    one, many = (
        search(Reader(per_read, at_once=at_once), STREAM, "cuts", examples=60, exhaustive=0) for at_once in (1, 16)
    )
    assert [each.variant.plan for each in one.findings] == [each.variant.plan for each in many.findings]
    assert len(many.findings) == 1


def test_what_happens_once_and_not_again_is_an_error_and_no_finding() -> None:
    happened: list[bool] = []

    def flaky(reads: Sequence[bytes]) -> Outcome:
        if reads == (BODY[:7], BODY[7:]) and not happened:
            happened.append(True)
            return text_outcome("")
        return careful(reads)

    found = search(Reader(flaky), STREAM, "cuts", examples=0)
    assert (found.verdict, found.findings) == ("error", ())
    assert "it failed once, and then 0 times of 3" in found.note
    assert "cut after byte 7" in found.note


def test_a_reader_that_reads_the_intact_stream_in_two_ways_is_not_searched() -> None:
    turns = iter(range(100))

    def moody(reads: Sequence[bytes]) -> Outcome:
        return text_outcome("odd" if next(turns) % 2 else "even")

    reader = Reader(moody)
    found = search(reader, STREAM, "cuts", examples=20)
    assert found.verdict == "error"
    assert found.note.startswith("the intact stream was read in two ways: the text changed")
    assert len(reader.asked) == 2


def test_where_the_intact_stream_is_read_otherwise_in_the_end_there_are_no_findings() -> None:
    worn: list[bool] = []

    def wears_out(reads: Sequence[bytes]) -> Outcome:
        worn.extend([True] * (len(reads) > 2))
        return text_outcome("" if worn else b"".join(reads).decode())

    found = search(Reader(wears_out), STREAM, "cuts", examples=0)
    assert (found.verdict, found.findings) == ("error", ())
    assert "the intact stream was read in two ways" in found.note


@pytest.mark.parametrize("ended", ["broken", "hung"])
def test_where_the_intact_stream_is_not_read_at_all_nothing_is_said(ended: str) -> None:
    reader = Reader(lambda reads: text_outcome("", ended, "the worker crashed"))  # type: ignore[arg-type]
    found = search(reader, STREAM, "cuts", examples=20)
    assert (found.verdict, found.note) == ("error", "the intact stream was not read: the worker crashed")


def test_a_stream_of_another_dialect_is_unsupported() -> None:
    found = search(Reader(careful), stream_of(b"{}\n", "ollama"), "cuts")
    assert (found.verdict, found.note) == ("unsupported", "reader does not read ollama")


def test_a_reader_that_says_it_is_unfit_is_not_searched() -> None:
    class Unfit(Reader):
        def unfit(self, stream: Stream) -> str:
            return "it does not pass text/plain as it is"

    found = search(Unfit(per_read), STREAM, "cuts")
    assert (found.verdict, found.note, found.findings) == ("unsupported", "it does not pass text/plain as it is", ())


def test_what_breaks_an_adapter_down_is_an_error_and_no_finding() -> None:
    def crashes(reads: Sequence[bytes]) -> Outcome:
        return text_outcome("", "broken", "exit 139") if len(reads) == len(BODY) else careful(reads)

    found = search(Reader(crashes), STREAM, "cuts", examples=0)
    assert (found.verdict, found.findings) == ("error", ())
    assert "exit 139" in found.note


def test_findings_are_tried_first_the_next_time(tmp_path: Path) -> None:
    search(Reader(three_halves), STREAM, "cuts", examples=0, database=tmp_path)
    [plans] = tmp_path.rglob(PLANS)
    assert '"cuts"' in plans.read_text()
    reader = Reader(three_halves)
    found = search(reader, STREAM, "cuts", examples=0, exhaustive=0, database=tmp_path)
    assert [each.variant.plan for each in found.findings] == [{"cuts": [E_ACUTE, A_GRAVE, A_RING]}]
    fixed = search(Reader(careful), STREAM, "cuts", examples=0, exhaustive=0, database=tmp_path)
    assert fixed.verdict == "pass"
    assert not list(tmp_path.rglob(PLANS))


def test_a_plan_of_another_stream_is_passed_over(tmp_path: Path) -> None:
    search(Reader(per_read), STREAM, "cuts", examples=0, database=tmp_path)
    [plans] = tmp_path.rglob(PLANS)
    plans.write_text('[{"cuts": [99999]}, {"bits": 1}]')
    assert search(Reader(careful), STREAM, "cuts", examples=0, exhaustive=0, database=tmp_path).verdict == "pass"


def test_a_harmless_change_is_found_and_made_a_single_one() -> None:
    def comments_are_text(reads: Sequence[bytes]) -> Outcome:
        lines = b"".join(reads).split(b"\n")
        return text_outcome("".join(line.decode() for line in lines if line.startswith(b":")))

    found = search(Reader(comments_are_text), STREAM, "neutral", examples=40)
    assert found.verdict == "fail"
    assert all(len(each.variant.plan["mutations"]) == 1 for each in found.findings)
    assert "corruption" in {each.kind for each in found.findings}


def test_damage_is_judged_by_its_demand() -> None:
    def never_notices(reads: Sequence[bytes]) -> Outcome:
        return text_outcome(b"".join(reads).decode("utf-8", "replace"))

    found = search(Reader(never_notices), STREAM, "damage", examples=10, exhaustive=40)
    assert found.verdict == "fail"
    first = found.findings[0]
    assert first.variant.demand is not None
    assert isinstance(first.differences[0], Difference)
