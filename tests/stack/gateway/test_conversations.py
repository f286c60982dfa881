"""The store of answers that may be continued keeps to its bounds, and forgets what was not used for longest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.request import Message, TextPart
from harness.stack.gateway.conversations import Conversations


def talk(text: str) -> list[Message]:
    return [Message("user", [TextPart(text)])]


def test_the_longest_unused_goes_first() -> None:
    kept = Conversations(2, 10_000)
    kept.put("a", talk("A"))
    kept.put("b", talk("B"))
    assert kept.get("a") == (Message("user", [TextPart("A")]),)
    kept.put("c", talk("C"))
    assert [kept.get(id) is not None for id in ("a", "b", "c")] == [True, False, True]


def test_what_is_larger_than_everything_is_not_kept_and_drives_nothing_out() -> None:
    kept = Conversations(10, 200)
    kept.put("a", talk("A"))
    kept.put("b", talk("B" * 500))
    assert (len(kept), kept.get("b")) == (1, None)


def test_the_same_id_is_kept_once() -> None:
    kept = Conversations(10, 10_000)
    kept.put("a", talk("first"))
    size = kept.size
    kept.put("a", talk("again"))
    assert (len(kept), kept.size, kept.get("a")) == (1, size, (Message("user", [TextPart("again")]),))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 300))), st.integers(0, 4), st.integers(0, 600))
def test_the_bounds_hold_whatever_is_kept(puts: list[tuple[str, int]], most: int, most_bytes: int) -> None:
    kept = Conversations(most, most_bytes)
    for id, length in puts:
        kept.put(id, talk("x" * length))
        assert len(kept) <= most and kept.size <= most_bytes
    assert (kept.size == 0) == (len(kept) == 0)
