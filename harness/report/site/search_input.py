"""A finding of a search, ready to be laid out: the input that was played, chunk by chunk, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.catalogue.findings import KIND_MEANINGS
from harness.report.case.body import FULL
from harness.report.case.difference import pair, value
from harness.report.case.outcome import FieldView
from harness.report.case.wire_log import AttemptView, attempt_view
from harness.report.case.words import end_words, error_seen_words
from harness.report.marks import Mark
from harness.report.searches import finding_mark, gravest_first
from harness.report.visible import laid_out
from harness.runner.results import AttemptRecord, ChunkRecord, FuzzFinding, FuzzResult

_FIRST = ("text", "reasoning", "refusal", "tool_calls", "finish", "usage")
_LEFT_OUT = frozenset({"dialect", "status", "end", "error"})
"""What every transcript has alike, or what is told with the ending."""


@dataclass(frozen=True, slots=True)
class InputView:
    """One finding: what was done to the stream, the bytes as they were played, and what came of them."""

    number: int
    finding: FuzzFinding
    mark: Mark
    meaning: str
    plan: str
    fields: tuple[FieldView, ...]
    played: AttemptView


def input_views(search: FuzzResult) -> list[InputView]:
    """The findings of a search, the gravest first."""
    return [_view(number, search, finding) for number, finding in enumerate(gravest_first(search), 1)]


def _view(number: int, search: FuzzResult, finding: FuzzFinding) -> InputView:
    played = AttemptRecord(
        number=number,
        at_s=0.0,
        method="",
        path="",
        request_headers=[],
        request_body="",
        request_faults=[],
        status=finding.status,
        headers=finding.headers,
        chunks=[ChunkRecord(0.0, data) for data in finding.body_b64],
        how_ended=finding.how_ended,
    )
    return InputView(
        number=number,
        finding=finding,
        mark=finding_mark(finding),
        meaning=KIND_MEANINGS[finding.kind],
        plan=json.dumps(finding.plan, ensure_ascii=False),
        fields=tuple(_fields(finding.expected, finding.seen)),
        played=attempt_view(played, search.upstream or search.dialect, (), FULL, side="i", altered=finding.altered),
    )


def _fields(intact: Mapping[str, Any], seen: Mapping[str, Any]) -> Iterator[FieldView]:
    """The ending, then every part of the answer that one of the two has; what is the same in both is marked so."""
    yield _field("ending", _ending(intact), _ending(seen))
    errors = [_error(outcome) for outcome in (intact, seen)]
    if any(errors):
        left, right = (laid_out(error_seen_words(error)) if error else value(None) for error in errors)
        yield FieldView("error", left, right, True if errors[0] == errors[1] else None)
    names = [*_FIRST, *(name for name in {**intact, **seen} if name not in _LEFT_OUT and name not in _FIRST)]
    for name in names:
        was, became = intact.get(name), seen.get(name)
        if not (_is_nothing(was) and _is_nothing(became)):
            yield _field(name, was, became)


def _field(name: str, was: Any, became: Any) -> FieldView:
    if _is_nothing(was) or _is_nothing(became):
        return FieldView(name, value(was), value(became), _is_nothing(was) and _is_nothing(became))
    both = pair(was, became)
    return FieldView(name, both.expected, both.seen, both.equal)


def _ending(outcome: Mapping[str, Any]) -> str:
    end = outcome.get("end")
    return end_words(end) if isinstance(end, Mapping) else str(outcome.get("status") or "")


def _error(outcome: Mapping[str, Any]) -> dict[str, Any] | None:
    end = outcome.get("end")
    error = end.get("error") if isinstance(end, Mapping) else None
    error = error or outcome.get("error")
    return error if isinstance(error, dict) else None


def _is_nothing(data: Any) -> bool:
    return data in (None, "", [], {}) or (isinstance(data, dict) and all(each is None for each in data.values()))
