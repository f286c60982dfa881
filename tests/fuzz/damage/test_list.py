from __future__ import annotations

from collections import Counter

from harness.fuzz.damage import damage_list, damage_variants
from harness.fuzz.kinds import LARGE
from harness.fuzz.stream import body_stream

CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,%b}]}\n\n'
END = CHUNK % b'"delta":{},"finish_reason":"stop"' + b"data: [DONE]\n\n"


def body(text: bytes) -> bytes:
    return CHUNK % (b'"delta":{"content":"%b"},"finish_reason":null' % text) + END


def test_the_list_names_every_damage_before_it_is_done() -> None:
    stream = body_stream(body(b"Hi"), "openai-chat")
    listed, made = [*damage_list(stream)], [*damage_variants(stream)]
    assert [each.plan for each in listed] == [each.plan for each in made]
    of_one = {(one.family, other.family) for one, other in zip(listed, made, strict=True)}
    assert len(of_one) == len({family for family, _ in of_one}), "a listed family is a part of one family"


def test_of_large_bodies_the_places_of_cuts_and_flips_are_a_choice() -> None:
    counts = Counter(each.family for each in damage_list(body_stream(body(b"x" * 3 * LARGE), "openai-chat")))
    assert LARGE // 2 < counts["cut clean"] == counts["cut reset"] == counts["flip"] <= LARGE + 1
    assert counts["drop"] == 3
