"""Each kind of change has variants, plans and a way to make a variant again from its plan."""

from __future__ import annotations

from itertools import islice

import pytest

from harness.fuzz.kinds import source_of
from harness.fuzz.variant import KINDS, Kind
from tests.fuzz.readers import STREAM


@pytest.mark.parametrize("kind", KINDS)
def test_a_variant_is_made_again_from_its_plan(kind: Kind) -> None:
    source = source_of(kind)
    for variant in islice(source.variants(STREAM), 40):
        again = source.variant_of(STREAM, variant.plan)
        assert variant.kind == kind
        assert (again.words, again.response) == (variant.words, variant.response)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_that_is_none_is_refused_as_a_value(kind: Kind) -> None:
    with pytest.raises((ValueError, LookupError)):
        source_of(kind).variant_of(STREAM, {"nonsense": 1})
