"""The rules of the content column: what was delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from harness.catalogue.checks.differences import compare, excerpt
from harness.catalogue.checks.facts import Breach, Facts
from harness.catalogue.checks.locate import text_offset
from harness.catalogue.models import AnyValue, PartialText, TextExpectation
from harness.events import Text, Usage, Warning


def text_as_sent(facts: Facts) -> Iterator[Breach]:
    """The answer's text is exactly what was sent."""
    hidden = _whole(facts.expectation.reasoning)
    yield from _text_breach(facts, "text", facts.expectation.text, facts.transcript.text, hidden)


def reasoning_as_sent(facts: Facts) -> Iterator[Breach]:
    """The reasoning is exactly what was sent, where the system claims `reasoning`."""
    if "reasoning" in facts.features:
        yield from _text_breach(facts, "reasoning", facts.expectation.reasoning, facts.transcript.reasoning)


def refusal_as_sent(facts: Facts) -> Iterator[Breach]:
    """The refusal is exactly what was sent, where the system claims `refusals`."""
    if "refusals" in facts.features:
        yield from _text_breach(facts, "refusal", facts.expectation.refusal, facts.transcript.refusal or "")


def _text_breach(facts: Facts, name: str, expected: TextExpectation, seen: str, hidden: str = "") -> Iterator[Breach]:
    found = compare(expected, seen, hidden)
    if found is None:
        return
    yield Breach(
        found.kind,
        f"the {name} is not what was sent: {found.what}",
        expected=excerpt(_whole(expected), found.at),
        seen=excerpt(seen, found.at),
        offset=text_offset(facts.wire_dialect, facts.body, name, found.at),
    )


def _whole(expected: TextExpectation) -> str:
    if isinstance(expected, AnyValue):
        return ""
    return expected.prefix_of if isinstance(expected, PartialText) else expected


def parts_in_order(facts: Facts) -> Iterator[Breach]:
    """Reasoning, text and tool calls come in the order in which they were sent."""
    if facts.expectation.order is None or facts.cut_short:
        return
    unclaimed = {name for name, feature in _PART_FEATURES.items() if feature not in facts.features}
    expected = _runs([kind for kind in facts.expectation.order if kind not in unclaimed])
    seen = _runs([part.kind for part in facts.transcript.parts if part.kind not in (unclaimed | {"signature"})])
    wanted = expected if facts.outcome == "completed" else expected[: len(seen)]
    if seen != wanted and sorted(seen) == sorted(wanted):
        yield Breach("order", "the parts came in another order", expected=expected, seen=seen)
    elif seen != wanted:
        yield Breach("merge", "the parts are not those that were sent", expected=expected, seen=seen)


_PART_FEATURES = {"reasoning": "reasoning", "refusal": "refusals", "tool_call": "tool_calls"}


def _runs(kinds: Sequence[str]) -> list[str]:
    """Neighbours of one kind count as one, save calls: each is a part of its own, but how many is another rule's."""
    return [kind for kind, _ in groupby(kinds)]


def signatures_kept(facts: Facts) -> Iterator[Breach]:
    """Signatures and encrypted reasoning arrive whole, for the next turn needs them."""
    if facts.expectation.signatures is None or facts.cut_short:
        return
    expected = list(facts.expectation.signatures)
    seen = [part.signature.data for part in facts.transcript.parts if part.signature is not None]
    if seen == expected:
        return
    if "".join(seen) == "".join(expected):
        yield Breach("merge", "signatures that belong together or apart are not", expected, seen)
    elif missing := [data for data in expected if data not in seen]:
        yield Breach("loss", f"{len(missing)} of {len(expected)} signatures are missing", expected, seen)
    else:
        yield Breach("duplicate", "there are signatures that were not sent, or sent once", expected, seen)


def usage_as_sent(facts: Facts) -> Iterator[Breach]:
    """Token counts are those on the wire, where the system claims `usage`."""
    if facts.expectation.usage is None or "usage" not in facts.features or facts.cut_short:
        return
    wanted = facts.expectation.usage
    expected = {name: counts[0] if len(counts) == 1 else list(counts) for name, counts in wanted.items()}
    counted: dict[str, Any] = {name: getattr(facts.transcript.usage, name) for name in Usage.__struct_fields__}
    seen = {name: counted[name] for name in wanted}
    if missing := [name for name, counts in wanted.items() if seen[name] is None and all(counts)]:
        yield Breach("loss", f"no count of {', '.join(missing)} reached the caller", expected, seen)
    elif any((seen[name] or 0) not in counts for name, counts in wanted.items()):
        yield Breach("corruption", "the token counts are not those that were sent", expected, seen)


def choices_as_sent(facts: Facts) -> Iterator[Breach]:
    """Every choice of a response reaches the caller, and none runs into another."""
    if facts.expectation.other_choices is None or facts.cut_short:
        return
    expected = list(facts.expectation.other_choices)
    seen = [choice.text for choice in facts.transcript.other_choices]
    if seen == expected:
        return
    if len(seen) < len(expected):
        yield Breach("loss", f"{len(expected) - len(seen)} of {len(expected) + 1} choices are missing", expected, seen)
    else:
        yield Breach("merge", "the other choices are not those that were sent", expected, seen)


def warnings_given(facts: Facts) -> Iterator[Breach]:
    """A system that claims `warnings` names the oddities that a scenario has."""
    if "warnings" not in facts.features or facts.cut_short:
        return
    seen = [timed.event.rule for timed in facts.observation.events if isinstance(timed.event, Warning)]
    for rule in facts.expectation.warnings:
        if rule not in seen:
            yield Breach("loss", f"nothing warned of {rule}", expected=rule, seen=seen)


def streamed_at_once(facts: Facts) -> Iterator[Breach]:
    """What was sent before a gate in the body reaches the caller while the gate is held."""
    for attempt in facts.observation.attempts:
        if attempt.response is None or not attempt.given_up:
            continue
        chunk = attempt.given_up[0]
        gate = attempt.response.chunks[chunk].gate
        assert gate is not None  # nothing else gives up
        until_s = attempt.sent_s[chunk] if chunk < len(attempt.sent_s) else facts.observation.duration_s
        had = [timed.event for timed in facts.observation.events if timed.at_s < until_s]
        yield Breach(
            "late",
            f"what was sent was held back: the server waited {gate.at_most_s:g} s for it to reach the caller",
            expected=gate.until_text or f"{gate.until_events} events with content",
            seen="".join(event.text for event in had if isinstance(event, Text) and event.choice == 0),
            offset=sum(len(each.data) for each in attempt.response.chunks[:chunk]),
            attempt=attempt.number,
            silent=False,
        )
