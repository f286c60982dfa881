from __future__ import annotations

import math

import pytest

from harness.recording.speed import UnknownSpeed, paced, read_speed, speed_words
from harness.wire.response import Chunk, WireResponse

RESPONSE = WireResponse(200, (), (Chunk(b"a", 0.5), Chunk(b"b", 2.0)), "reset", before_head_s=1.0)


def pauses(response: WireResponse) -> list[float]:
    return [response.before_head_s, *(chunk.pause_s for chunk in response.chunks)]


@pytest.mark.parametrize(
    ("text", "speed"), [("recorded", 1.0), ("instant", math.inf), ("10", 10.0), ("0.5", 0.5), (" Instant ", math.inf)]
)
def test_a_speed_is_a_word_or_a_number(text: str, speed: float) -> None:
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "2x"])
def test_anything_else_is_refused_with_what_is_a_speed(text: str) -> None:
    with pytest.raises(UnknownSpeed, match="give `recorded`, `instant`, or how many times as fast"):
        read_speed(text)


@pytest.mark.parametrize(("speed", "words"), [(1.0, "recorded"), (math.inf, "instant"), (10.0, "10"), (0.5, "0.5")])
def test_a_speed_in_words_can_be_read_again(speed: float, words: str) -> None:
    assert speed_words(speed) == words
    assert read_speed(words) == speed


def test_all_pauses_shrink_and_nothing_else_changes() -> None:
    assert pauses(paced(RESPONSE, 2.0)) == [0.5, 0.25, 1.0]
    assert pauses(paced(RESPONSE, 0.5)) == [2.0, 1.0, 4.0]
    assert pauses(paced(RESPONSE, math.inf)) == [0.0, 0.0, 0.0]
    instant = paced(RESPONSE, math.inf)
    assert (instant.status, instant.body, instant.ending) == (200, b"ab", "reset")
    assert paced(RESPONSE, 1.0) is RESPONSE


def test_the_coded_forms_of_a_response_are_paced_too() -> None:
    coded = WireResponse(200, (), (Chunk(b"a", 4.0),), codings=(("gzip", RESPONSE),))
    assert pauses(paced(coded, 4.0).codings[0][1]) == [0.25, 0.125, 0.5]
