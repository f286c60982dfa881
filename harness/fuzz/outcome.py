"""What a reader made of a stream, and how two outcomes differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from harness.catalogue.findings import FailureKind
from harness.events import ErrorInfo

Ended: TypeAlias = Literal["completed", "truncated", "cancelled", "error", "hung", "broken"]
"""How the reader's user learnt that it was over. `broken`: the harness or its adapter failed, and nothing is known."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be. `silent`: the reader's user had no way to notice."""

    kind: FailureKind
    what: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the reader's user got, as a transcript in its JSON form (DESIGN 4.2), and how it ended."""

    transcript: Mapping[str, Any]
    ended: Ended
    error: ErrorInfo | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More that must not change, by name: of a translation its frames and losses."""
    note: str = ""
    """Why it is `broken` or `hung`."""
