"""What a gateway's client got, as a strict reader of its dialect sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.catalogue.observation import Attempt
from harness.dialects import dialect as dialect_record
from harness.dialects.base import RequestFault
from harness.lint.linter import lint

LONGEST = 4 * 1024 * 1024
"""Bytes above which a stream is not read once more."""


def read_strictly(attempts: Iterable[Attempt], dialect: str, relayed: Iterable[Attempt] = ()) -> tuple[Attempt, ...]:
    """The same attempts with what is wrong with each answer, as far as it is a stream that came to its end.

    `relayed` is what came from an upstream of the same dialect: what was wrong there may be handed on.
    """
    excused = {fault.rule for attempt in relayed for fault in _faults(attempt, dialect)}
    return tuple(
        replace(attempt, faults=tuple(fault for fault in _faults(attempt, dialect) if fault.rule not in excused))
        for attempt in attempts
    )


def _faults(attempt: Attempt, dialect: str) -> tuple[RequestFault, ...]:
    response = attempt.response
    if response is None or attempt.client_left or response.ending != "clean" or not 200 <= response.status < 300:
        return ()
    spoken = dialect_record(dialect).content_type.partition(";")[0]
    said = (response.header("content-type") or "").partition(";")[0].strip().lower()
    if said != spoken or response.header("content-encoding") or len(response.body) > LONGEST:
        return ()
    found = [finding for finding in lint(dialect, response.body) if finding.level == "must"]
    return tuple(RequestFault(each.rule, f"byte {each.offset}", each.message) for each in found)
