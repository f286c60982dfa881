import csv
import io
import json

from harness.report.outputs.csv_table import render_csv
from harness.report.outputs.github import workflow_commands
from harness.report.outputs.sarif import render_sarif
from harness.report.search_results import search_results

from .sample_search import finding_of, search_of, searched_run

RUN = searched_run()


def test_each_finding_is_a_failing_result_and_a_search_without_one_is_what_it_was() -> None:
    told = [(each.system, each.family, each.level, each.verdict) for each in search_results(RUN.searches)]
    assert told == [
        ("reference", "cuts", "must", "pass"),
        ("reference", "neutral", "must", "pass"),
        ("reference", "damage", "must", "pass"),
        ("junior", "cuts/literal", "must", "fail"),
        ("junior", "cuts/literal", "must", "fail"),
        ("junior", "neutral/literal", "must", "fail"),
        ("junior", "neutral/comment", "should", "fail"),
        ("junior", "damage/reset", "must", "fail"),
        ("absent", "cuts", "must", "error"),
    ]


def test_a_finding_says_what_was_done_what_came_of_it_and_how_to_play_it_again() -> None:
    (result,) = search_results([search_of("junior", "cuts", finding_of(words="cut after byte 9", reproduce="again"))])
    (failure,) = result.failures
    assert failure.message == "cut after byte 9: the text changed: '°' became '\ufffd\ufffd'"
    assert (failure.kind, failure.column, failure.silent, failure.check) == (
        "corruption",
        "content",
        True,
        "cuts/literal",
    )
    assert (result.content, result.ending, result.reproduce, result.attempts) == ("fail", "pass", "again", 430)


def test_findings_are_annotations() -> None:
    lines = list(workflow_commands(RUN))
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 3
    assert errors[0].startswith(
        "::error title=silent must failure%3A junior in openai-chat::text/long: corruption: cut "
    )
    assert [line.partition("::text")[0] for line in lines if line not in errors] == [
        "::warning title=should failure%3A junior in openai-chat"
    ]


def test_findings_are_alerts_and_known_ones_are_suppressed() -> None:
    alerts = json.loads(render_sarif(RUN))["runs"][0]["results"]
    assert len(alerts) == 5
    [about] = alerts[0]["locations"][0]["logicalLocations"]
    assert about["fullyQualifiedName"].startswith("text/")
    assert [each["suppressions"][0]["justification"] for each in alerts if "suppressions" in each] == [
        "reported upstream"
    ]


def test_findings_are_lines_of_the_table() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(RUN))))
    assert [row["family"] for row in rows if row["silent"]] == ["cuts/literal", "cuts/literal"]
    assert [row["message"] for row in rows if row["verdict"] == "error"] == ["the worker died with signal 9"]
    assert len(rows) == 9
