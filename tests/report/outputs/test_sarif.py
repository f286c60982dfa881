"""SARIF, read by another's models of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sarif_pydantic import Sarif

from harness.report.outputs.sarif import render_sarif
from harness.runner.results import Run
from tests.runner.test_results import RECORDING

from ..sample import small_run
from ..sample_hostile import hostile_run


def alerts(run: Run, root: Path | None = None) -> list[dict[str, Any]]:
    log = render_sarif(run, root)
    Sarif.model_validate_json(log)
    [read] = json.loads(log)["runs"]
    found: list[dict[str, Any]] = read["results"]
    return found


def test_every_failure_is_an_alert_at_its_scenario_s_file(tmp_path: Path) -> None:
    scenario = tmp_path / "specs/scenarios/ending/closed-mid-text.yaml"
    scenario.parent.mkdir(parents=True)
    scenario.write_text("title: Closed\n")
    run = small_run()
    failed = [result for result in run.results if result.verdict == "fail"]
    found = alerts(run, tmp_path)
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
    elsewhere = [each["locations"][0] for each in found if each["ruleId"] != "silent-truncation"]
    assert elsewhere
    assert not any("physicalLocation" in each for each in elsewhere)


def test_a_cassette_that_does_not_hold_is_an_alert(tmp_path: Path) -> None:
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "tools.yaml").write_text("version: 1\n")
    broken = replace(
        RECORDING, verdict="fail", problems=["text is 'Hi', not 'Hello'"], source="cassettes/tools.yaml#1", golden=True
    )
    [alert] = alerts(Run(small_run().header, (), (RECORDING, broken), None), tmp_path)
    assert (alert["ruleId"], alert["level"]) == ("recording", "error")
    assert alert["message"]["text"] == "reference r1 (gemini, somebody): text is 'Hi', not 'Hello'"
    assert alert["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "cassettes/tools.yaml"}}


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


def test_what_is_flaky_is_suppressed_and_what_has_expired_is_not() -> None:
    run = small_run()
    [failed, *_] = [each for each in run.results if each.verdict == "fail"]
    flaky = replace(failed, known="it depends", flaky=True, known_until="2027-01-31")
    over = replace(failed, expired="it depends", known_until="2026-01-31")
    [alert] = alerts(Run(run.header, (flaky,), (), run.footer))
    assert alert["suppressions"] == [{"kind": "external", "justification": "flaky: it depends (until 2027-01-31)"}]
    [alert] = alerts(Run(run.header, (over,), (), run.footer))
    assert "suppressions" not in alert


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
