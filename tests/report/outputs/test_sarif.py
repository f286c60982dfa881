"""SARIF, read by another's models of it."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace
from sarif_pydantic import Sarif

from harness.report.outputs.sarif import render_sarif
from harness.runner.results import Run

from ..sample import small_run
from ..sample_hostile import hostile_run


def alerts(run: Run) -> list[dict[str, Any]]:
    log = render_sarif(run)
    Sarif.model_validate_json(log)
    [read] = json.loads(log)["runs"]
    found: list[dict[str, Any]] = read["results"]
    return found


def test_every_failure_is_an_alert_at_its_scenario_s_file() -> None:
    run = small_run()
    failed = [result for result in run.results if result.verdict == "fail"]
    found = alerts(run)
    assert len(found) == len(failed) > 10
    [cut] = [
        each
        for each in found
        if each["message"]["text"].startswith("openai-python ending/closed-mid-text (openai-chat)")
    ]
    assert cut["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "specs/scenarios/ending/closed-mid-text.yaml"
    )
    assert (cut["ruleId"], cut["level"], cut["properties"]["silent"]) == ("silent-truncation", "error", True)


def test_levels_are_those_of_code_scanning_and_silent_failures_come_first() -> None:
    found = alerts(small_run())
    assert {each["level"] for each in found} == {"error", "warning", "note"}
    assert found[0]["properties"]["silent"] is True
    assert [each["rank"] for each in found] == sorted((each["rank"] for each in found), reverse=True)


def test_the_fingerprint_is_the_case_s_whatever_the_message_and_the_version_say() -> None:
    run = small_run()
    later = tuple(
        replace(each, system_version="9", failures=[replace(one, message="otherwise") for one in each.failures])
        for each in run.results
    )
    prints = [each["partialFingerprints"] for each in alerts(run)]
    assert prints == [each["partialFingerprints"] for each in alerts(Run(run.header, later, (), run.footer))]
    assert len({each["case/v1"] for each in prints}) == len(prints)


def test_a_known_failure_is_suppressed_with_its_reason() -> None:
    run = small_run()
    known = tuple(replace(each, known="the vendor is told") for each in run.results)
    suppressed = [each["suppressions"] for each in alerts(Run(run.header, known, (), run.footer))]
    assert suppressed
    assert all(each == [{"kind": "external", "justification": "the vendor is told"}] for each in suppressed)


def test_a_run_that_did_not_come_to_its_end_says_so() -> None:
    run = small_run()
    [whole] = json.loads(render_sarif(run))["runs"]
    [cut] = json.loads(render_sarif(Run(run.header, run.results, (), None)))["runs"]
    assert whole["invocations"][0]["executionSuccessful"] is True
    assert cut["invocations"][0]["executionSuccessful"] is False


def test_hostile_words_are_text_in_it() -> None:
    texts = [each["message"]["text"] for each in alerts(hostile_run())]
    assert texts
    assert not any("\u202e" in text or "\x00" in text for text in texts)
