"""Each planted bug is found by the search, with an example of few cuts or of one change; without one, nothing is."""

from __future__ import annotations

import pytest

from harness.fuzz.search import Finding, Found, search
from harness.fuzz.subject import Subject
from harness.fuzz.subjects.decoders import DecoderSubject
from harness.fuzz.variant import KINDS
from tests.mutants.decoders import sdks, streams
from tests.mutants.decoders.careful import CAREFUL, Planted
from tests.mutants.decoders.deltas import DELTAS
from tests.mutants.decoders.endings import ENDINGS
from tests.mutants.decoders.lines import LINES
from tests.mutants.decoders.reads import READS
from tests.mutants.decoders.subject import ReaderSubject

PLANTED = (*READS, *LINES, *DELTAS, *ENDINGS)
EXAMPLES = 10
"""Plans of several changes, beside the variants that are tried one by one."""
SAMPLED = 600
"""Plans of cuts that find any of these bugs without the variants that are tried one by one."""
RARE = ("utf8-replaced-per-read", "cr-at-the-boundary", "blank-reads-skipped", "same-read-twice", "first-read-sniffed")


def search_for(planted: Planted, *, examples: int = EXAMPLES, exhaustive: int | None = None, seed: int = 1) -> Found:
    stream = streams.packed(planted.stream) if planted.packed else streams.stream(planted.stream)
    subject = ReaderSubject(planted.name, planted.reader)
    return search(subject, stream, planted.kind, seed=seed, examples=examples, exhaustive=exhaustive)


def changes(finding: Finding) -> int:
    """How many cuts or changes the example needs; a plan that names a place or a damage is one."""
    plan = finding.variant.plan
    return len(plan.get("cuts", plan.get("mutations", [plan])))


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_each_planted_bug_is_found_by_a_small_example(planted: Planted) -> None:
    found = search_for(planted)
    assert found.verdict == "fail", found.note
    assert min(map(changes, found.findings)) <= planted.at_most


@pytest.mark.parametrize(("seed", "name"), [*enumerate(RARE)])
def test_bugs_that_few_cuts_touch_are_found_by_chance_too_and_made_small(seed: int, name: str) -> None:
    [planted] = [each for each in READS if each.name == name]
    found = search_for(planted, examples=SAMPLED, exhaustive=0, seed=seed)
    assert found.findings, f"{SAMPLED} plans of seed {seed} did not find it"
    assert min(map(changes, found.findings)) <= planted.at_most


def test_there_are_many_kinds_of_bugs() -> None:
    assert len({planted.name for planted in PLANTED}) == len(PLANTED)
    assert len({planted.story for planted in PLANTED}) == len(PLANTED)
    assert len(PLANTED) >= 60


def correct() -> list[Subject]:
    """Readers in which nothing is to be found."""
    careful = [ReaderSubject(name, reader) for name, reader in CAREFUL.items()]
    return [DecoderSubject(), *careful]


def test_nothing_is_found_where_nothing_is_broken() -> None:
    alarms, tried = [], 0
    for subject in correct():
        for name in ("call", "messages", "gemini", "ollama"):
            if subject.takes(streams.stream(name)):
                for kind in KINDS:
                    found = search(subject, streams.stream(name), kind, examples=10, exhaustive=150)
                    tried += sum(found.tried.values())
                    alarms += [(subject.spec, name, each.variant.words) for each in found.findings]
    assert tried > 2_000
    assert not alarms


def test_no_cut_is_blamed_on_the_vendors_sdks() -> None:
    alarms, tried = [], 0
    for subject, name in ((sdks.openai_chat(), "words"), (sdks.anthropic_messages(), "messages")):
        found = search(subject, streams.stream(name), "cuts", examples=30, exhaustive=200)
        subject.close()
        tried += sum(found.tried.values())
        alarms += [each.variant.words for each in found.findings]
    assert tried > 300
    assert not alarms
