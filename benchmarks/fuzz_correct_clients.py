"""How often the search cries wolf: plans of cuts, harmless changes and damage, played to clients that are correct.

The clients are our decoders, careful readers written by hand for each dialect, and the SDKs of OpenAI and Anthropic
under a careful caller. Each is searched in rounds, every round with another seed, until so many plans were run. What is
left out is known to be true of an SDK: with its reason it stands in TRUE_OF.

    python benchmarks/fuzz_correct_clients.py [--plans 100000] [--seed 1]
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the clients are those of the tests

from harness.catalogue.loader import load_catalogue
from harness.fuzz.search import Finding, search
from harness.fuzz.stream import Stream, catalogue_streams
from harness.fuzz.subject import Subject
from harness.fuzz.subjects.decoders import DecoderSubject
from harness.fuzz.variant import KINDS, Kind
from tests.mutants.decoders import sdks, streams
from tests.mutants.decoders.careful import CAREFUL, THINKER
from tests.mutants.decoders.subject import ReaderSubject

EXHAUSTIVE, EXAMPLES = 150, 30
"""Of each stream and kind in one round: variants tried one by one, and plans that Hypothesis makes."""
SCENARIOS = ("canary/plain-text", "canary/tool-call", "canary/reasoning", "usage/at-the-end", "progressive/first-*")
TRUE_OF: dict[str, dict[str, str]] = {
    "openai-sdk": {
        "retry-alone": "an event without data is parsed as JSON, which raises",
        "gzip-members": "the HTTP library unpacks the first gzip member alone",
        "id-line": "behind an event with an id each comment is an event without data, which raises",
    },
    "openai-sdk-responses": {
        "retry-alone": "an event without data is parsed as JSON, which raises",
        "gzip-members": "the HTTP library unpacks the first gzip member alone",
    },
    "anthropic-sdk": {
        "byte-order-mark": "the first event after a byte order mark is skipped",
        "gzip-members": "the HTTP library unpacks the first gzip member alone",
    },
}


def clients() -> list[Subject]:
    """The clients in which nothing is to be found."""
    by_hand = [ReaderSubject(name, reader) for name, reader in {**CAREFUL, "careful-with-tags": THINKER}.items()]
    return [DecoderSubject(), *by_hand, sdks.openai_chat(), sdks.openai_responses(), sdks.anthropic_messages()]


def all_streams() -> list[Stream]:
    """Those written by hand for the tests, and well-formed ones of the catalogue."""
    scenarios = [each for each in load_catalogue() if any(fnmatchcase(each.id, name) for name in SCENARIOS)]
    by_hand = [streams.stream(name) for name in streams.BODIES if name != "wide"]
    return [*by_hand, streams.packed("words"), *catalogue_streams(scenarios)]


def searches() -> Iterator[tuple[int, Subject, Stream, Kind]]:
    """Every client, stream and kind, round after round; the number is that of the round."""
    everyone, everything = clients(), all_streams()
    for number in itertools.count():
        for subject, stream, kind in itertools.product(everyone, everything, KINDS):
            if subject.takes(stream):
                yield number, subject, stream, kind


def is_true(subject: Subject, finding: Finding) -> bool:
    """Whether what was found is known to be so of that client; of several changes, one of them is enough."""
    names = {step["name"] for step in finding.variant.plan.get("mutations", ())}
    return not TRUE_OF.get(subject.spec, {}).keys().isdisjoint({finding.variant.family, *names})


def main() -> int:
    """Print the numbers; 1 where there was an alarm."""
    options = argparse.ArgumentParser(description="Alarms on clients that are correct.")
    options.add_argument("--plans", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    begun, by_client, by_kind, alarms = time.perf_counter(), Counter[str](), Counter[str](), 0
    for number, subject, stream, kind in searches():
        if by_client.total() >= asked.plans:
            break
        found = search(subject, stream, kind, seed=asked.seed + number, examples=EXAMPLES, exhaustive=EXHAUSTIVE)
        by_client[subject.spec] += sum(found.tried.values())
        by_kind[kind] += sum(found.tried.values())
        for each in found.findings:
            if each.variant.level == "must" and not is_true(subject, each):
                alarms += 1
                print(f"ALARM {subject.spec} {stream.dialect} {stream.id}: {each.variant.words}: {each.variant.plan}")
                print(f"      {each.differences[0].what}")
        if found.verdict == "error":
            alarms += 1
            print(f"ALARM {subject.spec} {stream.dialect} {stream.id} {kind}: {found.note}")
    for name, count in [*by_client.items(), *by_kind.items()]:
        print(f"{name:<24}{count:>9,}")
    print(f"{by_client.total():,} plans, {alarms} alarms, {time.perf_counter() - begun:.0f} s")
    return int(alarms > 0)


if __name__ == "__main__":
    raise SystemExit(main())
