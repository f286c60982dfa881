"""The three kinds of changes, each with its variants one by one, its Hypothesis strategy, and its plans made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from harness.fuzz.stream import Stream
from harness.fuzz.variant import Kind, Variant

LARGE = 65_536
"""Bytes of a body up to which every place of it is tried; of larger ones, about so many places, spread evenly."""


class Listed(NamedTuple):
    """A variant that is not made yet: what it is counted with, or a part of that, and what it is made from."""

    family: str
    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the variants of one kind come from."""

    variants: Callable[[Stream], Iterator[Variant]]
    """The exhaustive ones, family by family, the simplest first."""
    plans: Callable[[Stream], SearchStrategy[Variant]]
    """Any variant; shrinks towards the simplest."""
    variant_of: Callable[[Stream, Mapping[str, Any]], Variant]
    """(stream, plan) -> the variant; raises ValueError for a plan that is none of that stream."""
    simpler: Callable[[Stream, Mapping[str, Any]], Iterator[Variant]] | None = None
    """What to try instead of a plan that fails, the simplest first; none after the simplest of all."""
    listed: Callable[[Stream], Iterator[Listed]] | None = None
    """All `variants` in their order, none of them made: where most are not wanted, that saves their making."""


_NAMES: Mapping[Kind, tuple[str, str]] = {
    "cuts": ("cuts", "cut"),
    "neutral": ("neutral", "neutral"),
    "damage": ("damage", "damage"),
}


def source_of(kind: Kind) -> Source:
    """The built-in source of that kind."""
    module_name, word = _NAMES[kind]
    module = import_module(f"{__package__}.{module_name}")
    return Source(
        variants=getattr(module, f"{word}_variants"),
        plans=getattr(module, f"{word}_plans"),
        variant_of=module.variant_of,
        simpler=getattr(module, "simpler", None),
        listed=getattr(module, f"{word}_list", None),
    )
