"""Turns an observation into a result line: the verdict with everything that it rests on."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from harness.catalogue.across import expectation_of
from harness.catalogue.checks import describe_expectation, describe_requests, judge
from harness.catalogue.findings import Judgement
from harness.catalogue.observation import Attempt, Observation
from harness.events import to_builtins
from harness.runner.case import LaneName
from harness.runner.plan import PlannedCase
from harness.runner.results import AttemptRecord, ChunkRecord, EventRecord, Evidence, Result
from harness.systems.base import Description
from harness.systems.known import KnownFailure
from harness.transcript import fold

LONG_ANSWER = 64 * 1024
"""Bytes of the answer above which the evidence of a case that passed has its requests, and of the answer its head."""

LONG_REQUEST = 256 * 1024
"""Bytes of a request of which the evidence keeps no more: some scenarios send tens of megabytes."""

STDERR_TAIL = 4_000
"""How many characters of a system's log a result keeps."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who was run and how: `spec` is what the user called the system, and how the run is reproduced.

    `source` are the options that name where the scenarios lie, none for the built-in catalogue.
    """

    spec: str
    description: Description
    lane: LaneName
    source: tuple[str, ...] = ()


def result_of(planned: PlannedCase, subject: Subject, observation: Observation, known: KnownFailure | None) -> Result:
    """The judged result of one case, with its evidence."""
    claims = subject.description.claims(planned.dialect)
    documented = subject.description.retries_by_default(planned.dialect)
    judgement = judge(planned.scenario, planned.dialect, claims, observation, documented, planned.upstream)
    return _result(planned, subject, judgement, observation, known)


def unsupported(planned: PlannedCase, subject: Subject, missing: frozenset[str]) -> Result:
    """The result of a case that was not run, since the system does not claim what it needs."""
    note = f"not claimed: {', '.join(sorted(missing))}"
    judgement = Judgement("unsupported", "unsupported", "unsupported", (), note)
    return _result(planned, subject, judgement, None, None)


def reproduce_command(subject: Subject, planned: PlannedCase) -> str:
    """The one command that shows the same verdict again."""
    words = ["harness", "replay", "--system", subject.spec]
    words += ["--scenario", planned.scenario.id, "--dialect", planned.dialect, *subject.source]
    return shlex.join([*words, "--in-process"] if subject.lane == "in-process" else words)


def _result(
    planned: PlannedCase,
    subject: Subject,
    judgement: Judgement,
    observation: Observation | None,
    known: KnownFailure | None,
) -> Result:
    scenario = planned.scenario
    return Result(
        system=subject.description.name,
        system_version=subject.description.version,
        dialect=planned.dialect,
        scenario=scenario.id,
        family=scenario.family,
        title=scenario.title,
        level=scenario.level,
        verdict=judgement.verdict,
        content=judgement.content,
        ending=judgement.ending,
        failures=list(judgement.findings),
        attempts=len(observation.attempts) if observation else 0,
        duration_s=round(observation.duration_s, 6) if observation else 0.0,
        reproduce=reproduce_command(subject, planned),
        upstream=planned.upstream,
        note=judgement.note,
        **known_fields(known),
        flaky=known is not None and known.flaky,
        evidence=_kept_evidence(planned, observation, judgement) if observation else None,
    )


def known_fields(entry: KnownFailure | None) -> dict[str, Any]:
    """What a result or a finding says of the entry that knows of it."""
    if entry is None:
        return {}
    return {
        "known": entry.excuse,
        "known_proof": entry.shown,
        "known_until": entry.until.isoformat() if entry.until else "",
        "known_place": entry.place,
        "expired": entry.reason if entry.expired else "",
    }


def _kept_evidence(planned: PlannedCase, observation: Observation, judgement: Judgement) -> Evidence:
    """All of it, but for a long answer that passed: over all systems those would take gigabytes, and tell nothing."""
    both = (*observation.attempts, *observation.front)
    played = [attempt.response for attempt in both if attempt.response is not None]
    size = sum(len(chunk.data) for response in played for chunk in response.chunks)
    if judgement.verdict != "pass" or size <= LONG_ANSWER:
        return evidence_of(planned, observation)
    wire, front = (
        [attempt_record(_without_body(each)) for each in side] for side in (observation.attempts, observation.front)
    )
    return Evidence(wire=wire, front=front, left_out_bytes=size)


def _without_body(attempt: Attempt) -> Attempt:
    return replace(attempt, response=replace(attempt.response, chunks=()) if attempt.response else None)


def evidence_of(planned: PlannedCase, observation: Observation) -> Evidence:
    """Expectation, what the caller saw, and what the wire saw, as plain JSON values."""
    events = [EventRecord(round(timed.at_s, 6), to_builtins(timed.event)) for timed in observation.events]
    expectation = expectation_of(planned.scenario, planned.dialect, planned.upstream)
    seen = _seen(planned.dialect, observation)
    if expectation.requests:
        seen["requests"] = describe_requests(expectation, planned.wire_dialect, observation.attempts)
    return Evidence(
        expected=describe_expectation(expectation, planned.scenario.request),
        seen=seen,
        events=events,
        wire=[attempt_record(attempt) for attempt in observation.attempts],
        front=[attempt_record(attempt) for attempt in observation.front],
        stderr=observation.stderr[-STDERR_TAIL:],
    )


def _seen(dialect: str, observation: Observation) -> dict[str, Any]:
    transcript = fold(dialect, (timed.event for timed in observation.events)).to_dict()
    end = observation.end
    transcript["status"] = {"error": "failed"}.get(end.status, end.status) if end else None  # the caller's, not ours
    transcript["end"] = {
        "status": end.status if end else None,
        "raised": end.raised if end else None,
        "error": msgspec.to_builtins(end.error) if end and end.error else None,
        "hung": observation.hung,
        "broken": observation.broken,
    }
    return transcript


def attempt_record(attempt: Attempt) -> AttemptRecord:
    """One attempt as the results file keeps it."""
    response = attempt.response
    chunks = [
        ChunkRecord(
            sent_s=round(attempt.sent_s[position], 6) if position < len(attempt.sent_s) else None,
            data_b64=base64.b64encode(chunk.data).decode(),
        )
        for position, chunk in enumerate(response.chunks if response else ())
    ]
    return AttemptRecord(
        number=attempt.number,
        at_s=round(attempt.at_s, 6),
        method=attempt.method,
        path=attempt.path,
        request_headers=list(attempt.headers),
        request_body=_request_text(attempt.body),
        request_faults=[f"{fault.rule} at {fault.where}: {fault.message}" for fault in attempt.faults],
        status=response.status if response and response.head else None,
        headers=list(response.headers) if response else [],
        chunks=chunks,
        how_ended=response.ending if response else None,
        ended_s=round(attempt.ended_s, 6) if attempt.ended_s is not None else None,
        client_left=attempt.client_left,
        fallback=attempt.fallback,
        given_up=list(attempt.given_up),
    )


def _request_text(body: bytes) -> str:
    left_out = len(body) - LONG_REQUEST
    shown = body[:LONG_REQUEST].decode("utf-8", "replace")
    return f"{shown}… and {left_out} more bytes" if left_out > 0 else shown
