"""What the detectors share: frames with their payloads, and a list of traits that keeps each one's first place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Note: TypeAlias = Callable[[str, int], None]
"""(trait, offset): the stream has this trait there, in bytes; the first place counts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame whose payload is a JSON object."""

    offset: int
    event: str | None
    payload: dict[str, Any]


def record(value: Any) -> dict[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if type(value) is dict else {}


def records(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing where it is none."""
    return [item for item in value if type(item) is dict] if type(value) is list else []


def words(value: Any) -> str:
    """The value where it is text, else an empty one."""
    return value if type(value) is str else ""


class Noted(dict[str, int]):
    """Traits by name, with the byte at which each was first seen."""

    def note(self, trait: str, offset: int) -> None:
        """Keeps the first place."""
        self.setdefault(trait, offset)
