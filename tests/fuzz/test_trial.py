"""Variants are run in batches, each once, and judged by what is demanded of them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.fuzz.outcome import Difference, Outcome
from harness.fuzz.stream import Stream
from harness.fuzz.trial import MANY_HANGS, Trial, worst_first
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk, WireResponse
from tests.fuzz.readers import BODY, STREAM, Reader, careful, text_outcome

INTACT = text_outcome(BODY.decode())


def cut_after(offset: int) -> Variant:
    response = WireResponse(200, (), (Chunk(BODY[:offset]), Chunk(BODY[offset:])))
    return Variant("cuts", "single", f"cut after byte {offset}", {"cuts": [offset]}, response)


class NothingMayBeSaid:
    why = "nothing may be said"

    def broken_by(self, outcome: Outcome, intact: Outcome) -> list[Difference]:
        said = outcome.transcript["text"]
        return [Difference("leak", "louder"), Difference("leak", f"it says {said!r}", silent=True)] if said else []


def test_each_variant_is_run_once_and_counted_by_family() -> None:
    reader = Reader(careful)
    trial = Trial(reader, STREAM, INTACT)
    runs = list(trial.run([cut_after(3), cut_after(4), cut_after(3)], together=2))
    assert [(variant.plan["cuts"], broken) for variant, broken in runs] == [([3], ()), ([4], ()), ([3], ())]
    assert dict(trial.tried) == {"single": 2}
    assert reader.together == [2]


def test_what_differs_from_the_intact_stream_breaks_it() -> None:
    trial = Trial(Reader(lambda reads: text_outcome(reads[0].decode())), STREAM, INTACT)
    [broken] = trial.broken_by(cut_after(5))
    assert (broken.kind, broken.silent) == ("loss", True)


def test_a_demand_decides_where_there_is_one_and_the_silent_comes_first() -> None:
    damaged = Variant("damage", "cut", "cut off", {"at": 5}, cut_after(5).response, demand=NothingMayBeSaid())
    found = Trial(Reader(careful), STREAM, INTACT).broken_by(damaged)
    assert [each.silent for each in found] == [True, False]
    assert Trial(Reader(lambda reads: text_outcome("")), STREAM, INTACT).broken_by(damaged) == ()


def test_silent_differences_come_first_and_others_keep_their_order() -> None:
    found = [Difference("loss", "a"), Difference("leak", "b"), Difference("merge", "c", silent=True)]
    assert [each.what for each in worst_first(found)] == ["c", "a", "b"]


def test_what_broke_down_in_company_is_run_again_alone() -> None:
    asked: list[int] = []

    def fails_at_first(reads: Sequence[bytes]) -> Outcome:
        asked.append(len(reads[0]))
        return text_outcome("", "broken", "exit 1") if asked.count(len(reads[0])) == 1 else careful(reads)

    trial = Trial(Reader(fails_at_first), STREAM, INTACT)
    assert [broken for _, broken in trial.run([cut_after(3), cut_after(4)])] == [(), ()]
    assert asked == [3, 4, 3, 4]
    assert trial.notes == []


def test_what_breaks_down_alone_too_is_noted_once() -> None:
    trial = Trial(Reader(lambda reads: text_outcome("", "broken", "exit 1")), STREAM, INTACT)
    assert [broken for _, broken in trial.run([cut_after(3), cut_after(4)])] == [(), ()]
    assert trial.notes == ["cut after byte 3: exit 1"]


def test_after_many_hangs_no_more_is_tried() -> None:
    reader = Reader(lambda reads: text_outcome("", "hung"))
    trial = Trial(reader, STREAM, INTACT)
    runs = list(trial.run([cut_after(at) for at in range(1, MANY_HANGS + 20)], together=4))
    assert sum(bool(broken) for _, broken in runs) == MANY_HANGS
    assert len(reader.asked) == MANY_HANGS
    assert trial.notes == [f"not all was tried: {MANY_HANGS} inputs of this stream already hung"]


def test_a_response_of_which_nothing_could_be_said_is_not_played() -> None:
    class Impatient(Reader):
        def plays(self, stream: Stream, response: WireResponse) -> bool:
            return len(response.chunks[0].data) != 3

    reader = Impatient(careful)
    trial = Trial(reader, STREAM, INTACT)
    assert [broken for _, broken in trial.run([cut_after(3), cut_after(4)])] == [(), ()]
    assert dict(trial.tried) == {"single": 1}


def test_confirmations_count_the_runs_that_fail_in_the_same_way() -> None:
    turns = iter(["", BODY.decode(), "", BODY.decode()[::-1]])
    trial = Trial(Reader(lambda reads: text_outcome(next(turns))), STREAM, INTACT)
    again, last = trial.confirmations(cut_after(3), "loss", 4)
    assert again == 2
    assert last is not None
    assert last.transcript["text"] == ""


def test_only_own_readers_are_held_to_ids_and_warnings_and_only_under_cuts() -> None:
    class Own(Reader):
        exact = True

    other = Outcome({"text": BODY.decode(), "id": "c2"}, "completed")
    neutral = Variant("neutral", "comment", "a comment", {"mutations": [{"name": "comment"}]}, STREAM.response)
    for kind, variant, count in (("cuts", cut_after(3), 1), ("neutral", neutral, 0)):
        own = Trial(Own(lambda reads: other), STREAM, INTACT).broken_by(variant)
        foreign = Trial(Reader(lambda reads: other), STREAM, INTACT).broken_by(variant)
        assert (len(own), len(foreign)) == (count, 0), kind
