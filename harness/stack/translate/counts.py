"""Token counts, from one vendor's way of counting to another's.

Most count cached tokens among the input and reasoning among the output. Anthropic's input leaves the cached ones out,
Gemini's output the reasoning; a dialect's facts say so. Some servers do so in dialects that do not: a part that is
greater than its whole gives them away.
"""

from __future__ import annotations

import msgspec

from harness.dialects.base import Dialect
from harness.events import Usage


class Counts:
    """The counts of `source` as `target` counts; both must be cumulative."""

    def __init__(self, source: Dialect, target: Dialect) -> None:
        self._in = (_excludes_cache(source), _excludes_cache(target))
        self._out = (_excludes_reasoning(source), _excludes_reasoning(target))
        self.alike = self._in[0] == self._in[1] and self._out[0] == self._out[1]

    def converted(self, usage: Usage) -> Usage:
        """All counts so far, as the target counts."""
        cached = (usage.cache_read_tokens or 0) + (usage.cache_write_tokens or 0)
        return msgspec.structs.replace(
            usage,
            input_tokens=_converted(usage.input_tokens, cached, *self._in),
            output_tokens=_converted(usage.output_tokens, usage.reasoning_tokens or 0, *self._out),
        )


def _converted(whole: int | None, part: int, excluded: bool, exclude: bool) -> int | None:
    """`whole` with or without `part`, from how the source has it to how the target wants it."""
    if excluded == exclude:
        return whole
    if whole is None:
        return part if excluded and part else None  # nothing but the part was counted
    if exclude:
        return whole if part > whole else whole - part
    return whole + part


def _excludes_cache(dialect: Dialect) -> bool:
    return bool(dialect.facts.get("input_excludes_cache"))


def _excludes_reasoning(dialect: Dialect) -> bool:
    return bool(dialect.facts.get("output_excludes_reasoning"))
