"""What is wrong with a stream: one rule that is broken, how much that matters, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Level: TypeAlias = Literal["must", "should", "may"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, by its slug; `offset` is that of the frame in the body, in bytes."""

    rule: str
    level: Level
    offset: int
    message: str
