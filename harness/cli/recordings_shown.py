"""What became of recorded streams, and of cassettes beside their golden transcripts, on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console

from harness.report.visible import counted, plain
from harness.runner.results import RecordingResult

SHOWN = 20
"""Streams that the terminal lists of those that do not hold."""
SHOWN_NAMES = 3
"""Exchanges that it names of those that there is nothing to say of, for each reason."""


def print_recordings(console: Console, recordings: Iterable[RecordingResult]) -> None:
    by_verdict: dict[str, list[RecordingResult]] = {"pass": [], "fail": [], "unsupported": []}
    for each in recordings:
        by_verdict.setdefault(each.verdict, []).append(each)
    bad, decoded = by_verdict["fail"], [*by_verdict["pass"], *by_verdict["fail"]]
    cuttings = sum(each.cuttings for each in decoded)
    console.print(
        f"\nrecordings: {len(decoded)} streams in {cuttings} cuttings, {len(bad)} do not hold; "
        f"{len(by_verdict['unsupported'])} more are of other dialects",
    )
    for each in bad[:SHOWN]:
        console.print(f"  {each.id} ({each.dialect}, {each.provider}): {each.problems[0]}")


def print_exchanges(console: Console, exchanges: Sequence[RecordingResult]) -> None:
    """What cassettes amount to beside their golden transcripts, field by field where that is not the same."""
    verdicts = Counter(each.verdict for each in exchanges)
    console.print(
        f"\ncassettes: {counted(len(exchanges), 'exchange')}, {verdicts['pass']} as the golden transcript has it, "
        f"{verdicts['fail']} not; {verdicts['unsupported']} not compared",
    )
    for each in [each for each in exchanges if each.verdict == "fail"][:SHOWN]:
        console.print(f"\nfail: {plain(each.id)} ({each.dialect}, {plain(each.provider)}), {plain(each.source)}")
        for problem in each.problems:
            console.print(f"  {plain(problem)}")
    reasons: dict[str, list[str]] = {}
    for each in exchanges:
        if each.verdict == "unsupported":
            reasons.setdefault(f"not compared, {each.problems[0]}", []).append(each.id)
        elif each.no_case:
            reasons.setdefault(f"no case for a system, {each.no_case}", []).append(each.id)
    for reason, names in reasons.items():
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        console.print(f"  {plain(reason)}: {', '.join(map(plain, names[:SHOWN_NAMES]))}{more}")
