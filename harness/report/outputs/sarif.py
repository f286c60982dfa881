"""Results as SARIF 2.1.0, for code scanning pages: one alert for each kind of failure of each case.

An alert stands at its scenario's file, since that is what a person opens next. Its fingerprint names the case and the
rule alone (of what a search found, the family of the change), so that it stays the same alert from run to run. Known
failures are suppressed, with their reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from harness.catalogue.findings import FAILURE_KINDS, KIND_MEANINGS, Finding
from harness.catalogue.models import Level
from harness.report.marks import by_gravity
from harness.report.search_results import search_results
from harness.report.visible import plain
from harness.runner.results import Result, Run

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 5_000
"""Alerts in one document: consumers take no more than so many, and say nothing of the rest."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z|\+00:00)")
_LEVELS: dict[Level, str] = {"must": "error", "should": "warning", "may": "note"}


def render_sarif(run: Run) -> bytes:
    """The run's failures as a SARIF log in UTF-8, the gravest first where there are more than a consumer takes."""
    results = (*run.results, *search_results(run.searches))
    alerts = sorted(_alerts(results), key=lambda alert: alert["rank"], reverse=True)[:MOST]
    driver = {
        "name": "harness",
        "version": plain(run.header.harness),
        "rules": [_rule(number, kind) for number, kind in enumerate(FAILURE_KINDS)],
    }
    whole = run.footer is not None and not run.footer.interrupted
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [{"executionSuccessful": whole, **_started(run.header.started)}],
                "results": alerts,
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=1).encode() + b"\n"


def _started(moment: str) -> dict[str, str]:
    """When the run began, where its header says a moment."""
    found = _MOMENT.match(moment)
    return {"startTimeUtc": f"{found[0]}Z"} if found else {}


def _rule(number: int, kind: str) -> dict[str, Any]:
    meaning = KIND_MEANINGS[FAILURE_KINDS[number]]
    return {
        "id": kind,
        "shortDescription": {"text": f"{kind}: {meaning}"},
        "fullDescription": {"text": f"{meaning[0].upper()}{meaning[1:]}."},
    }


def _alerts(results: Iterable[Result]) -> Iterator[dict[str, Any]]:
    for result in results:
        if result.verdict == "fail":
            seen: set[str] = set()
            for finding in by_gravity(result.failures):
                if finding.check not in seen:
                    seen.add(finding.check)
                    yield _alert(result, finding)


def _alert(result: Result, finding: Finding) -> dict[str, Any]:
    case = f"{result.system} {result.scenario} ({result.pair})"
    alert: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": FAILURE_KINDS.index(finding.kind),
        "level": _LEVELS[result.level],
        "rank": _rank(result, finding),
        "message": {"text": plain(f"{case}: {finding.message}\nShow it again: {result.reproduce}")},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _file_of(result.scenario)}}}],
        "partialFingerprints": {"case/v1": _digest(result, finding)},
        "properties": {"silent": finding.silent, "check": finding.check, "system": plain(result.system)},
    }
    if result.known:
        alert["suppressions"] = [{"kind": "external", "justification": plain(result.known)}]
    return alert


def _rank(result: Result, finding: Finding) -> float:
    """From 0 to 100: silent failures above all others, then by level."""
    base = {"must": 60.0, "should": 30.0, "may": 0.0}[result.level]
    return base + (30.0 if finding.silent else 0.0)


def _file_of(scenario: str) -> str:
    name = scenario.partition("#")[0]
    if name.startswith("cassette/"):
        return f"cassettes/{name.removeprefix('cassette/')}.yaml"
    return f"specs/scenarios/{name}.yaml"


def _digest(result: Result, finding: Finding) -> str:
    words = "\0".join((result.system, result.pair, result.scenario, finding.kind, finding.check))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]
