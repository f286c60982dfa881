"""One input played again: what was done to the stream, and what the reader made of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.fuzz.kinds import source_of
from harness.fuzz.outcome import Difference, Outcome
from harness.fuzz.result_lines import outcome_as_json, played
from harness.fuzz.stream import Stream
from harness.fuzz.subject import Subject
from harness.fuzz.trial import Trial
from harness.fuzz.variant import Kind, Variant
from harness.systems.known import KnownFailure, KnownFailures


class WrongPlan(ValueError):
    """The plan is none of that stream; the message says why."""


class NotTold(Exception):
    """The reader, or the harness, broke down; nothing can be said."""


@dataclass(frozen=True, slots=True)
class Played:
    """One input and what became of it. `known`: the entry that knows of it, where something differs."""

    stream: Stream
    variant: Variant
    intact: Outcome
    seen: Outcome
    differences: tuple[Difference, ...]
    known: KnownFailure | None = None

    @property
    def nonconformant(self) -> bool:
        """Whether a must is broken that was not known to be."""
        excused = self.known is not None and not self.known.expired
        return bool(self.differences) and not excused and (self.variant.level == "must" or self.known is not None)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        variant, response = self.variant, played(self.variant)
        return {
            "stream": self.stream.id,
            "dialect": self.stream.dialect,
            "kind": variant.kind,
            "family": variant.family,
            "level": variant.level,
            "words": variant.words,
            "plan": dict(variant.plan),
            "rule": variant.demand.why if variant.demand is not None else "",
            "differences": [{"kind": each.kind, "what": each.what, "silent": each.silent} for each in self.differences],
            "known": self.known.excuse if self.known else None,
            "status": response.status,
            "headers": [list(field) for field in response.headers],
            "body_b64": [base64.b64encode(chunk.data).decode() for chunk in response.chunks],
            "how_ended": response.ending,
            "expected": outcome_as_json(self.intact),
            "seen": outcome_as_json(self.seen),
        }


def variant_from(stream: Stream, kind: Kind, plan: Mapping[str, Any]) -> Variant:
    """The variant of that stream that the plan names. Raises WrongPlan."""
    try:
        return source_of(kind).variant_of(stream, plan)
    except (ValueError, TypeError, LookupError) as error:
        raise WrongPlan(f"no plan for {kind} in {stream.id}: {error}") from None


def play(
    subject: Subject, stream: Stream, kind: Kind, plan: Mapping[str, Any], known: KnownFailures, front: str | None
) -> Played:
    """Runs the intact stream, and then that one variant. Raises WrongPlan, NotTold."""
    variant = variant_from(stream, kind, plan)
    if not subject.takes(stream):
        raise WrongPlan(f"{subject.description.name} does not read {stream.id} in {stream.dialect}")
    intact, seen = (subject.outcome(stream, response) for response in (stream.response, variant.response))
    for outcome in (intact, seen):
        if outcome.ended == "broken":
            raise NotTold(f"{subject.description.name} broke down: {outcome.note}")
    found = Trial(subject, stream, intact).judge(variant, seen)
    entry = None
    if found:
        entry = known.entry_for_finding(
            *(kind, variant.family), dialect=front or stream.dialect, stream=stream.id, failure=found[0].kind
        )
    return Played(stream, variant, intact, seen, found, entry)
