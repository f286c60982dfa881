"""A result carries what its verdict rests on: expectation, what the caller saw, what the wire saw, and a command."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import date

import pytest

from harness.catalogue.observation import Attempt, CallerEnd, Observation, TimedEvent
from harness.dialects.base import RequestFault
from harness.events import AnyEvent, ErrorInfo, Finish, Text
from harness.runner.case import LaneName
from harness.runner.evidence import (
    LONG_ANSWER,
    STDERR_TAIL,
    Subject,
    attempt_record,
    evidence_of,
    result_of,
    unsupported,
)
from harness.runner.plan import plan_pairs
from harness.systems.known import KnownFailure
from harness.wire.response import Chunk, WireResponse
from tests.runner.made import CLAIMS_ALL, COMPLETED, planned, scenario

MADE = Subject("made.py", CLAIMS_ALL, "sockets")
RESPONSE = WireResponse(200, (("content-type", "text/event-stream"),), (Chunk(b"one"), Chunk(b"two")), "reset")


def attempt(
    response: WireResponse | None = RESPONSE,
    sent_s: tuple[float, ...] = (0.1234567, 0.2),
    faults: tuple[RequestFault, ...] = (),
) -> Attempt:
    headers = (("authorization", "Bearer sk-test"),)
    return Attempt(1, 0.0123456789, "POST", "/v1/x", headers, b'{"a": "\xff"}', faults, response, sent_s, 0.3)


def observed(*events: AnyEvent, end: CallerEnd | None = COMPLETED, **rest: object) -> Observation:
    timed = tuple(TimedEvent(0.5 + position / 3, event) for position, event in enumerate(events))
    usual = {"attempts": (attempt(),), "duration_s": 1.23456789}
    return Observation(events=timed, end=end, **{**usual, **rest})  # type: ignore[arg-type]


def test_a_result_names_its_case_and_its_verdict() -> None:
    result = result_of(planned(), MADE, observed(Text("Hel"), Finish("stop")), None)
    assert (result.system, result.system_version, result.dialect) == ("made", "1", "openai-chat")
    assert (result.scenario, result.family, result.title, result.level) == ("made/up", "made", "A word", "must")
    assert (result.verdict, result.content, result.attempts, result.duration_s) == ("fail", "fail", 1, 1.234568)


def test_a_long_answer_that_passed_is_not_kept_and_one_that_failed_is() -> None:
    long = WireResponse(200, (), (Chunk(b"x" * LONG_ANSWER), Chunk(b"y")), "clean")
    passed = result_of(planned(), MADE, observed(Text("Hello"), Finish("stop"), attempts=(attempt(long),)), None)
    assert passed.verdict == "pass" and passed.evidence is not None
    assert (passed.evidence.left_out_bytes, passed.evidence.events) == (LONG_ANSWER + 1, [])
    assert [(each.path, each.status, each.chunks) for each in passed.evidence.wire] == [("/v1/x", 200, [])]
    failed = result_of(planned(), MADE, observed(Text("Hel"), Finish("stop"), attempts=(attempt(long),)), None)
    assert failed.evidence is not None
    assert (failed.evidence.left_out_bytes, len(failed.evidence.wire[0].chunks)) == (0, 2)


def test_a_known_failure_says_why_and_where_it_is_shown() -> None:
    entry = KnownFailure(scenarios=("made/*",), reason="Everybody knows it.", proof="docs/findings/made.md#it")
    result = result_of(planned(), MADE, observed(Text("Hel"), Finish("stop")), entry)
    assert (result.known, result.known_proof) == ("Everybody knows it.", "docs/findings/made.md#it")
    linked = KnownFailure(scenarios=("made/*",), reason="Everybody knows it.", link="https://example.invalid/1")
    assert result_of(planned(), MADE, observed(), linked).known_proof == "https://example.invalid/1"
    unknown = result_of(planned(), MADE, observed(), None)
    assert (unknown.known, unknown.known_proof) == (None, "")
    assert (unknown.known_until, unknown.known_place, unknown.flaky, unknown.expired) == ("", "", False, "")


def test_an_entry_says_until_when_and_where_and_excuses_nothing_after_its_last_day() -> None:
    entry = KnownFailure(
        scenarios=("made/*",), reason="It depends.", until=date(2026, 11, 21), flaky=True, place="known.yaml:3"
    )
    stands, over = (
        result_of(planned(), MADE, observed(Text("Hel"), Finish("stop")), entry.on(date(2026, 11, day)))
        for day in (21, 22)
    )
    assert (stands.known, stands.expired, stands.nonconformant) == ("It depends.", "", False)
    assert (over.known, over.expired, over.nonconformant) == (None, "It depends.", True)
    for each in (stands, over):
        assert (each.known_until, each.known_place, each.flaky) == ("2026-11-21", "known.yaml:3", True)


def test_the_evidence_has_what_was_expected_and_what_was_seen() -> None:
    evidence = evidence_of(planned(), observed(Text("Hel"), Finish("stop")))
    assert evidence.expected["text"] == "Hello"
    assert evidence.seen["text"] == "Hel"
    assert [(each.at_s, each.event["type"]) for each in evidence.events] == [(0.5, "text"), (0.833333, "finish")]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (CallerEnd("completed"), "completed"),
        (CallerEnd("truncated"), "truncated"),
        (CallerEnd("cancelled"), "cancelled"),
        (CallerEnd("error", ErrorInfo("server", "no"), "APIError"), "failed"),
        (None, None),
    ],
)
def test_the_status_is_what_the_caller_was_told(end: CallerEnd | None, status: str | None) -> None:
    seen = evidence_of(planned(), observed(Text("Hel"), end=end)).seen
    assert seen["status"] == status
    assert seen["end"]["status"] == (end.status if end else None)


def test_what_was_raised_is_kept_whole() -> None:
    error = CallerEnd("error", ErrorInfo("rate_limit", "slow", status=429, retryable=True), "RateLimitError")
    seen = evidence_of(planned(), observed(end=error)).seen
    assert (seen["end"]["raised"], seen["end"]["error"]["status"]) == ("RateLimitError", 429)
    assert (seen["end"]["hung"], seen["end"]["broken"]) == (False, None)


def test_a_broken_worker_leaves_its_last_words() -> None:
    broken = observed(end=None, broken="it exited with status 7", stderr="x" * STDERR_TAIL + "last words")
    result = result_of(planned(), MADE, broken, None)
    assert (result.verdict, result.note) == ("error", "it exited with status 7")
    assert result.evidence is not None
    assert result.evidence.stderr.endswith("xlast words")
    assert len(result.evidence.stderr) == STDERR_TAIL


def test_an_attempt_keeps_every_chunk_and_when_it_was_sent() -> None:
    record = attempt_record(attempt(sent_s=(0.1234567,)))
    assert [(chunk.sent_s, chunk.data) for chunk in record.chunks] == [(0.123457, b"one"), (None, b"two")]
    assert (record.at_s, record.ended_s, record.how_ended, record.status) == (0.012346, 0.3, "reset", 200)
    assert record.request_body == '{"a": "\ufffd"}'
    assert record.request_headers == [("authorization", "Bearer sk-test")]


def test_of_a_request_of_megabytes_its_head_is_kept() -> None:
    whole = attempt_record(replace(attempt(), body=b"x" * 262_144)).request_body
    assert whole == "x" * 262_144
    assert attempt_record(replace(attempt(), body=b"x" * 262_147)).request_body == whole + "… and 3 more bytes"


def test_an_attempt_that_was_refused_says_why() -> None:
    fault = RequestFault("messages-empty", "messages", "there are none")
    record = attempt_record(attempt(None, (), (fault,)))
    assert record.request_faults == ["messages-empty at messages: there are none"]
    assert (record.status, record.chunks, record.how_ended) == (None, [], None)


def test_an_attempt_without_a_status_line_has_no_status() -> None:
    assert attempt_record(attempt(WireResponse(200, (), (), "reset", head=False), ())).status is None


def test_a_gate_that_gave_up_is_told() -> None:
    assert attempt_record(replace(attempt(), given_up=(1,))).given_up == [1]


def test_a_case_that_was_not_run_says_what_was_not_claimed() -> None:
    result = unsupported(planned(), MADE, frozenset({"usage", "retries"}))
    assert (result.verdict, result.content, result.ending) == ("unsupported",) * 3
    assert (result.note, result.attempts, result.evidence) == ("not claimed: retries, usage", 0, None)


@pytest.mark.parametrize(
    ("spec", "lane", "source", "more"),
    [
        ("reference", "sockets", (), []),
        ("reference", "in-process", (), ["--in-process"]),
        ("my folder/it's.py", "sockets", (), []),
        ("reference", "in-process", ("--catalogue", "my own"), ["--catalogue", "my own", "--in-process"]),
    ],
)
def test_the_command_shows_the_verdict_again(
    spec: str, lane: LaneName, source: tuple[str, ...], more: list[str]
) -> None:
    result = unsupported(planned(dialect="gemini"), Subject(spec, CLAIMS_ALL, lane, source), frozenset())
    words = ["harness", "replay", "--system", spec, "--scenario", "made/up", "--dialect", "gemini", *more]
    assert shlex.split(result.reproduce) == words


def test_evidence_is_json_whatever_the_caller_saw() -> None:
    import msgspec

    odd = observed(Text("half \udc00"), end=None)
    assert json.loads(msgspec.json.encode(evidence_of(planned(), odd).seen["text"])) == "half \ufffd"


def test_what_requests_said_is_kept_where_something_was_expected_of_them() -> None:
    case = planned(expect={"text": "Hello", "requests": [{"as_asked": "messages"}]})
    body = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}]}'
    evidence = evidence_of(case, observed(Text("Hello"), attempts=(replace(attempt(), body=body),)))
    assert evidence.expected["requests"] == [{"attempt": 1, "messages": ["user: text 'Hello'"]}]
    assert evidence.seen["requests"] == [{"attempt": 1, "messages": ["user: text 'Hi'"]}]
    assert "requests" not in evidence_of(planned(), observed(Text("Hello"))).seen


def test_a_gateways_result_names_its_pair_and_keeps_both_sides() -> None:
    [case] = plan_pairs([scenario(expect={"refusal": "No.", "ending": "completed"})], "openai-chat", ["gemini"])
    description = replace(CLAIMS_ALL, kind="gateway", upstream="openai-chat", dialects=("gemini",))
    client_side = attempt(WireResponse(200, (), (Chunk(b"read"),), "clean"), sent_s=(0.5,))
    seen = observed(Text("No."), Finish("stop"), front=(client_side,))
    result = result_of(case, Subject("gw.yaml", description, "sockets"), seen, None)
    assert (result.verdict, result.upstream, result.dialect, result.pair) == (
        "pass",
        "openai-chat",
        "gemini",
        "openai-chat → gemini",
    )
    assert result.evidence is not None
    assert [chunk.data for each in result.evidence.front for chunk in each.chunks] == [b"read"]
    assert [chunk.data for each in result.evidence.wire for chunk in each.chunks] == [b"one", b"two"]
    assert result.evidence.expected["text"] == "No."
    assert result.reproduce == "harness replay --system gw.yaml --scenario made/up --dialect gemini"


def test_a_clients_result_has_one_side_and_no_upstream() -> None:
    result = result_of(planned(), MADE, observed(Text("Hello"), Finish("stop")), None)
    assert result.evidence is not None
    assert (result.upstream, result.pair, result.evidence.front) == (None, "openai-chat", [])
