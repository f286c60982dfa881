"""Searches as results, for the views that have a line or an alert for each case: tables, annotations, code scanning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.catalogue.findings import Column, FailureKind, Finding
from harness.report.searches import gravest_first
from harness.runner.results import FuzzFinding, FuzzResult, Result

_OF_THE_ENDING: frozenset[FailureKind] = frozenset({"silent-truncation", "silent-error", "wrong-error", "hang"})


def search_results(searches: Iterable[FuzzResult]) -> Iterator[Result]:
    """A failing result for each finding, the gravest of a search first; one result for a search that has none.

    The scenario is the stream, the family `KIND/FAMILY` of the change, and `attempts` are the inputs that were tried.
    """
    for search in searches:
        if not search.findings:
            yield _result(search, None)
        for finding in gravest_first(search):
            yield _result(search, finding)


def _result(search: FuzzResult, finding: FuzzFinding | None) -> Result:
    failures = [_failure(search, finding)] if finding else []
    columns = {failure.column for failure in failures}
    return Result(
        system=search.system,
        system_version=search.system_version,
        dialect=search.dialect,
        scenario=search.stream,
        family=f"{search.kind}/{finding.family}" if finding else search.kind,
        title=finding.words if finding else f"{search.kind} of {search.stream}",
        level=finding.level if finding else "must",
        verdict="fail" if finding else search.verdict,
        content="fail" if "content" in columns else "pass" if finding else search.verdict,
        ending="fail" if "ending" in columns else "pass" if finding else search.verdict,
        failures=failures,
        attempts=sum(search.tried.values()),
        duration_s=search.duration_s,
        reproduce=finding.reproduce if finding else search.reproduce,
        note=search.note,
        upstream=search.upstream,
        known=finding.known if finding else None,
        known_proof=finding.known_proof if finding else "",
        known_until=finding.known_until if finding else "",
        known_place=finding.known_place if finding else "",
        expired=finding.expired if finding else "",
    )


def _failure(search: FuzzResult, finding: FuzzFinding) -> Finding:
    column: Column = "ending" if finding.kind in _OF_THE_ENDING else "content"
    return Finding(
        kind=finding.kind,
        check=f"{search.kind}/{finding.family}",
        column=column,
        silent=finding.silent,
        message=": ".join((finding.words, *finding.differences[:1])),
    )
