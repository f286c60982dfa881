"""Results as SARIF 2.1.0, for code scanning pages: one alert for each kind of failure of each case.

An alert stands at a file that is there: that of its scenario or cassette, since that is what a person opens next, else
the system's adapter, else its line of the results file. Its fingerprint names the case and the
rule alone (of what a search found, the family of the change), so that it stays the same alert from run to run. Known
failures are suppressed, with their reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.catalogue.findings import FAILURE_KINDS, KIND_MEANINGS, Finding
from harness.catalogue.models import Level
from harness.report.entries import entry_words
from harness.report.marks import by_gravity
from harness.report.outputs.alert_places import AlertPlaces, Place
from harness.report.search_results import search_results
from harness.report.visible import plain
from harness.runner.results import RecordingResult, Result, Run

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 5_000
"""Alerts in one document: consumers take no more than so many, and say nothing of the rest."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=Z|\+00:00)")
RECORDING = "recording"
RECORDING_MEANING = "what was recorded is not read as it was reviewed, or not in every cutting"
_RANKS: dict[Level, float] = {"must": 60.0, "should": 30.0, "may": 0.0}
_LEVELS: dict[Level, str] = {"must": "error", "should": "warning", "may": "note"}


def render_sarif(run: Run, root: Path | None = None) -> bytes:
    """The run's failures as a SARIF log in UTF-8, the gravest first where there are more than a consumer takes.

    `root`: the folder that the files of alerts are looked for in and named from; None: the one at hand.
    """
    places = AlertPlaces(root or Path.cwd(), run.evidence_in)
    results = (*run.results, *search_results(run.searches))
    alerts = [*_alerts(results, places), *_recording_alerts(run.recordings, places)]
    alerts = sorted(alerts, key=lambda alert: alert["rank"], reverse=True)[:MOST]
    driver = {
        "name": "harness",
        "version": plain(run.header.harness),
        "rules": [*(_rule(kind, KIND_MEANINGS[kind]) for kind in FAILURE_KINDS), _rule(RECORDING, RECORDING_MEANING)],
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


def _rule(kind: str, meaning: str) -> dict[str, Any]:
    return {
        "id": kind,
        "shortDescription": {"text": f"{kind}: {meaning}"},
        "fullDescription": {"text": f"{meaning[0].upper()}{meaning[1:]}."},
    }


def _alerts(results: Iterable[Result], places: AlertPlaces) -> Iterator[dict[str, Any]]:
    for result in results:
        if result.verdict == "fail":
            seen: set[str] = set()
            for finding in by_gravity(result.failures):
                if finding.check not in seen:
                    seen.add(finding.check)
                    yield _alert(result, finding, places)


def _alert(result: Result, finding: Finding, places: AlertPlaces) -> dict[str, Any]:
    case = f"{result.system} {result.scenario} ({result.pair})"
    alert: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": FAILURE_KINDS.index(finding.kind),
        "level": _LEVELS[result.level],
        "rank": _rank(result, finding),
        "message": {"text": plain(f"{case}: {finding.message}\nShow it again: {result.reproduce}")},
        "locations": [_location(places.of_result(result), result.scenario)],
        "partialFingerprints": {
            "case/v1": _digest(result.system, result.pair, result.scenario, finding.kind, finding.check)
        },
        "properties": {"silent": finding.silent, "check": finding.check, "system": plain(result.system)},
    }
    if result.known:
        alert["suppressions"] = [{"kind": "external", "justification": plain(entry_words(result))}]
    return alert


def _rank(result: Result, finding: Finding) -> float:
    """From 0 to 100: silent failures above all others, then by level."""
    return _RANKS[result.level] + (30.0 if finding.silent else 0.0)


def _recording_alerts(recordings: Iterable[RecordingResult], places: AlertPlaces) -> Iterator[dict[str, Any]]:
    """What recorded streams, and cassettes beside their golden transcripts, do not hold: an alert for each of them."""
    for each in recordings:
        if each.verdict == "fail":
            said = f"{each.system} {each.id} ({each.dialect}, {each.provider}): {'; '.join(each.problems[:3])}"
            yield {
                "ruleId": RECORDING,
                "ruleIndex": len(FAILURE_KINDS),
                "level": "error",
                "rank": _RANKS["must"],
                "message": {"text": plain(said)},
                "locations": [_location(places.of_recording(each), each.id)],
                "partialFingerprints": {"case/v1": _digest(each.system, each.dialect, each.id, RECORDING, "")},
                "properties": {"silent": False, "check": RECORDING, "system": plain(each.system)},
            }


def _location(place: Place | None, name: str) -> dict[str, Any]:
    """Where an alert stands: a file if there is one, and what it is about in any case."""
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": plain(name), "kind": "scenario"}]}
    if place is not None:
        location["physicalLocation"] = {"artifactLocation": {"uri": place.uri}}
        if place.line:
            location["physicalLocation"]["region"] = {"startLine": place.line}
    return location


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:32]
