"""What searches found, as lines of the results file."""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import dataclass
from typing import Any

import msgspec

from harness.catalogue.findings import Verdict
from harness.fuzz.altered import alterations
from harness.fuzz.outcome import Outcome
from harness.fuzz.proving import NOTHING, Shown
from harness.fuzz.search import Finding, Found
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Kind, Variant
from harness.runner.evidence import known_fields
from harness.runner.results import FuzzFinding, FuzzResult
from harness.systems.base import Description
from harness.systems.known import KnownFailures
from harness.wire.response import WireResponse

NONE_KNOWN = KnownFailures()
"""What is known of a system of which nothing is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search as it was asked for: what its result names, and the commands that do it again are made of."""

    spec: str
    stream: Stream
    kind: Kind
    seed: int
    examples: int
    exhaustive: int | None
    in_process: bool = False
    front: str | None = None
    """Of a gateway: the dialect of the client in front of it."""

    def again(self) -> str:
        """The command that searches in the same way."""
        exhaustive = "all" if self.exhaustive is None else str(self.exhaustive)
        effort = ("--examples", str(self.examples), "--exhaustive", exhaustive, "--seed", str(self.seed))
        return shlex.join([*self._words(), *effort])

    def replay(self, finding: Finding) -> str:
        """The command that plays that one input again."""
        return shlex.join([*self._words(), "--plan", json.dumps(finding.variant.plan, ensure_ascii=False)])

    def _words(self) -> list[str]:
        where = [*self.stream.source, "--scenario", self.stream.id, "--dialect", self.stream.dialect]
        words = ["harness", "fuzz", "--system", self.spec, *where, f"--{self.kind}"]
        words += ["--front", self.front] if self.front else []
        return [*words, "--in-process"] if self.in_process else words


def result_line(
    asked: Asked, description: Description, found: Found, known: KnownFailures, *, shown: Shown, duration_s: float
) -> FuzzResult:
    """What a search found, and `shown`: how far cuttings are covered."""
    return FuzzResult(
        *(description.name, description.version, asked.front or asked.stream.dialect, asked.stream.id),
        source=shlex.join(asked.stream.source),
        size=len(asked.stream.body),
        kind=asked.kind,
        tried=found.tried,
        verdict=found.verdict,
        findings=[_finding(asked, each, known) for each in found.findings],
        seed=asked.seed,
        examples=asked.examples,
        duration_s=round(duration_s, 3),
        reproduce=asked.again(),
        upstream=asked.stream.dialect if asked.front else None,
        provider=asked.stream.provider,
        proof=shown.covered,
        proof_note=shown.note,
        note=found.note,
    )


def unsearched_line(asked: Asked, description: Description, note: str, verdict: Verdict = "error") -> FuzzResult:
    """A search that came to nothing, and why."""
    return result_line(asked, description, Found(verdict, note=note), NONE_KNOWN, shown=NOTHING, duration_s=0.0)


def _finding(asked: Asked, finding: Finding, known: KnownFailures) -> FuzzFinding:
    variant, stream = finding.variant, asked.stream
    entry = known.entry_for_finding(
        *(variant.kind, variant.family),
        dialect=asked.front or stream.dialect,
        stream=stream.id,
        failure=finding.kind,
    )
    response = played(variant)
    return FuzzFinding(
        *(variant.family, variant.level, variant.words, dict(variant.plan), finding.kind, finding.silent),
        differences=[each.what for each in finding.differences],
        body_b64=[base64.b64encode(chunk.data).decode() for chunk in response.chunks],
        status=response.status,
        headers=list(response.headers),
        how_ended=response.ending,
        expected=outcome_as_json(finding.intact),
        seen=outcome_as_json(finding.seen),
        reproduce=asked.replay(finding),
        rule=variant.demand.why if variant.demand is not None else "",
        altered=[] if variant.plan.get("coding") else alterations(stream.body, response.body),
        **known_fields(entry),
    )


def played(variant: Variant) -> WireResponse:
    """The response whose bytes were changed: the stream's own, or, where the plan says so, that in a content coding."""
    return dict(variant.response.codings).get(str(variant.plan.get("coding")), variant.response)


def outcome_as_json(outcome: Outcome) -> dict[str, Any]:
    """A transcript, and under `end` how its reader learnt that it was over."""
    error = msgspec.to_builtins(outcome.error) if outcome.error else None
    return {**outcome.transcript, "end": {"status": outcome.ended, "error": error, "note": outcome.note}}
