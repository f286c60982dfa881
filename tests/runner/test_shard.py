"""A shard is the same part everywhere, and all parts together are the whole."""

from __future__ import annotations

import pytest

from harness.runner.shard import Shard, UnknownShard, read_shard

NAMES = [(f"system {number % 7}", f"stream/{number}") for number in range(400)]


def test_every_name_is_in_exactly_one_part() -> None:
    parts = [Shard(number, 5) for number in range(1, 6)]
    assert {sum(part.holds(*name) for part in parts) for name in NAMES} == {1}
    assert all(50 < sum(part.holds(*name) for name in NAMES) < 110 for part in parts)


def test_which_part_follows_from_the_names_alone() -> None:
    assert [Shard(1, 2).holds("a", "b"), Shard(1, 2).holds("ab", ""), Shard(1, 1).holds("a")] == [False, True, True]


def test_it_is_read_as_it_is_written() -> None:
    assert read_shard("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"


@pytest.mark.parametrize("text", ["", "2", "0/4", "5/4", "-1/4", "1/0", "2/4/6", "a/b", "1 / 2"])
def test_anything_else_is_no_shard(text: str) -> None:
    with pytest.raises(UnknownShard, match=r"is no shard: write which part it is and of how many, such as 2/4"):
        read_shard(text)
