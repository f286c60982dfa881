"""Results as GitHub's workflow commands: annotations at the top of a run's page, and a summary below it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.entries import entry_trouble
from harness.report.marks import by_gravity
from harness.report.search_results import search_results
from harness.report.visible import plain
from harness.runner.results import Result, Run

EACH = 10
"""Annotations of one level that a step may show; GitHub drops the others without a word."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes that a step's summary may have."""


def workflow_commands(run: Run) -> Iterator[str]:
    """Workflow commands, one a line: errors for what is not conformant, warnings for other failures, silent ones first.

    Where there are more than GitHub shows, the last one says how many are left.
    """
    searched = search_results(run.searches)
    failed = [
        result
        for result in (*run.results, *searched)
        if (result.verdict == "fail" and not result.known) or entry_trouble(result)
    ]
    failed.sort(key=lambda each: (not each.silent, each.system, each.scenario, each.pair))
    for command, wanted in (("error", True), ("warning", False)):
        results = [result for result in failed if result.nonconformant is wanted]
        shown = results if len(results) <= EACH else results[: EACH - 1]
        for result in shown:
            yield _command(command, _title(result), _message(result))
        if len(results) > EACH:
            yield _command(command, "and more", f"{len(results) - len(shown)} more failures; the report has them all")


def step_summary(markdown: str) -> str:
    """The Markdown as far as a step's summary takes it."""
    encoded = markdown.encode()
    if len(encoded) <= SUMMARY_LIMIT:
        return markdown
    note = "\n\nThe summary is cut off here; the report has everything.\n"
    kept = encoded[: SUMMARY_LIMIT - len(note)].decode("utf-8", "ignore")
    return kept.rpartition("\n")[0] + note


def _title(result: Result) -> str:
    silent = "silent " if result.silent else ""
    return f"{silent}{result.level} failure: {result.system} in {result.pair}"


def _message(result: Result) -> str:
    failures = [f"{each.kind}: {each.message}" for each in by_gravity(result.failures)[:3]]
    trouble = entry_trouble(result)
    said = "; ".join([*([trouble] if trouble else []), *failures])
    return f"{result.scenario}: {said}\n{result.reproduce}"


def _command(name: str, title: str, message: str) -> str:
    """One workflow command. What came from outside can end neither the line nor the command."""
    heading = _data(plain(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{name} title={heading}::{_data(plain(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
