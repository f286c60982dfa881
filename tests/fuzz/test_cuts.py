from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from harness.fuzz.cuts import BadPlan, cut, cut_list, cut_plans, cut_variants, random_cuts, simpler, variant_of
from harness.fuzz.kinds import LARGE
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant
from harness.wire.response import Chunk, WireResponse
from tests.fuzz.given import stream_of

BODY = 'data: {"a":"é"}\r\n\r\n'.encode()


def reads(variant: Variant | WireResponse) -> list[bytes]:
    response = variant.response if isinstance(variant, Variant) else variant
    return [chunk.data for chunk in response.chunks]


def coded() -> Stream:
    stream = stream_of(b"data: 1\n\n")
    packed = replace(stream.response, headers=(("content-encoding", "gzip"),), chunks=(Chunk(b"packed"),))
    return replace(stream, response=replace(stream.response, codings=(("gzip", packed),)))


def test_a_cut_is_the_end_of_a_read() -> None:
    response = stream_of(b"data: 1\n\n", "openai-chat", 4, 5).response
    assert reads(cut(response, [7, 2])) == [b"da", b"ta: 1", b"\n\n"]
    assert reads(cut(response, [])) == [b"data: 1\n\n"]
    assert reads(cut(response, [-1, 0, 9, 10, 3, 3])) == [b"dat", b"a: 1\n\n"]


def test_nothing_else_of_the_response_changes() -> None:
    response = replace(stream_of(BODY).response, ending="reset", chunk_extension="a=b", status=203)
    assert replace(cut(response, [3]), chunks=response.chunks) == response


def test_the_systematic_cuttings_are_complete_and_each_is_there_once() -> None:
    variants = [*cut_variants(stream_of(BODY))]
    cuttings = [tuple(reads(each)) for each in variants]
    assert all(b"".join(each) == BODY for each in cuttings)
    singles = {each[0] for each in cuttings if len(each) == 2}
    assert singles == {BODY[:at] for at in range(1, len(BODY))}
    sizes = {len(each[0]) for each in cuttings if len({len(read) for read in each[:-1]}) == 1}
    assert sizes == {*range(1, len(BODY))}
    assert [each.words for each in variants[:3]] == [
        "in one piece",
        "byte by byte",
        "cut before the end of a line, at all 1 places",
    ]
    assert max(Counter(str(each.plan) for each in variants).values()) == 1


def test_the_families_are_named_by_their_places() -> None:
    families = Counter(each.family for each in cut_variants(stream_of(BODY)))
    assert families == {
        **{"whole": 1, "bytes": 1, "sizes": 9},
        **{"line-end": 2, "delimiter": 2, "token": 5, "text": 3, "name": 3, "field": 7, "crlf": 3, "character": 2},
    }


def test_what_breaks_readers_most_often_comes_first_among_the_single_cuts() -> None:
    singles = [each.family for each in cut_variants(stream_of(BODY)) if len(each.plan.get("cuts", [])) == 1]
    assert [*dict.fromkeys(singles)] == ["character", "crlf", "field", "name", "text", "token", "delimiter", "line-end"]


@pytest.mark.parametrize(
    ("plan", "words", "family"),
    [
        ({"cuts": []}, "in one piece", "whole"),
        ({"cuts": [13]}, "cut after byte 13, inside é, before its second byte", "character"),
        (
            {"cuts": [4, 17]},
            "cut after byte 4, between 'data' and its colon, and after byte 17, between CR and LF",
            "plan",
        ),
        ({"cuts": [4, 5, 6, 7]}, "cut at 4 places, the first after byte 4, between 'data' and its colon", "plan"),
        ({"every": 1}, "byte by byte", "bytes"),
        ({"every": 7}, "cut every 7 bytes", "sizes"),
        ({"places": "crlf"}, "cut between CR and LF, at all 2 places", "crlf"),
    ],
)
def test_a_plan_says_in_words_where_it_cuts(plan: dict[str, Any], words: str, family: str) -> None:
    variant = variant_of(stream_of(BODY), plan)
    assert (variant.words, variant.family, variant.kind, variant.demand) == (words, family, "cuts", None)


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({"cuts": [0]}, "after byte 0: the body has 20 bytes"),
        ({"cuts": [20]}, "after byte 20: the body has 20 bytes"),
        ({"cuts": ["3"]}, "is no plan of cuts"),
        ({"cuts": 3}, "is no plan of cuts"),
        ({"every": 0}, "is no plan of cuts"),
        ({"every": 2, "cuts": [3]}, "is no plan of cuts"),
        ({"places": "bom"}, "is no plan of cuts"),
        ({}, "is no plan of cuts"),
        ({"cuts": [3], "coding": "br"}, "has no content coding 'br'"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadPlan, match=problem):
        variant_of(stream_of(BODY), plan)


