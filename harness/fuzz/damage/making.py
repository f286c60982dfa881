"""All damage that can be done to one stream, as a list, as a Hypothesis strategy, and from a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from harness.fuzz.damage.account import Account
from harness.fuzz.damage.cutting import CUT_ENDINGS, PROMPT_ENDINGS, cut_variant
from harness.fuzz.damage.spec import damage_spec
from harness.fuzz.stream import Stream
from harness.fuzz.variant import Variant


class BadPlan(ValueError):
    """The plan is none for damage, or not for this stream."""


def damage_variants(stream: Stream) -> Iterator[Variant]:
    """Every damage once: the cheapest to notice first."""
    account = account_of(stream)
    for ending in PROMPT_ENDINGS:
        for at in range(len(stream.body)):
            yield cut_variant(account, stream.response, at, ending)


def damage_plans(stream: Stream) -> SearchStrategy[Variant]:
    """Any damage, shrinking towards the simplest kind and the earliest place."""
    return st.builds(
        lambda at, ending: variant_of(stream, {"damage": "cut", "at": at, "ending": ending}),
        st.integers(0, max(0, len(stream.body) - 1)),
        st.sampled_from(PROMPT_ENDINGS),
    )


def variant_of(stream: Stream, plan: Mapping[str, Any]) -> Variant:
    """The variant that a plan makes of the stream. Raises BadPlan."""
    match plan:
        case {"damage": "cut", "at": int(at), "ending": str(ending)} if ending in CUT_ENDINGS:
            if not 0 <= at <= len(stream.body):
                raise BadPlan(f"there is no byte {at}: the body has {len(stream.body)}")
            return cut_variant(account_of(stream), stream.response, at, ending)
    raise BadPlan(f"no damage: {dict(plan)!r}")


def account_of(stream: Stream) -> Account:
    """What the intact stream says, by the tables. Raises BadPlan for a dialect that they do not have."""
    return _account(stream.dialect, stream.body)


@lru_cache(maxsize=16)
def _account(dialect: str, body: bytes) -> Account:
    tables = damage_spec().dialects
    if dialect not in tables:
        raise BadPlan(f"specs/damage.yaml says nothing of {dialect!r}")
    return Account.of(tables[dialect], body)
