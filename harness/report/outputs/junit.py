"""Results as JUnit XML, for the test pages of CI systems: a suite for each system and dialect.

Only what fails the run is a `failure`: a `must` that fails, or a known failure that no longer does. Failures of a
`should` or `may` are told in `system-out` and in properties. A known failure is `skipped`, with its reason.
Searches are gathered: a case for each system, dialect and kind of change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.catalogue.findings import Finding
from harness.report.case.difference import as_text
from harness.report.entries import entry_trouble, finding_trouble
from harness.report.excused import excused
from harness.report.marks import by_gravity
from harness.report.matrix import missing_words
from harness.report.recordings import grouped
from harness.report.searches import SearchGroup, finding_mark, gravest_first, search_counts, search_groups
from harness.report.visible import plain
from harness.runner.results import FuzzFinding, FuzzResult, Header, RecordingResult, Result, Run

EXCERPT = 2_000
"""Characters that one value may take: CI systems cut long texts off without saying so."""
PROBLEMS = 20

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def render_junit(run: Run, baseline: Run | None = None) -> bytes:
    """The run as one JUnit document, encoded in UTF-8. What fails in the baseline as well is told as known."""
    if baseline is not None:
        run = excused(run, baseline)
    suites = [_system_suite(run.header, list(results)) for _, results in groupby(sorted(run.results, key=_key), _key)]
    if run.recordings:
        suites.append(_recordings_suite(run.header, run.recordings))
    if run.searches:
        suites.append(_searches_suite(run.header, run.searches))
    if problem := missing_words(run):
        suites.append(_unfinished_suite(run.header, problem))
    root = Element("testsuites", {"name": "harness", **_counts(suites)})
    root.extend(suites)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _key(result: Result) -> tuple[str, str, str, str]:
    return result.system, result.system_version, result.dialect, result.upstream or ""


def _counts(suites: Iterable[Element]) -> dict[str, str]:
    suites = list(suites)
    names = ("tests", "failures", "errors", "skipped")
    totals = {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in names}
    return {**totals, "time": f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}"}


def _suite(header: Header, name: str, properties: dict[str, str], cases: Sequence[Element]) -> Element:
    found = [child.tag for case in cases for child in case]
    attributes = {
        "name": plain(name),
        "tests": str(len(cases)),
        "failures": str(found.count("failure")),
        "errors": str(found.count("error")),
        "skipped": str(found.count("skipped")),
        "time": f"{sum(float(case.get('time', '0')) for case in cases):.3f}",
    }
    if moment := _TIMESTAMP.match(header.started):
        attributes["timestamp"] = moment[0]
    suite = Element("testsuite", attributes)
    of_run = {"harness": header.harness, "catalogue": header.catalogue, "lane": header.lane}
    suite.append(_properties({**of_run, **properties}))
    suite.extend(cases)
    return suite


def _properties(values: dict[str, str]) -> Element:
    element = Element("properties")
    for name, value in values.items():
        SubElement(element, "property", {"name": name, "value": plain(value)})
    return element


def _system_suite(header: Header, results: Sequence[Result]) -> Element:
    system, version, dialect, upstream = _key(results[0])
    properties = {"system": system, "system_version": version, "dialect": dialect}
    properties |= {"upstream": upstream} if upstream else {}
    return _suite(header, f"{system} {version} {results[0].pair}", properties, [_case(result) for result in results])


def _case(result: Result) -> Element:
    case = Element(
        "testcase",
        {
            "classname": plain(f"{result.system}.{result.dialect}.{result.family}"),
            "name": plain(result.scenario),
            "time": f"{result.duration_s:.3f}",
        },
    )
    case.append(_properties(_case_properties(result)))
    outcome = _outcome(result)
    if outcome is not None:
        case.append(outcome)
    if result.verdict == "fail" and not result.nonconformant:
        SubElement(case, "system-out").text = plain(_evidence_words(result))
    return case


def _case_properties(result: Result) -> dict[str, str]:
    properties = {"title": result.title, "level": result.level, "content": result.content, "ending": result.ending}
    if result.failures:
        properties["kinds"] = ", ".join(sorted({finding.kind for finding in result.failures}))
        properties["silent"] = str(result.silent).lower()
    return properties


def _outcome(result: Result) -> Element | None:
    """The element that tells a CI system what became of the case; None for one that it shall count as passed."""
    if trouble := entry_trouble(result):
        kind = "known-failure-passes" if result.stale else "known-failure-expired"
        return _told("failure", trouble, kind, _evidence_words(result) if result.failures else "")
    if result.known and result.verdict == "fail":
        return _told("skipped", f"{'flaky' if result.flaky else 'known failure'}: {result.known}")
    if result.verdict == "unsupported":
        return _told("skipped", result.note or "unsupported")
    if result.verdict == "error":
        return _told("error", result.note or "could not be measured", "error", _evidence_words(result))
    if result.nonconformant:
        gravest = by_gravity(result.failures)[0] if result.failures else None
        message = _message(gravest) if gravest else "failed"
        return _told("failure", message, gravest.kind if gravest else "fail", _evidence_words(result))
    return None


def _told(tag: str, message: str, kind: str = "", text: str = "") -> Element:
    element = Element(tag, {"message": plain(message), **({"type": kind} if kind else {})})
    element.text = plain(text) or None
    return element


def _message(finding: Finding) -> str:
    return f"{finding.kind}{' (silent)' if finding.silent else ''}: {finding.message}"


def _evidence_words(result: Result) -> str:
    stderr = result.evidence.stderr if result.evidence else ""
    return "\n\n".join(
        [
            f"{result.title} [{result.level}]",
            *(_finding_words(finding) for finding in by_gravity(result.failures)),
            *([f"note: {result.note}"] if result.note else []),
            *([f"stderr:\n{stderr[-EXCERPT:]}"] if stderr else []),
            f"reproduce: {result.reproduce}",
        ]
    )


def _finding_words(finding: Finding) -> str:
    place = "" if finding.attempt is None else f", attempt {finding.attempt}"
    place += "" if finding.offset is None else f", byte {finding.offset}"
    lines = [f"{_message(finding)} ({finding.column}, check {finding.check}{place})"]
    lines += [
        f"  {name}: {_excerpt(value)}"
        for name, value in (("expected", finding.expected), ("seen", finding.seen))
        if (finding.expected, finding.seen) != (None, None)
    ]
    return "\n".join(lines)


def _excerpt(value: object) -> str:
    text = as_text(value)
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}… ({len(text) - EXCERPT:,} more characters)"


def _recordings_suite(header: Header, recordings: Sequence[RecordingResult]) -> Element:
    """One case for each provider and dialect: a case for each of thousands of streams would drown the rest."""
    cases = []
    for group in grouped(recordings):
        name = f"{group.provider} {group.dialect}"
        case = Element("testcase", {"classname": plain(f"{group.system}.recordings"), "name": plain(name)})
        own = [each for each in recordings if (each.system, each.provider, each.dialect) == group.key]
        broken = [each for each in own if each.verdict == "fail"]
        if broken:
            lines = [f"{each.id}: {'; '.join(each.problems)}" for each in broken[:PROBLEMS]]
            lines += [f"and {len(broken) - PROBLEMS} more"] if len(broken) > PROBLEMS else []
            case.append(_told("failure", f"{len(broken)} of {len(own)} do not hold", "recording", "\n".join(lines)))
        cases.append(case)
    return _suite(header, "recordings", {"streams": str(len(recordings))}, cases)


def _searches_suite(header: Header, searches: Sequence[FuzzResult]) -> Element:
    """One case for each system, dialect and kind of change, whatever the number of streams."""
    cases = [_searched(group) for group in search_groups(searches)]
    inputs = str(search_counts(searches).inputs)
    return _suite(header, "searches", {"searches": str(len(searches)), "inputs": inputs}, cases)


def _searched(group: SearchGroup) -> Element:
    case = Element(
        "testcase",
        {
            "classname": plain(f"{group.system}.searches"),
            "name": plain(f"{group.kind} {group.pair}"),
            "time": f"{sum(each.duration_s for each in group.searches):.3f}",
        },
    )
    counts = group.counts
    numbers = {"streams": counts.streams, "inputs": counts.inputs, "proofs_complete": counts.complete}
    case.append(_properties({name: str(number) for name, number in numbers.items()}))
    words = _searched_words(group)
    failing = [each for each in group.searches if each.nonconformant]
    unmeasured = [each for each in group.searches if each.verdict == "error"]
    if failing:
        case.append(_told("failure", f"{len(failing)} of {counts.searches} streams break it", "search", words))
    elif unmeasured:
        reason = unmeasured[0].note or "no reason given"
        message = f"{len(unmeasured)} of {counts.searches} streams could not be searched: {reason}"
        case.append(_told("error", message, "error", words))
    elif counts.unsupported == counts.searches:
        case.append(_told("skipped", group.searches[0].note or "unsupported"))
    if words and not failing and not unmeasured:
        SubElement(case, "system-out").text = plain(words)
    return case


def _searched_words(group: SearchGroup) -> str:
    """The findings, the gravest first, each with the command that plays it again."""
    found = [(search, finding) for search in group.searches for finding in gravest_first(search)]
    found.sort(key=lambda each: (bool(each[1].known), finding_mark(each[1]).rank))
    blocks = [_search_finding_words(search, finding) for search, finding in found[:PROBLEMS]]
    blocks += [f"and {len(found) - PROBLEMS} more"] if len(found) > PROBLEMS else []
    return "\n\n".join(blocks)


def _search_finding_words(search: FuzzResult, finding: FuzzFinding) -> str:
    silent = " (silent)" if finding.silent else ""
    lines = [f"{search.stream} [{finding.level}] {finding.kind}{silent}: {_excerpt(finding.words)}"]
    lines += [f"  {_excerpt(words)}" for words in finding.differences]
    lines += [f"  demanded: {_excerpt(finding.rule)}"] if finding.rule else []
    lines += [f"  known: {finding.known}"] if finding.known else []
    lines += [f"  {trouble}"] if (trouble := finding_trouble(finding)) else []
    return "\n".join([*lines, f"  reproduce: {finding.reproduce}"])


def _unfinished_suite(header: Header, problem: str) -> Element:
    case = Element("testcase", {"classname": "harness", "name": "the run is whole"})
    case.append(_told("error", problem, "unfinished"))
    return _suite(header, "harness", {}, [case])
