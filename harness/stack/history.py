"""History repair: a talk that a vendor would refuse becomes one that it accepts, and each step is a named loss."""

from __future__ import annotations

from collections.abc import Sequence

from harness.dialects.base import Loss
from harness.dialects.rules import RequestRules
from harness.request import Message


def repaired(messages: Sequence[Message], rules: RequestRules) -> tuple[list[Message], tuple[Loss, ...]]:
    """The talk that keeps to the rules, and what had to be done for it."""
    return list(messages), ()
