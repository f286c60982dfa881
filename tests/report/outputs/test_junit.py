from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from msgspec.structs import replace

from harness.report.outputs.junit import render_junit
from harness.runner.results import Footer, Result, Run

from ..sample import SITUATIONS, recording_of, result_of, run_of, small_run
from ..sample_hostile import hostile_run
from ..sample_search import searched_run

BY_ID = {situation.id: situation for situation in SITUATIONS}


def parse(run: Run) -> Element:
    return ElementTree.fromstring(render_junit(run))


def case_of(scenario: str, verdict: str, **changes: object) -> Element:
    result: Result = replace(result_of(BY_ID[scenario], "openai-python", "openai-chat", verdict), **changes)
    run = Run(small_run().header, (result,), (), Footer(1, 1.0))
    (case,) = parse(run).iter("testcase")
    return case


def outcomes(case: Element) -> list[str]:
    return [child.tag for child in case if child.tag in ("failure", "error", "skipped")]


def test_there_is_a_suite_for_each_system_and_dialect() -> None:
    names = [suite.get("name") for suite in parse(small_run())]
    assert names == [
        "anthropic-python 2.11.0 anthropic-messages",
        "openai-python 3.52.0 openai-chat",
        "openai-python 3.52.0 openai-responses",
        "reference 0.1.0 anthropic-messages",
        "reference 0.1.0 gemini",
        "reference 0.1.0 ollama",
        "reference 0.1.0 openai-chat",
        "reference 0.1.0 openai-responses",
    ]


def test_counts_agree_with_the_cases_in_every_suite_and_in_all() -> None:
    root = parse(small_run())
    for scope, cases in [(root, list(root.iter("testcase"))), *((suite, suite.findall("testcase")) for suite in root)]:
        found = [child.tag for case in cases for child in case]
        assert scope.get("tests") == str(len(cases))
        assert scope.get("failures") == str(found.count("failure"))
        assert scope.get("errors") == str(found.count("error"))
        assert scope.get("skipped") == str(found.count("skipped"))
        assert float(scope.get("time", "")) == pytest.approx(sum(float(case.get("time", "")) for case in cases))


def test_the_structure_is_the_one_that_ci_systems_read() -> None:
    root = parse(small_run())
    assert root.tag == "testsuites"
    allowed = {"properties", "failure", "error", "skipped", "system-out", "system-err"}
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.get("timestamp") == "2026-11-20T10:00:00"
        assert {child.tag for child in suite} == {"properties", "testcase"}
        for case in suite.iter("testcase"):
            assert case.get("classname")
            assert case.get("name")
            assert {child.tag for child in case} <= allowed
            assert len(outcomes(case)) <= 1


def test_a_must_that_fails_is_a_failure_with_its_evidence() -> None:
    case = case_of("ending/closed-mid-text", "fail")
    (failure,) = case.findall("failure")
    assert case.get("classname") == "openai-python.openai-chat.ending"
    assert case.get("name") == "ending/closed-mid-text"
    assert failure.get("type") == "silent-truncation"
    assert failure.get("message", "").startswith("silent-truncation (silent): the caller was told")
    assert '["truncated", "failed"]' in (failure.text or "")
    assert "attempt 1, byte" in (failure.text or "")
    assert "reproduce: harness replay --system openai-python" in (failure.text or "")


@pytest.mark.parametrize("scenario", ["framing/comments", "usage/late"])
def test_a_should_or_may_that_fails_is_told_but_passes(scenario: str) -> None:
    case = case_of(scenario, "fail")
    assert outcomes(case) == []
    assert "expected:" in (case.findtext("system-out") or "")
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties["level"] == BY_ID[scenario].level
    assert properties["kinds"] == BY_ID[scenario].kind


def test_what_was_not_claimed_is_skipped_with_its_reason() -> None:
    (skipped,) = case_of("framing/crlf", "unsupported").findall("skipped")
    assert skipped.get("message") == "not claimed: think_tags"


def test_what_could_not_be_measured_is_an_error_with_the_systems_log() -> None:
    (error,) = case_of("framing/crlf", "error").findall("error")
    assert error.get("message") == "the worker died with signal 9"
    assert "Traceback" in (error.text or "")


def test_a_known_failure_is_skipped_and_a_stale_one_fails() -> None:
    (skipped,) = case_of("framing/crlf", "fail", known="see the tracker").findall("skipped")
    assert skipped.get("message") == "known failure: see the tracker"
    (failure,) = case_of("framing/crlf", "pass", known="see the tracker").findall("failure")
    assert failure.get("type") == "known-failure-passes"


