from msgspec import structs

from harness.report.case.evidence import evidence_view

from ..sample import SITUATIONS, result_of, small_run

BY_ID = {situation.id: situation for situation in SITUATIONS}


def view(scenario: str, verdict: str = "fail"):
    return evidence_view(result_of(BY_ID[scenario], "openai-python", "openai-chat", verdict))


def test_a_finding_has_its_meaning_and_points_into_the_wire_log() -> None:
    (finding,) = view("chunking/inside-a-character").findings
    assert finding.meaning == "something reached the caller changed"
    assert finding.pair is not None
    assert "<del>❄</del>" in finding.pair.expected
    assert finding.anchor.startswith("a1-b")


def test_alternatives_are_said_and_not_compared() -> None:
    (finding,) = view("ending/closed-mid-text").findings
    assert finding.pair is not None
    assert finding.pair.expected == "truncated <em>or</em> failed"
    assert finding.pair.seen == "completed"


def test_a_demand_in_numbers_is_said_in_words() -> None:
    (finding,) = view("retry/after-429").findings
    assert finding.pair is not None
    assert finding.pair.expected == "at least 2.0"
    assert finding.pair.seen == "0.51"


def test_a_case_that_passed_is_shown_briefly() -> None:
    passed = view("canary/plain-text", "pass")
    assert passed.brief
    assert passed.findings == ()
    assert passed.attempts


def test_a_result_without_evidence_is_shown_too() -> None:
    bare = view("canary/plain-text", "unsupported")
    assert (bare.attempts, bare.events, bare.timeline, bare.stderr) == ((), (), None, "")


def test_the_systems_own_log_is_shown() -> None:
    assert "worker died" in view("canary/plain-text", "error").stderr


def test_every_sample_can_be_shown() -> None:
    assert all(evidence_view(result) for result in small_run().results)


def test_what_reads_otherwise_but_passed_is_not_marked() -> None:
    result = result_of(BY_ID["canary/plain-text"], "openai-python", "openai-chat", "fail")
    failed = {field.name: field.equal for field in evidence_view(result).fields}
    passed = {field.name: field.equal for field in evidence_view(structs.replace(result, verdict="pass")).fields}
    assert (failed["text"], passed["text"]) == (False, None)
