from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from harness.api import decode
from harness.catalogue.loader import load_catalogue
from harness.fuzz.neutral import BadPlan, neutral_plans, neutral_variants, simpler, variant_of
from harness.fuzz.neutral.variants import MUTATIONS
from harness.fuzz.stream import Stream, catalogue_streams
from harness.lint.spec import spec, spec_names
from harness.transcript import Transcript
from harness.wire.response import Chunk
from tests.fuzz.given import stream_of

CHAT = stream_of(b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"ab"}}]}\n\ndata: [DONE]\n\n')
FAMILIES = ("canary", "encoding", "framing", "thinking", "tool-calls", "usage")


def plan(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"mutations": list(steps)}


@cache
def catalogue(dialect: str | None = None) -> list[Stream]:
    """The short streams of some families, in one dialect or all."""
    scenarios = [each for each in load_catalogue().scenarios if each.family in FAMILIES]
    streams = catalogue_streams(scenarios, None if dialect is None else [dialect])
    return [stream for stream in streams if len(stream.body) < 5000]


def meaning(transcript: Transcript) -> dict[str, Any]:
    """What must not change: all but the warnings."""
    return {name: value for name, value in transcript.to_dict().items() if name != "warnings"}


def test_every_declared_mutation_is_there_and_every_mutation_is_declared() -> None:
    declared = [name for dialect in spec_names() for name in spec(dialect).neutral]
    assert set(declared) == set(MUTATIONS)


def test_single_mutations_come_one_kind_after_the_other() -> None:
    variants = [*neutral_variants(CHAT)]
    families = [*dict.fromkeys(each.family for each in variants)]
    assert families[:3] == ["split-delta", "empty-delta", "unknown-field"]
    assert [each.family for each in variants] == sorted((each.family for each in variants), key=families.index)
    assert {each.kind for each in variants} == {"neutral"}
    assert all(each.demand is None for each in variants)
    assert max(Counter(str(each.plan) for each in variants).values()) == 1


def test_there_is_one_at_every_place_in_every_form_where_these_are_few() -> None:
    comments = [each.plan["mutations"][0] for each in neutral_variants(CHAT) if each.family == "comment"]
    assert comments == [
        {"name": "comment", "at": at, **pick, "form": form}
        for at, pick in [(0, {}), (1, {}), (1, {"pick": 1})]
        for form in ("bare", "words", "data", "long")
    ]


def test_where_places_are_many_some_are_taken_from_all_over_and_forms_take_turns() -> None:
    stream = stream_of(b"data: {}\n\n" * 100)
    comments = [each.plan["mutations"][0] for each in neutral_variants(stream, 4) if each.family == "comment"]
    assert [(step["at"], step["form"]) for step in comments] == [(0, "bare"), (25, "words"), (50, "data"), (75, "long")]


def test_large_streams_get_fewer() -> None:
    large = stream_of(b"data: " + b"x" * 1_900_000 + b"\n\n")
    assert Counter(each.family for each in neutral_variants(large))["comment"] == 2


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama"])
def test_a_plan_makes_the_same_variant_again(name: str) -> None:
    stream = next(each for each in catalogue(name) if each.id == "canary/tool-call")
    variants = [*neutral_variants(stream)]
    assert len(variants) > 40
    assert [variant_of(stream, each.plan) for each in variants] == variants


def test_steps_are_made_in_the_order_of_what_they_are_about() -> None:
    steps = [{"name": "line-ends", "at": 0}, {"name": "comment", "at": 1}, {"name": "split-delta", "at": 0}]
    variant = variant_of(CHAT, plan(*steps))
    assert variant.response.body == (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}\r\n\r\n:\r\n\r\n'
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"b"}}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    )
    assert (variant.family, variant.words) == (
        "several",
        "choices.0.delta.content of frame 1 split after 'a'; a comment before frame 2; all lines end in CRLF",
    )


def test_a_step_goes_on_to_the_next_place_that_there_is() -> None:
    variant = variant_of(CHAT, plan({"name": "split-delta", "at": 7, "pick": 5}))
    assert variant.plan == plan({"name": "split-delta", "at": 0})