def test_what_is_flaky_is_skipped_or_passes_and_an_entry_whose_time_is_over_fails() -> None:
    (skipped,) = case_of("framing/crlf", "fail", known="it depends", flaky=True).findall("skipped")
    assert skipped.get("message") == "flaky: it depends"
    assert case_of("framing/crlf", "pass", known="it depends", flaky=True).find("failure") is None
    over = {"expired": "it depends", "known_until": "2026-01-31", "known_place": "known.yaml:12"}
    for verdict in ("pass", "fail"):
        (failure,) = case_of("framing/crlf", verdict, **over).findall("failure")
        assert failure.get("type") == "known-failure-expired"
        assert (failure.get("message") or "").startswith("known.yaml:12: it was listed as known until 2026-01-31, ")


def test_a_case_that_passed_says_nothing_more() -> None:
    case = case_of("framing/crlf", "pass")
    assert [child.tag for child in case] == ["properties"]


def test_a_run_that_is_not_whole_is_an_error() -> None:
    run = small_run()
    root = parse(Run(run.header, run.results, (), None))
    assert root[-1].get("name") == "harness"
    assert root[-1].get("errors") == "1"


def test_recordings_are_gathered_by_provider_and_dialect() -> None:
    run = small_run()
    root = parse(Run(run.header, run.results, (recording_of("a"), recording_of("b", "fail")), run.footer))
    (case,) = [case for case in root.iter("testcase") if case.get("classname") == "reference.recordings"]
    assert case.get("name") == "example openai-chat"
    assert case.find("failure") is not None
    assert case.find("failure").text == "b: cut into 7-byte chunks, the text differs"  # type: ignore[union-attr]


def test_hostile_text_is_legal_xml_and_keeps_its_words() -> None:
    root = parse(hostile_run())
    text = "".join(root.itertext())
    assert "<script>document.title='owned'</script>" in text
    assert "nul\\x00bell\\x07" in text
    assert "\u202e" not in text


def test_an_empty_run_is_an_empty_document() -> None:
    root = parse(run_of((), (), {}))
    assert root.get("tests") == "0"
    assert len(root) == 0


def searched_cases() -> dict[str, Element]:
    return {f"{case.get('classname')} {case.get('name')}": case for case in parse(searched_run()).iter("testcase")}


def test_searches_are_gathered_by_system_dialect_and_kind_of_change() -> None:
    assert {name: outcomes(case) for name, case in searched_cases().items()} == {
        "absent.searches cuts openai-chat": ["error"],
        "junior.searches cuts openai-chat": ["failure"],
        "junior.searches damage openai-chat": ["failure"],
        "junior.searches neutral openai-chat": [],
        "reference.searches cuts openai-chat": [],
        "reference.searches damage openai-chat": [],
        "reference.searches neutral openai-chat": [],
    }


def test_a_search_that_fails_the_run_tells_the_smallest_inputs_and_how_to_play_them_again() -> None:
    (failure,) = searched_cases()["junior.searches cuts openai-chat"].iter("failure")
    assert failure.get("message") == "2 of 2 streams break it"
    lines = (failure.text or "").splitlines()
    assert lines[0].startswith("text/long [must] corruption (silent): cut after byte ")
    assert "  the text changed: '°' became '\ufffd\ufffd'" in lines
    assert any(line.startswith("  reproduce: harness fuzz --system junior ") for line in lines)


def test_damage_says_what_was_demanded() -> None:
    (failure,) = searched_cases()["junior.searches damage openai-chat"].iter("failure")
    assert "  demanded: no success after a cut before the stop reason" in (failure.text or "")


def test_known_and_mild_findings_are_told_and_do_not_fail() -> None:
    case = searched_cases()["junior.searches neutral openai-chat"]
    told = case.findtext("system-out") or ""
    assert "text/plain [should] leak: " in told
    assert "  known: reported upstream" in told
    numbers = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert (numbers["streams"], numbers["inputs"], numbers["proofs_complete"]) == ("1", "430", "0")


def test_a_search_that_could_not_be_done_says_why() -> None:
    (error,) = searched_cases()["absent.searches cuts openai-chat"].iter("error")
    assert error.get("message") == "1 of 1 streams could not be searched: the worker died with signal 9"


def test_what_fails_in_the_baseline_as_well_is_told_as_known() -> None:
    result = result_of(BY_ID["ending/closed-mid-text"], "openai-python", "openai-chat", "fail")
    run = Run(small_run().header, (result,), (), Footer(1, 1.0))
    (case,) = ElementTree.fromstring(render_junit(run, run)).iter("testcase")
    (skipped,) = case.findall("skipped")
    assert skipped.get("message") == "known failure: it failed in the baseline of 2026-11-20 as well"
    assert case.findall("failure") == []
