"""What is done to the bytes of a stream, and how plans and variants belong together."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from harness.fuzz.damage import damage_plans, damage_variants, simpler, variant_of
from harness.fuzz.damage.making import BadPlan
from harness.fuzz.stream import Stream
from harness.fuzz.subjects.decoders import DecoderSubject
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk
from tests.fuzz.damage import bodies
from tests.fuzz.damage.bodies import CHAT, GEMINI_ARRAY, OLLAMA, damaged
from tests.fuzz.given import stream_of

STREAMS = {
    "chat": stream_of(CHAT),
    "call": stream_of(bodies.CALL),
    "responses": stream_of(bodies.RESPONSES, "openai-responses"),
    "messages": stream_of(bodies.MESSAGES, "anthropic-messages"),
    "gemini": stream_of(bodies.GEMINI, "gemini"),
    "array": stream_of(GEMINI_ARRAY, "gemini"),
    "ollama": stream_of(OLLAMA, "ollama"),
    "crlf": stream_of(CHAT.replace(b"\n", b"\r\n")),
    "mark": stream_of(b"\xef\xbb\xbf" + CHAT),
}
every_stream = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)


def body(plan: dict[str, Any], of: bytes = CHAT, dialect: str = "openai-chat") -> bytes:
    return damaged(plan, of, dialect).response.body


def packed() -> Stream:
    stream = stream_of(gzip.compress(CHAT, mtime=0))
    return replace(stream, response=replace(stream.response, headers=(("content-encoding", "gzip"),)))


@pytest.mark.parametrize("ending", ["clean", "no_last_chunk", "short_length", "reset", "stall"])
def test_a_cut_keeps_the_reads_before_it(ending: str) -> None:
    variant = variant_of(stream_of(CHAT, "openai-chat", 100, 100, 140), {"damage": "cut", "at": 150, "ending": ending})
    assert [chunk.data for chunk in variant.response.chunks] == [CHAT[:100], CHAT[100:150]]
    assert (variant.response.ending, variant.family) == (ending, f"cut-{ending.replace('_', '-')}")


def test_a_short_body_says_how_much_is_missing() -> None:
    response = damaged({"damage": "cut", "at": 150, "ending": "short_length"}).response
    assert response.missing_bytes == 190


def test_a_cut_is_told_in_words() -> None:
    variant = damaged({"damage": "cut", "at": 150, "ending": "reset"})
    assert variant.words == "cut after byte 150 of 340, and ends by a reset"


def test_frames_are_dropped_repeated_and_swapped() -> None:
    first, second = CHAT[96:178], CHAT[178:259]
    assert body({"damage": "drop", "frame": 1}) == CHAT.replace(first, b"")
    assert body({"damage": "repeat", "frame": 1}) == CHAT.replace(first, first * 2)
    assert body({"damage": "swap", "frame": 1}) == CHAT.replace(first + second, second + first)


def test_elements_of_an_array_stay_an_array() -> None:
    first, second = json.loads(GEMINI_ARRAY)
    for plan, left in [("drop", [second]), ("repeat", [first, first, second]), ("swap", [second, first])]:
        assert json.loads(body({"damage": plan, "frame": 0}, GEMINI_ARRAY, "gemini")) == left
    erred = json.loads(
        body({"damage": "error", "after": 1, "error": "unavailable", "goes_on": True}, GEMINI_ARRAY, "gemini")
    )
    assert [list(each) for each in erred] == [
        ["candidates"],
        ["error"],
        [
            "candidates",
        ],
    ]
    ended = body({"damage": "error", "after": 1, "error": "unavailable"}, GEMINI_ARRAY, "gemini")
    assert ended.endswith(b'"status":"UNAVAILABLE"}}')


@pytest.mark.parametrize(
    ("how", "data"), [("cut", OLLAMA[:62] + b"\n"), ("garbage", b"<html>busy</html>\n"), ("word", b'"busy"\n')]
)
def test_a_frame_is_made_unreadable(how: str, data: bytes) -> None:
    assert body({"damage": "json", "frame": 0, "how": how}, OLLAMA, "ollama") == data + OLLAMA[64:]


def test_errors_are_in_the_vendors_form_and_end_the_stream_unless_they_do_not() -> None:
    error = {"damage": "error", "after": 2, "error": "event"}
    ended = body(error, bodies.RESPONSES, "openai-responses")
    assert ended[:216] == bodies.RESPONSES[:216]
    assert ended[216:].startswith(b'event: error\ndata: {"type":"error",') and ended.endswith(
        b'"sequence_number":2}\n\n'
    )
    went_on = body({**error, "goes_on": True}, bodies.RESPONSES, "openai-responses")
    assert went_on == ended + bodies.RESPONSES[216:]


def test_a_byte_is_changed_and_one_is_put_in() -> None:
    assert body({"damage": "flip", "at": 0, "bit": 0}) == b"e" + CHAT[1:]
    assert body({"damage": "utf8", "at": 151}) == CHAT[:151] + b"\xff" + CHAT[151:]


def test_the_reads_stay_as_long_as_they_were() -> None:
    stream = stream_of(CHAT, "openai-chat", 100, 240)
    chunks = variant_of(stream, {"damage": "utf8", "at": 50}).response.chunks
    assert [len(chunk.data) for chunk in chunks] == [100, 241]


@every_stream
def test_every_variant_can_be_made_again_from_its_plan(stream: Stream) -> None:
    variants = list(damage_variants(stream))
    again = [variant_of(stream, json.loads(json.dumps(variant.plan))) for variant in variants]
    assert [(each.words, each.response) for each in again] == [(each.words, each.response) for each in variants]
    assert all(each.kind == "damage" and each.demand is not None for each in variants)


def test_everything_is_done_at_every_place() -> None:
    found = Counter(variant.family for variant in damage_variants(stream_of(CHAT)))
    cuts = dict.fromkeys(("cut-clean", "cut-no-last-chunk", "cut-short-length", "cut-reset", "flipped-byte"), 340)
    frames = {"dropped-frame": 5, "repeated-frame": 5, "swapped-frames": 4, "broken-json": 12}
    errors = {"error-injected": 12, "error-and-on": 10, "broken-json-noticed": 6, "invalid-utf8": 2, "cut-stall": 4}
    assert found == {**cuts, **frames, **errors}


def test_lost_pieces_of_a_numbered_stream_are_counted_apart() -> None:
    found = Counter(variant.family for variant in damage_variants(STREAMS["responses"]))
    assert (found["dropped-frame"], found["dropped-frame-noticed"]) == (4, 2)


def test_only_what_vendors_never_promised_is_less_than_must() -> None:
    levels = {(variant.family, variant.level) for variant in damage_variants(STREAMS["responses"])}
    assert {family for family, level in levels if level != "must"} == {
        "dropped-frame-noticed",
        "broken-json-noticed",
        "error-and-on",
    }


def test_no_variant_is_the_stream_itself() -> None:
    whole = [v for v in damage_variants(stream_of(CHAT)) if v.response.body == CHAT and v.response.ending == "clean"]
    assert whole == []


@every_stream
def test_our_own_decoders_stand_every_damage(stream: Stream) -> None:
    subject = DecoderSubject()
    intact = subject.outcome(stream, stream.response)
    assert intact.ended == "completed"
    broken = [
        (variant.words, found)
        for variant in damage_variants(stream)
        if variant.demand and (found := variant.demand.broken_by(subject.outcome(stream, variant.response), intact))
    ]
    assert broken == []


def test_a_stream_in_a_content_coding_is_cut_in_its_coded_bytes() -> None:
    stream = packed()
    variants = list(damage_variants(stream))
    assert {variant.family for variant in variants} == {
        "cut-clean",
        "cut-no-last-chunk",
        "cut-short-length",
        "cut-reset",
    }
    subject = DecoderSubject()
    intact = subject.outcome(stream, stream.response)
    assert intact.transcript["text"] == "One, two."
    finished = bodies.outcome("One, two.")
    demands = [variant.demand for variant in variants if variant.family == "cut-clean" and variant.demand]
    assert demands[20].broken_by(finished, intact) != [] and demands[-1].broken_by(finished, intact) == []
    assert all(
        each.demand and not each.demand.broken_by(subject.outcome(stream, each.response), intact) for each in variants
    )


@pytest.mark.parametrize(("left_out", "demanded"), [(0, True), (60, False)])
def test_nothing_but_an_end_is_demanded_where_the_coded_form_says_less(left_out: int, demanded: bool) -> None:
    stream, coded = stream_of(CHAT), gzip.compress(CHAT, mtime=0)
    form = replace(stream.response, chunks=(Chunk(coded[: len(coded) - left_out]),))
    stream = replace(stream, response=replace(stream.response, codings=(("gzip", form),)))
    variant = variant_of(stream, {"damage": "cut", "at": 200, "ending": "clean"})
    got = bodies.breaches(variant, bodies.outcome("One, two."), bodies.outcome("One, two."))
    assert got == (["silent-truncation unnoticed"] if demanded else [])
    assert bodies.breaches(variant, bodies.outcome("", "hung"), bodies.outcome("One, two.")) == (["hang"])


@pytest.mark.parametrize(("retries", "kinds"), [(0, ["hang"]), (2, []), (None, [])])
def test_who_repeats_its_request_may_take_its_time(retries: int | None, kinds: list[str]) -> None:
    stream = stream_of(CHAT)
    options = stream.planned.scenario.options.model_copy(update={"max_retries": retries})
    scenario = stream.planned.scenario.model_copy(update={"options": options})
    stream = replace(stream, planned=replace(stream.planned, scenario=scenario))
    variant = variant_of(stream, {"damage": "cut", "at": 200, "ending": "clean"})
    assert bodies.breaches(variant, bodies.outcome("", "hung"), bodies.outcome("One, two.")) == kinds
    assert bodies.breaches(variant, bodies.outcome("", "truncated"), bodies.outcome("One, two.")) == ["loss"]


@pytest.mark.parametrize("data", [b"\x1f\x8bno gzip at all", CHAT])
def test_a_coding_that_cannot_be_unpacked_demands_no_ending(data: bytes) -> None:
    stream = stream_of(data)
    stream = replace(stream, response=replace(stream.response, headers=(("content-encoding", "br"),)))
    variant = variant_of(stream, {"damage": "cut", "at": 5, "ending": "clean"})
    assert bodies.breaches(variant, bodies.outcome("One, two."), bodies.outcome("One, two.")) == []


def test_a_body_without_frames_can_be_cut_and_changed() -> None:
    families = {variant.family for variant in damage_variants(stream_of(b"\0\0\0 nothing"))}
    assert families == {"cut-clean", "cut-no-last-chunk", "cut-short-length", "cut-reset", "flipped-byte"}


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"cuts": [3]},
        {"damage": "cut", "at": 341, "ending": "clean"},
        {"damage": "cut", "at": -1, "ending": "clean"},
        {"damage": "cut", "at": 3, "ending": "never"},
        {"damage": "drop", "frame": 5},
        {"damage": "swap", "frame": 4},
        {"damage": "flip", "at": 340, "bit": 0},
        {"damage": "flip", "at": 3, "bit": 8},
        {"damage": "json", "frame": 0, "how": "odd"},
        {"damage": "error", "after": 6, "error": "object"},
        {"damage": "error", "after": 0, "error": "nobody's"},
        {"damage": "utf8", "at": 340},
    ],
)
def test_a_plan_that_is_none_is_refused(plan: dict[str, Any]) -> None:
    with pytest.raises(BadPlan):
        variant_of(stream_of(CHAT), plan)


def test_only_cuts_are_made_in_a_content_coding() -> None:
    with pytest.raises(BadPlan, match="content coding"):
        variant_of(packed(), {"damage": "drop", "frame": 0})


@every_stream
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_plans_that_are_drawn_are_plans(stream: Stream, data: st.DataObject) -> None:
    variant = data.draw(damage_plans(stream))
    again = variant_of(stream, variant.plan)
    assert (again.response, again.words, again.level) == (variant.response, variant.words, variant.level)


def test_what_is_drawn_shrinks_to_a_clean_cut_at_the_earliest_place() -> None:
    def cut_behind_a_word(variant: Variant) -> bool:
        return b"One" in variant.response.body and b"[DONE]" not in variant.response.body

    found = find(
        damage_plans(stream_of(CHAT)),
        cut_behind_a_word,
        settings=settings(database=None, derandomize=True, max_examples=2000, phases=(Phase.generate, Phase.shrink)),
    )
    assert found.plan == {"damage": "cut", "at": 148, "ending": "clean"}


def test_simpler_plans_are_of_the_same_sort_at_earlier_places() -> None:
    stream = stream_of(CHAT)
    assert [dict(each.plan) for each in simpler(stream, {"damage": "cut", "at": 180, "ending": "reset"})] == [
        {"damage": "cut", "at": 180, "ending": "clean"},
        {"damage": "cut", "at": 0, "ending": "reset"},
        {"damage": "cut", "at": 96, "ending": "reset"},
        {"damage": "cut", "at": 178, "ending": "reset"},
    ]
    assert [dict(each.plan) for each in simpler(stream, {"damage": "drop", "frame": 2})] == [
        {"damage": "drop", "frame": 0},
        {"damage": "drop", "frame": 1},
    ]
    assert list(simpler(stream, {"damage": "cut", "at": 0, "ending": "clean"})) == []


def test_chunks_are_never_empty() -> None:
    variants = [each for stream in STREAMS.values() for each in damage_variants(stream)]
    assert [each.plan for each in variants if Chunk(b"") in each.response.chunks] == []
