"""Function-call arguments that Gemini streams piece by piece: values at JSON paths, put together into one object.

A piece names its place (`$.stops[0].city`) and gives a string, a number, a boolean or null; a string may come in
several pieces.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from harness.dialects.decoding import as_str

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_DEPTH_LIMIT = 64
"""Steps that a path may have; deeper ones are refused, so that no stream makes us nest without bound."""


class PartialArgs:
    """The arguments of one call as they grow."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def put(self, piece: Any) -> bool:
        """Put one partialArgs element in its place; False where it cannot be read."""
        match piece:
            case {"jsonPath": str(path)} if steps := _steps(path):
                pass
            case _:
                return False
        holder = self._holder(steps)
        return holder is not None and _set(holder, steps[-1], piece)

    def _holder(self, steps: list[str | int]) -> Any:
        """The object or array that the last step lies in, made where it is missing; None where the path cannot be."""
        holder: Any = self.value
        for step, following in pairwise(steps):
            inner = _get(holder, step)
            if inner is None:
                inner = [] if type(following) is int else {}
                if not _place(holder, step, inner):
                    return None
            holder = inner
        return holder


def _steps(path: str) -> list[str | int]:
    """The path after `$` as names and positions; empty where it is no such path."""
    if path[:1] != "$":
        return []
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or len(steps) == _DEPTH_LIMIT:
            return []
        name, position, single, double = step.groups()
        steps.append(int(position) if position else name or single or double or "")
        at = step.end()
    return steps


def _get(holder: Any, step: str | int) -> Any:
    if type(holder) is dict and type(step) is str:
        return holder.get(step)
    if type(holder) is list and type(step) is int and step < len(holder):
        return holder[step]
    return None


def _place(holder: Any, step: str | int, value: Any) -> bool:
    """Put `value` at `step`; an array grows by one at most, so that a huge position costs nothing."""
    match holder, step:
        case dict(), str():
            holder[step] = value
        case list(), int() if step < len(holder):
            holder[step] = value
        case list(), int() if step == len(holder):
            holder.append(value)
        case _:
            return False
    return True


def _set(holder: Any, step: str | int, piece: dict[str, Any]) -> bool:
    if "stringValue" in piece:
        before = _get(holder, step)
        return _place(holder, step, as_str(before) + as_str(piece["stringValue"]))
    for kind in ("numberValue", "boolValue"):
        if kind in piece:
            return _place(holder, step, piece[kind])
    return "nullValue" in piece and _place(holder, step, None)
