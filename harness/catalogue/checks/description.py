"""An expectation as plain JSON, for reports."""

from __future__ import annotations

from typing import Any

from harness.catalogue.models import Expectation

_ALWAYS = ("ending", "text", "tool_calls")
"""Fields that are shown even where they have their defaults, since those are checked too."""


def describe_expectation(expectation: Expectation) -> dict[str, Any]:
    """What was expected: the fields that say something, as plain JSON values."""
    given = expectation.model_dump(mode="json", exclude_defaults=True)
    whole = expectation.model_dump(mode="json")
    return {name: given.get(name, whole[name]) for name in whole if name in given or name in _ALWAYS}
