"""What the checks of all dialects share: the end of a stream of which there is nothing more to say, and odd values."""

from __future__ import annotations

import json
from typing import Any

from harness.lint.tables import Report


class Silent:
    """Checks that say nothing; dialects override what they check."""

    def __init__(self, report: Report) -> None:
        self.report = report

    def frame(self, kind: str, payload: dict[str, Any]) -> None:
        """Look at the next frame."""

    def done(self) -> None:
        """The end marker comes."""

    def end(self) -> None:
        """The body ends."""


def record(value: Any) -> dict[str, Any]:
    """An object as it is, anything else as an empty one."""
    return value if type(value) is dict else {}


def items(value: Any) -> list[Any]:
    """A list as it is, anything else as an empty one."""
    return value if type(value) is list else []


def words(value: Any) -> str:
    """A string as it is, anything else as an empty one."""
    return value if type(value) is str else ""


def is_object(text: str) -> bool:
    """Whether the text is JSON for an object."""
    try:
        return type(json.loads(text)) is dict
    except (ValueError, RecursionError):
        return False
