"""Chooses some of many variants, spread over their families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar


class OfFamily(Protocol):
    """A variant, or the name of one that is not made yet."""

    @property
    def family(self) -> str:
        """What it is counted with."""


Each = TypeVar("Each", bound=OfFamily)


def chosen(variants: Callable[[], Iterator[Each]], at_most: int | None, number: int) -> Iterator[Each]:
    """At most so many of the variants, in their order: small families whole, of large ones every so-manieth.

    `variants` is called twice. `number` says where in a large family the choice begins.
    """
    if at_most is None:
        yield from variants()
        return
    sizes = Counter(variant.family for variant in variants())
    shares = _shares(sizes, at_most)
    passed: Counter[str] = Counter()
    for variant in variants():
        family, size, share = variant.family, sizes[variant.family], shares[variant.family]
        place = (passed[family] + number) % size
        passed[family] += 1
        if place * share // size != (place - 1) * share // size:
            yield variant


def _shares(sizes: Counter[str], at_most: int) -> dict[str, int]:
    """How many each family may have: what small ones leave goes to the others."""
    shares: dict[str, int] = {}
    left = at_most
    for waiting, (family, size) in zip(
        range(len(sizes), 0, -1), sorted(sizes.items(), key=lambda each: each[1]), strict=True
    ):
        shares[family] = min(size, left // waiting)
        left -= shares[family]
    return shares