def test_a_step_whose_place_is_gone_is_left_out() -> None:
    merged = stream_of(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n' * 2)
    variant = variant_of(merged, plan(*[{"name": "merged-deltas", "at": 0}] * 2))
    assert (variant.plan, variant.family) == (plan({"name": "merged-deltas", "at": 0}), "merged-deltas")


def test_a_variant_is_asked_for_no_more_than_its_weakest_mutation() -> None:
    must, should = {"name": "comment", "at": 0}, {"name": "byte-order-mark", "at": 0}
    assert [variant_of(CHAT, plan(*steps)).level for steps in ([must], [should], [must, should])] == [
        "must",
        "should",
        "should",
    ]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (None, "is no plan of neutral mutations"),
        ([], "is no plan of neutral mutations"),
        ([{"name": "comment"}], "is no plan of neutral mutations"),
        ([{"name": "comment", "at": -1}], "is no plan of neutral mutations"),
        ([{"name": "comment", "at": 0, "how": 1}], "is no plan of neutral mutations"),
        ([{"name": "ping", "at": 0}], "openai-chat declares no neutral mutation 'ping'"),
        ([{"name": "comment", "at": 0, "form": "loud"}], "comment has no form 'loud'; it has bare, words"),
        ([{"name": "usage-late", "at": 0}], "has no place for usage-late"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(steps: Any, problem: str) -> None:
    with pytest.raises(BadPlan, match=problem):
        variant_of(CHAT, {"mutations": steps})


def test_the_reads_are_the_frames_and_all_else_of_the_response_stays() -> None:
    response = replace(CHAT.response, ending="reset", status=203, chunk_extension="a=b")
    variant = variant_of(replace(CHAT, response=response), plan({"name": "comment", "at": 1}))
    reads = (CHAT.body[:-14], b":\n\n", b"data: [DONE]\n\n")
    assert variant.response == replace(response, chunks=tuple(map(Chunk, reads)))


def test_plans_shrink_to_one_mutation_at_the_first_place_in_its_simplest_form() -> None:
    enough = settings(database=None, max_examples=3000)
    parted = b'{"content":"bc"}'
    stream = stream_of(CHAT.body.replace(b'"ab"', b'"abc"'))
    variant = find(neutral_plans(stream), lambda each: parted in each.response.body, settings=enough)
    assert variant.plan == plan({"name": "split-delta", "at": 0})
    commented = find(neutral_plans(stream), lambda each: each.response.body[:1] == b":", settings=enough)
    (step,) = commented.plan["mutations"]
    assert (step["name"] in ("comment", "comment-inside"), step["at"], step["form"]) == (True, 0, "bare")


def test_something_simpler_is_looked_for_step_by_step() -> None:
    stream = stream_of(b'data: {"choices":[{"delta":{"content":"abcdef"}}]}\n\n' * 9)
    variant = variant_of(stream, plan({"name": "split-delta", "at": 6, "pick": 3}))
    places = [each.plan["mutations"][0] for each in simpler(stream, variant.plan)]
    assert [(step["at"], step.get("pick", 0)) for step in places] == [(0, 0), (6, 0), (3, 3), (5, 3), (6, 1), (6, 2)]


def test_nothing_is_simpler_than_the_simplest() -> None:
    assert [*simpler(CHAT, variant_of(CHAT, plan({"name": "comment", "at": 0})).plan)] == []
    forms = [each.plan for each in simpler(CHAT, plan({"name": "comment", "at": 0, "form": "data"}))]
    assert forms == [plan({"name": "comment", "at": 0, "form": form}) for form in ("bare", "words")]


@pytest.mark.parametrize("think_tags", [False, True], ids=["plain", "think tags"])
def test_our_decoders_read_every_single_mutation_as_the_stream_itself(think_tags: bool) -> None:
    tried: Counter[str] = Counter()
    for stream in catalogue():
        intact = meaning(decode(stream.dialect, stream.body, think_tags=think_tags))
        for variant in neutral_variants(stream, 2):
            seen = meaning(decode(stream.dialect, variant.response.body, think_tags=think_tags))
            assert seen == intact, f"{stream.id} in {stream.dialect}: {variant.words}"
            tried[variant.family] += 1
    assert set(tried) == set(MUTATIONS)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_our_decoders_read_several_at_once_as_the_stream_itself(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(catalogue()))
    variant = data.draw(neutral_plans(stream))
    assert meaning(decode(stream.dialect, variant.response.body)) == meaning(decode(stream.dialect, stream.body))
