"""Systems as readers, in process and over sockets, clients and gateways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from harness.catalogue.models import Scenario
from harness.fuzz.outcome import differences
from harness.fuzz.search import search
from harness.fuzz.stream import Stream, catalogue_streams
from harness.fuzz.subjects.systems import MADE, SystemSubject
from harness.systems.registry import UnknownSystem, resolve
from harness.wire.response import Chunk, WireResponse

CLIENTS = "tests.fuzz.subjects.clients"


def scenario(**fields: Any) -> Scenario:
    usual = {
        "title": "A word",
        "why": "For a test.",
        "responses": [{"events": [{"text": "Héllo"}, {"finish": "stop"}]}],
        "expect": {"text": "Héllo", "finish": "stop"},
    }
    return Scenario.model_validate({"id": "made/up", **usual, **fields})


def stream(dialect: str = "openai-chat", **fields: Any) -> Stream:
    [made] = catalogue_streams([scenario(**fields)], [dialect])
    return made


def recut(made: Stream, *places: int) -> WireResponse:
    edges = [0, *places, len(made.body)]
    chunks = tuple(Chunk(made.body[start:end]) for start, end in pairwise(edges))
    return replace(made.response, chunks=chunks)


def opened(spec: str, **options: Any) -> Iterator[SystemSubject]:
    subject = SystemSubject.open(spec, resolve(spec), **options)
    yield subject
    subject.close()


@pytest.fixture
def per_read() -> Iterator[SystemSubject]:
    yield from opened(f"{CLIENTS}:PerRead", lane="in-process")


@pytest.fixture
def reference() -> Iterator[SystemSubject]:
    yield from opened("reference")


def test_a_client_in_process_reads_what_is_played(per_read: SystemSubject) -> None:
    made = stream()
    outcome = per_read.outcome(made, made.response)
    assert (outcome.ended, outcome.transcript["text"], outcome.transcript["finish"]) == ("completed", "Héllo", "stop")
    assert (per_read.lane, per_read.at_once, per_read.unfit(made)) == ("in-process", 1, "")


def test_a_cut_inside_a_character_shows(per_read: SystemSubject) -> None:
    made = stream()
    inside = made.body.index("é".encode()) + 1
    intact, cut = per_read.outcomes(made, [made.response, recut(made, inside)])
    [found] = differences(intact, cut)
    assert (found.kind, found.silent) == ("corruption", True)


def test_the_search_finds_it(per_read: SystemSubject) -> None:
    made = stream()
    [finding] = search(per_read, made, "cuts", examples=20).findings
    assert finding.variant.plan == {"cuts": [made.body.index("é".encode()) + 1]}


def test_what_sleeps_for_ever_hangs_without_any_time(per_read: SystemSubject) -> None:
    made = stream(responses=[{"events": [{"text": "Héllo" * 300}, {"finish": "stop"}]}], expect={"finish": "stop"})
    outcome = per_read.outcome(made, recut(made, *range(1, len(made.body))))
    assert outcome.ended == "hung"


def test_a_stream_that_falls_silent_is_given_up_within_its_patience(per_read: SystemSubject) -> None:
    made = stream()
    silent = replace(made.response, chunks=made.response.chunks[:1], ending="stall")
    assert per_read.plays(made, silent)
    assert per_read.outcome(made, silent).ended == "error"


def test_silence_says_nothing_of_a_client_that_claims_no_timeouts() -> None:
    made = stream()
    for subject in opened(f"{CLIENTS}:OpenAI", lane="in-process"):
        assert not subject.plays(made, replace(made.response, ending="stall"))
        assert subject.plays(made, replace(made.response, ending="reset"))


def test_a_client_of_httpx2_is_given_such_a_transport() -> None:
    made = stream()
    for subject in opened(f"{CLIENTS}:OpenAI", lane="in-process"):
        outcome = subject.outcome(made, recut(made, 3, 40))
        assert (outcome.ended, outcome.transcript["text"]) == ("completed", "Héllo")


def test_a_client_that_never_asks_tells_nothing() -> None:
    made = stream()
    for subject in opened(f"{CLIENTS}:Idle", lane="in-process"):
        outcome = subject.outcome(made, made.response)
        assert (outcome.ended, outcome.note) == ("broken", "the system never asked for the stream")


def test_many_are_read_side_by_side_over_sockets(reference: SystemSubject) -> None:
    made = stream()
    responses = [recut(made, place) for place in range(1, 25)]
    outcomes = reference.outcomes(made, responses)
    assert {(each.ended, each.transcript["text"]) for each in outcomes} == {("completed", "Héllo")}
    assert (reference.lane, reference.at_once) == ("sockets", 16)


def test_over_sockets_a_stream_that_breaks_off_is_an_error(reference: SystemSubject) -> None:
    made = stream()
    outcome = reference.outcome(made, replace(recut(made, 3), ending="no_last_chunk", chunks=(Chunk(made.body[:200]),)))
    assert outcome.ended in ("error", "truncated")


def test_ids_that_the_stream_does_not_have_are_all_alike(reference: SystemSubject) -> None:
    call = {"tool_call": {"name": "f", "arguments": "{}"}}
    expect = {"tool_calls": "any", "finish": "tool_calls"}
    made = stream("ollama", responses=[{"events": [call, {"finish": "tool_calls"}]}], expect=expect)
    [seen] = reference.outcome(made, made.response).transcript["tool_calls"]
    assert (seen["name"], seen["id"]) == ("f", MADE)


def test_ids_that_the_stream_has_are_kept(reference: SystemSubject) -> None:
    call = {"tool_call": {"id": "call_77", "name": "f", "arguments": "{}"}}
    expect = {"tool_calls": "any", "finish": "tool_calls"}
    made = stream(responses=[{"events": [call, {"finish": "tool_calls"}]}], expect=expect)
    [seen] = reference.outcome(made, made.response).transcript["tool_calls"]
    assert seen["id"] == "call_77"


def test_a_system_that_does_not_pass_the_scenario_is_unfit_and_why_is_said(per_read: SystemSubject) -> None:
    made = stream(expect={"text": "Something else", "finish": "stop"})
    assert per_read.unfit(made).startswith("it does not pass made/up as it is: the text is not what was sent")
    assert search(per_read, made, "cuts", examples=5).verdict == "unsupported"


def test_a_stream_of_which_nobody_said_what_is_right_is_fit(per_read: SystemSubject) -> None:
    assert per_read.unfit(stream(expect={})) == ""


def test_only_what_a_system_claims_is_taken(per_read: SystemSubject) -> None:
    assert per_read.takes(stream())
    assert not per_read.takes(stream("ollama"))
    assert not per_read.takes(stream(needs=["parallel_choices"]))


def test_the_other_answers_of_a_scenario_stay_in_their_places(reference: SystemSubject) -> None:
    responses = [{"error": "overloaded"}, {"events": [{"text": "Héllo"}, {"finish": "stop"}]}]
    made = stream(responses=responses, options={"max_retries": 2})
    outcome = reference.outcome(made, recut(made, 10))
    assert (outcome.ended, outcome.transcript["text"]) == ("completed", "Héllo")


def test_a_whole_answer_for_a_later_attempt_does_not_make_up_for_damage(reference: SystemSubject) -> None:
    whole = {"events": [{"text": "Héllo"}, {"finish": "stop"}]}
    made = stream(responses=[whole, whole], options={"max_retries": 1})
    outcome = reference.outcome(made, replace(made.response, chunks=(), ending="reset"))
    assert (outcome.ended, outcome.transcript["text"]) == ("truncated", "")


def test_a_gateway_is_read_from_each_of_its_fronts() -> None:
    made = stream()
    for subject in opened("harness-gateway", front="anthropic-messages"):
        assert subject.fronts == ("openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama")
        assert subject.takes(made)
        assert not subject.takes(stream("ollama"))
        other = subject.serving("gemini")
        for each in (subject, other):
            outcome = each.outcome(made, recut(made, 10))
            assert (outcome.ended, outcome.transcript["text"]) == ("completed", "Héllo")
            assert outcome.transcript["dialect"] == each.front
        assert subject.unfit(made) == ""


def test_what_cannot_be_opened_leaves_nothing_behind() -> None:
    with pytest.raises(UnknownSystem, match="cannot be loaded"):
        SystemSubject.open("x", resolve("tests.fuzz.subjects.clients:NoSuch"), lane="in-process")
    with pytest.raises(ValueError, match="cannot run in process"):
        SystemSubject.open("openai-python", resolve("openai-python"), lane="in-process")
