"""The verdict over all rules, and the table itself."""

import re

from harness.catalogue.checks import CHECKS, judge
from harness.wire.response import Chunk, Gate

from .build import ALL, attempt, call, observed, scenario, text, verdict, wire


def test_every_check_has_a_slug_of_its_own_and_says_what_it_demands() -> None:
    slugs = [check.slug for check in CHECKS]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", slug) for slug in slugs)
    assert all(check.doc.endswith(".") and "\n" not in check.doc for check in CHECKS)


def test_what_the_harness_broke_is_an_error() -> None:
    judgement = verdict({"tool_calls": ["f"]}, observed(broken="the worker crashed"), frozenset())
    assert (judgement.verdict, judgement.content, judgement.ending) == ("error", "error", "error")
    assert judgement.note == "the worker crashed"


def test_what_was_never_claimed_is_unsupported() -> None:
    judgement = verdict({"tool_calls": ["f"], "refusal": "No."}, observed(hung=True, end=None), frozenset())
    assert (judgement.verdict, judgement.note) == ("unsupported", "not claimed: refusals, tool_calls")
    assert judgement.findings == ()


def test_a_case_without_an_end_is_an_error() -> None:
    assert verdict({}, observed(end=None)).verdict == "error"


def test_a_good_end_without_a_request_is_an_error() -> None:
    judgement = verdict({"text": "Hello"}, observed(*text("Hello"), attempts=()))
    assert (judgement.verdict, "base URL" in judgement.note) == ("error", True)


def test_a_client_that_accepts_no_coding_is_not_judged_by_how_it_unpacks() -> None:
    declined = wire(b"Hello", codings=(("gzip", wire(b"packed")),))
    silent = verdict({"text": "Hello"}, observed(attempts=(attempt(response=declined),)))
    assert (silent.verdict, silent.note) == ("unsupported", "its request does not accept gzip: it says nothing")
    tried = attempt(response=declined, headers=(("accept-encoding", "br"),))
    assert verdict({}, observed(attempts=(tried,))).note == "its request does not accept gzip: it accepts br"


def test_places_in_packed_bytes_are_not_named() -> None:
    packed = wire(b"Hello", headers=(("content-encoding", "gzip"),))
    (finding,) = verdict({"text": "Hello"}, observed(*text("Hell"), attempts=(attempt(response=packed),))).findings
    assert finding.offset is None


def test_silent_findings_come_first() -> None:
    response = wire(chunks=(Chunk(b"one"), Chunk(b"two", gate=Gate(until_events=1))))
    held_back = observed(*text("Hello"), attempts=(attempt(response=response, given_up=(1,)),))
    judgement = verdict({"text": "Hello", "finish": "length"}, held_back)
    assert [(finding.check, finding.silent) for finding in judgement.findings] == [
        ("finish-as-sent", True),
        ("streamed-at-once", False),
    ]


def test_the_dialect_decides_where_an_expectation_differs() -> None:
    case = scenario({"text": "Hello"}, expect_in={"gemini": {"text": "Hallo"}})
    seen = observed(*text("Hallo"))
    assert judge(case, "gemini", ALL, seen).verdict == "pass"
    assert judge(case, "ollama", ALL, seen).verdict == "fail"


def test_the_same_observation_gets_the_same_judgement() -> None:
    seen = observed(*text("Hel"), call(0, "f", "{}"))
    assert verdict({"text": "Hello"}, seen) == verdict({"text": "Hello"}, seen)
