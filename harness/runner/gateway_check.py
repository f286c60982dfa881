"""Says what is wrong with a gateway's manifest rather than with the gateway: how it is reached, and what it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from harness.runner.results import AttemptRecord, Result

Suspect: TypeAlias = Literal["adapter", "adapter or system", "manifest", "manifest or system"]

Mistake: TypeAlias = tuple[Suspect, str, str]
"""Who is suspected, the problem, the mend."""


def gateway_mistakes(result: Result) -> Iterator[Mistake]:
    """What a failed plain scenario says of the manifest, the client's side first; else the findings as they are."""
    if result.verdict == "error":
        yield "manifest", result.note, "the gateway's log is in the report's cell"
        return
    front = result.evidence.front if result.evidence else []
    wire = result.evidence.wire if result.evidence else []
    for explain in (_not_served, _key_refused, _upstream_not_called, _wrong_endpoint, _refused_request):
        mistakes = list(explain(result, front, wire))
        if mistakes:
            yield from mistakes
            return
    for failure in result.failures:
        yield "manifest or system", failure.message, "see the evidence: both sides' wire logs are in the report's cell"


def _not_served(result: Result, front: list[AttemptRecord], wire: list[AttemptRecord]) -> Iterator[Mistake]:
    for attempt in front:
        if attempt.status in (404, 405) and not wire:
            yield (
                "manifest",
                f"the gateway answers {attempt.method} {attempt.path} with {attempt.status}, and asks no upstream",
                f"if it serves {result.dialect} below another path, say so: "
                f"`serves: {{{result.dialect}: {{path: …}}}}`; if it knows no such model, see `model`",
            )
            return


def _key_refused(result: Result, front: list[AttemptRecord], wire: list[AttemptRecord]) -> Iterator[Mistake]:
    for attempt in front:
        if attempt.status in (401, 403) and not wire:
            yield (
                "manifest",
                f"the gateway refuses our client's key: {attempt.method} {attempt.path} is answered {attempt.status}",
                "give the key that it takes as `api_key`, and put it into its configuration as {{ api_key }}",
            )
            return


def _upstream_not_called(result: Result, front: list[AttemptRecord], wire: list[AttemptRecord]) -> Iterator[Mistake]:
    if not wire:
        seen = f"; our client was answered {front[-1].status}" if front else "; it answered nothing"
        yield (
            "manifest",
            f"no request came to the upstream that the case was given{seen}",
            "its configuration must name {{ upstream }} or the slots' own addresses, and `model` must lead to the slot",
        )


def _wrong_endpoint(result: Result, front: list[AttemptRecord], wire: list[AttemptRecord]) -> Iterator[Mistake]:
    for attempt in wire:
        if any(fault.startswith("no-such-endpoint") for fault in attempt.request_faults):
            asked = f"{attempt.method} {attempt.path}"
            yield (
                "manifest",
                f"the gateway asked its upstream {asked}, where {result.upstream} is not served",
                "the upstream's address carries no version path: add /v1 (or what the gateway expects) to it in the "
                "template, or tell the gateway which of its upstream's dialects to use",
            )
            return


def _refused_request(result: Result, front: list[AttemptRecord], wire: list[AttemptRecord]) -> Iterator[Mistake]:
    for fault in dict.fromkeys(fault for attempt in wire for fault in attempt.request_faults):
        yield (
            "manifest or system",
            f"the upstream's vendor would refuse the request: {fault}",
            "if no setting of the gateway mends it, the gateway sends it so",
        )
