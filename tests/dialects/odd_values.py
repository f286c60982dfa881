"""Values of another type than they should have, and where in a JSON value to put them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

_VALUES = [None, True, 0, -1, 2.5, 10**30, "", "x", "\ud800", [], ["x"], [None], {}, {"x": 1}, [[]]]
ODD_VALUES = st.sampled_from(_VALUES).map(deepcopy)
"""New ones each time, so that nobody's changes are seen by anybody else."""


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key) within a JSON value."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places(value[key])]]