def test_every_variant_is_made_again_from_its_plan() -> None:
    for stream in (stream_of(BODY), coded()):
        random = [*islice(random_cuts(stream, Random(1)), 50)]
        for variant in [*cut_variants(stream), *random]:
            assert variant_of(stream, variant.plan) == variant


def test_the_bytes_of_a_content_coding_are_cut_for_those_who_ask_for_it() -> None:
    stream = coded()
    variant = variant_of(stream, {"cuts": [4], "coding": "gzip"})
    assert reads(variant) == reads(stream.response)
    assert [(name, reads(each)) for name, each in variant.response.codings] == [("gzip", [b"pack", b"ed"])]
    words = "gzip-coded, cut after byte 4, inside the bytes of a content coding"
    assert (variant.family, variant.words) == ("coded", words)
    families = Counter(each.family for each in cut_variants(stream) if "coding" in each.plan)
    assert families == {"bytes": 1, "coded": 5, "sizes": 2}
    assert find(cut_plans(stream), lambda variant: "coding" in variant.plan).plan == {"cuts": [1], "coding": "gzip"}
    assert variant_of(stream, {"cuts": [4]}).response.codings == ()


def test_the_list_names_every_variant_before_it_is_made() -> None:
    for stream in (stream_of(BODY), coded(), stream_of(b""), stream_of(b"x")):
        listed = [(each.family, each.plan) for each in cut_list(stream)]
        assert listed == [(each.family, each.plan) for each in cut_variants(stream)]


def test_of_large_bodies_the_inside_of_strings_is_thinned_and_nothing_else() -> None:
    stream = stream_of(b'data: {"a":"%b"}\n\n' % (b"x" * 3 * LARGE))
    counts = Counter(each.family for each in cut_list(stream))
    assert LARGE // 2 < counts["text"] <= LARGE + 1
    assert counts["sizes"] <= LARGE // 2
    assert (counts["field"], counts["delimiter"], counts["name"]) == (7, 2, 3)


def test_a_simpler_plan_has_one_cut_at_a_simpler_place_or_an_earlier_one() -> None:
    body = 'data: {"a":"é"}\n\ndata: {"a":"é"}\n\n'.encode()
    found = [each.plan["cuts"] for each in simpler(stream_of(body), {"cuts": [31]})]
    assert found == [[18], [16], [17], [29], [30], [27], [24], [13]]
    assert [*simpler(stream_of(body), {"cuts": [18]})] == []


@pytest.mark.parametrize("body", [b"", b"x"])
def test_a_body_without_a_place_to_cut_is_left_whole(body: bytes) -> None:
    stream = stream_of(body)
    assert [each.words for each in cut_variants(stream)] == ["in one piece"]
    assert [*random_cuts(stream, Random(1))] == []
    assert find(cut_plans(stream), lambda _: True).plan == {"cuts": []}


@given(st.data())
def test_plans_cut_the_same_bytes(data: st.DataObject) -> None:
    variant = data.draw(cut_plans(stream_of(BODY)))
    assert b"".join(reads(variant)) == BODY
    assert 2 <= len(reads(variant)) == len(variant.plan["cuts"]) + 1


def smallest(stream: Stream, fails: Any) -> str:
    return find(cut_plans(stream), fails, settings=settings(max_examples=2000, derandomize=True, database=None)).words


def test_plans_shrink_to_the_fewest_cuts() -> None:
    body = "".join(f'data: {{"n":{number},"s":"gr\u00fcn"}}\n\n' for number in range(20)).encode()
    stream = stream_of(body)
    words = smallest(stream, lambda variant: any(read.endswith(b"\xc3") for read in reads(variant)))
    assert words == "cut after byte 21, inside \u00fc, before its second byte"


def test_plans_shrink_to_the_simplest_place() -> None:
    stream = stream_of(b'data: {"a":1}\n\ndata: {"b":2}\n\n')
    words = smallest(stream, lambda variant: len(reads(variant)) > 1)
    assert words == "cut after byte 15, between two frames"


def test_random_plans_are_the_same_for_a_seed_and_cut_few_and_many_places() -> None:
    stream = stream_of(BODY * 20)
    first, again, other = ([each.plan for each in islice(random_cuts(stream, Random(seed)), 200)] for seed in (1, 1, 2))
    assert first == again != other
    counts = {len(plan["cuts"]) for plan in first}
    assert 1 in counts
    assert max(counts) >= 40
