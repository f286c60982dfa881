import base64
import random

import pytest

from harness.fuzz.altered import KEPT, alterations

BODY = b'data: {"text": "Oslo"}\n\ndata: {"text": " snow"}\n\ndata: [DONE]\n\n'


def said(intact: bytes, played: bytes) -> list[tuple[bytes, bytes]]:
    """What each alteration has, and what was there before."""
    return [(played[each.start : each.end], base64.b64decode(each.was_b64)) for each in alterations(intact, played)]


def test_a_stream_as_it_was_has_none() -> None:
    assert alterations(BODY, BODY) == []


@pytest.mark.parametrize(
    ("played", "found"),
    [
        (BODY.replace(b"Oslo", b"Bergen"), [(b"Bergen", b"Oslo")]),
        (b": ping\n\n" + BODY, [(b": ping\n\n", b"")]),
        (BODY.removesuffix(b"data: [DONE]\n\n"), [(b"", b"data: [DONE]\n\n")]),
        (BODY + b"data: {}", [(b"data: {}", b"")]),
        (BODY.replace(b"Oslo", b"Bergen").replace(b"DONE", b"OVER"), [(b"Bergen", b"Oslo"), (b"OVER", b"DONE")]),
        (b"", [(b"", BODY)]),
    ],
)
def test_what_was_put_in_and_what_was_taken_out_is_told(played: bytes, found: list[tuple[bytes, bytes]]) -> None:
    assert said(BODY, played) == found


def test_of_much_that_was_taken_out_the_beginning_is_kept_and_its_size() -> None:
    [found] = alterations(b"a" * 10_000, b"")
    assert (len(base64.b64decode(found.was_b64)), found.was_size) == (KEPT, 10_000)


def test_the_intact_stream_can_be_put_together_again() -> None:
    chance = random.Random(7)
    for _ in range(200):
        played = bytearray(BODY)
        for _ in range(chance.randrange(1, 5)):
            place = chance.randrange(len(played))
            played[place : place + chance.randrange(6)] = chance.randbytes(chance.randrange(6))
        back = bytearray(played)
        for each in reversed(alterations(BODY, bytes(played))):
            back[each.start : each.end] = base64.b64decode(each.was_b64)
        assert bytes(back) == BODY


def test_bodies_with_little_in_common_are_told_apart_in_time() -> None:
    chance = random.Random(1)
    found = alterations(chance.randbytes(200_000), chance.randbytes(200_000))
    assert len(found) == 1
